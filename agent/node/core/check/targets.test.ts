/** Services that name the same realserver with the same check ask once. */
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { dests, goesOn, node, statusOf } from '../fixture.ts'

/** The sample's service, with these beside it: each an address of its own, and what its check says otherwise. */
function director(...others: readonly string[]) {
  const at = SAMPLE.indexOf('  - name: http')
  const more = others.map((check, index) =>
    SAMPLE.slice(at)
      .replace('name: http', `name: other${index}`)
      .replace('address: 10.11.0.10\n', `address: 10.11.0.${20 + index}\n`)
      .replace('port: 80\n', `port: ${check.includes('icmp') ? 80 + index : 80}\n`)
      .replace(/check: \{[^}]*\}/, `check: ${check}`),
  )
  const vips = others.map((_, index) => `, 10.11.0.${20 + index}/24`)
  const text = SAMPLE.replace('vips: [10.11.0.10/24', `vips: [10.11.0.10/24${vips.join('')}`)
  const one = node('dir1', undefined, text + more.join(''))
  one.feed({ kind: 'lease-up' })
  const on = (ms: number): void => goesOn(one, ms, statusOf('dir1', 'dir1'))
  on(3000)
  const asked = (ms: number): number => {
    one.take('check')
    on(ms)
    return one.take('check').length
  }
  return Object.assign(one, { on, asked })
}
const SAME = '{ type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }'

it('the same question is asked once, and everybody is told', () => {
  const alone = director().asked(10_000)
  const one = director(SAME, SAME, SAME)
  const shared = one.asked(10_000)
  expect(Math.abs(shared - alone)).toBeLessThan(4)
  one.alive.delete('10.11.0.11')
  one.on(3000)
  const failed = one.core.checks(one.now()).checks.filter(({ healthy }) => healthy === false)
  expect(failed.map(({ service, server }) => [service, server])).toEqual(
    ['http', 'other0', 'other1', 'other2'].map((service) => [service, 'rs1']),
  )
  expect(one.core.events().events.filter(({ kind }) => kind === 'failed')).toHaveLength(4)
  expect(dests(one)['10.11.0.11'] ?? 0).toBe(0)
})

it('the host is asked once, whichever ports are served there', () => {
  const HOST = SAME.replace('tcp', 'icmp')
  const one = director(HOST, HOST)
  const asks = new Set(one.take('check').flatMap(({ probe, id }) => (probe === 'icmp' ? [id] : [])))
  one.on(2000)
  for (const { probe, id } of one.take('check')) if (probe === 'icmp') asks.add(id)
  // rs1, rs2 and rs3.
  expect(asks.size).toBe(3)
})

it('each judges by its own fall, and what is asked otherwise is asked for itself', () => {
  const one = director(SAME.replace('fall: 2', 'fall: 20'), SAME.replace('timeout: 300ms', 'timeout: 200ms'))
  expect(one.asked(10_000)).toBeGreaterThan(director().asked(10_000) * 1.8)
  one.alive.delete('10.11.0.11')
  one.on(3000)
  const states = one.core.checks(one.now()).checks.filter(({ server }) => server === 'rs1')
  expect(states.map(({ healthy }) => healthy)).toEqual([false, true, false])
})

it('a service that comes later begins with what is known', () => {
  const [one, later] = [director(), director(SAME)]
  one.silentChecks = true
  one.feed({ kind: 'config', config: later.config, secrets: new Map(), facts: NO_FACTS })
  const fresh = one.core.checks(one.now()).checks.filter(({ service }) => service === 'other0')
  expect(fresh.map(({ healthy, serving }) => [healthy, serving])).toEqual([
    [true, true],
    [true, true],
    [true, true],
  ])
})
