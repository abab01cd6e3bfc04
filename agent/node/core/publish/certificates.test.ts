/** Certificates that end soon are told before they do, each once. */
import { SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { node, statusOf, WALL_MS } from '../fixture.ts'

const DAY_MS = 86_400_000
const SERVERS = { rs1: '10.11.0.11', rs2: '10.11.0.12', rs3: '10.12.0.13' } as const

/** By server: in how many days its certificate ends, and whether it answers. */
function told(days: Partial<Record<keyof typeof SERVERS, number>>, keys = '', ok = true, behindMs = 0): string[] {
  const check = `check: { type: https, host: web.example, interval: 500ms, timeout: 300ms, fall: 1${keys} }`
  const iso = (at: number): string => new Date(WALL_MS + at - behindMs).toISOString()
  const one = node('dir1', undefined, SAMPLE.replace(/check: \{[^}]*\}/, check), true, iso)
  one.silentChecks = true
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  one.run(2000)
  const asked = new Map(one.take('check').map(({ address, id }) => [address, id]))
  for (const [server, address] of Object.entries(SERVERS)) {
    const left = days[server as keyof typeof SERVERS]
    const found = left === undefined ? {} : { certificateUntilMs: Math.round(WALL_MS + left * DAY_MS) }
    one.feed({ kind: 'checked', id: asked.get(address) ?? '', ok, reason: 'as it is', found })
  }
  return one.core
    .status(one.now())
    .troubles.filter(({ code }) => code === 'certificate-expires')
    .map(({ severity, object, message }) => `${severity} ${object}: ${message}`)
}
const dayIn = (days: number): string => new Date(WALL_MS + days * DAY_MS).toISOString().slice(0, 10)

describe('a certificate', () => {
  it('that is good for longer than two weeks is no trouble, and neither is none', () => {
    expect(told({ rs1: 15, rs2: 300 })).toEqual([])
    expect(told({})).toEqual([])
  })
  it('that ends sooner is one, whoever shows it', () =>
    expect(told({ rs1: 13, rs3: 13, rs2: 90 })).toEqual([
      `warning service http: the certificate that rs1, rs3 show for http ends on ${dayIn(13)}`,
    ]))
  it('that ends at midnight has one day, whichever of two clocks was read first', () => {
    const days = Math.ceil(WALL_MS / DAY_MS + 5) - WALL_MS / DAY_MS
    const [before, after] = [1, 0].map((behindMs) => told({ rs1: days }, '', true, behindMs))
    expect(before).toEqual(after)
    expect(before).toHaveLength(1)
  })
  it('of each server is one of its own', () =>
    expect(told({ rs1: 13, rs2: 3 })).toEqual([
      `warning service http: the certificate that rs2 shows for http ends on ${dayIn(3)}`,
      `warning service http: the certificate that rs1 shows for http ends on ${dayIn(13)}`,
    ]))
  it('is told as early as the check says, or never', () => {
    expect(told({ rs1: 25 }, ', expiry-days: 30')).toHaveLength(1)
    expect(told({ rs1: 13 }, ', expiry-days: 7')).toEqual([])
    expect(told({ rs1: 1 }, ', expiry-days: 0')).toEqual([])
  })
  it('that is over is told by the check that fails; where nobody looks at it, here', () => {
    expect(told({ rs1: -1 }, '', false)).toEqual([])
    expect(told({ rs1: -1 }, ', verify: false')).toEqual([
      `warning service http: the certificate that rs1 shows for http ended on ${dayIn(-1)}`,
    ])
  })
})
