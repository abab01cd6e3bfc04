/** At the most groups of a director, with the longest names and reasons, every datagram fits, and a heartbeat an Ethernet frame. */
import { MAX_DATAGRAM, open, sealer } from '@lvsm/protocol'
import { GROUPS_PER_DIRECTOR } from '@lvsm/model'
import { expect, test } from 'vitest'
import { keyring } from './adapters/network/keyring.ts'
import { Bench, ready, trio } from './core/fixture.ts'

const CLUSTER = 'c'.repeat(32)
const KEYS = keyring([{ id: 1, algorithm: 'sha256', secret: 'ab'.repeat(32) }])
/** Of a frame of 1,500 bytes, without the headers of IPv4 and UDP. */
const FRAME = 1472
const LONG = '…→’'.repeat(20_000)

const named = (at: number): string => `${'g'.repeat(29)}${String(at).padStart(3, '0')}`
const [web] = trio('dir1').groups
const groups = Array.from({ length: GROUPS_PER_DIRECTOR.most }, (_, at) => ({
  ...(web as NonNullable<typeof web>),
  name: named(at),
  digest: at.toString(16).padStart(16, '0'),
}))

/** Every datagram that it has sent, as bytes. */
function sealed(bench: Bench): { readonly kind: string; readonly piggybacked: boolean; readonly bytes: Uint8Array }[] {
  return bench.sent.map(({ sequence, spread, message, piggybacked }) => {
    const outgoing = { from: 'd'.repeat(32), incarnation: 'f'.repeat(32), sequence, spread, message, piggybacked }
    const bytes = sealer(outgoing, CLUSTER, 1, KEYS)('e'.repeat(32))
    return { kind: message.kind, piggybacked: piggybacked !== null, bytes }
  })
}

test('a director with the most groups: heartbeats, requests and answers', () => {
  const bench = new Bench({ view: { ...trio('dir1'), cluster: CLUSTER, groups } })
  bench.give({ kind: 'view', view: bench.view })
  for (const { name } of groups) bench.give(ready({ group: name, ready: false, reaches: 8, blind: 255, reason: LONG }))
  bench.runTo(5000)
  for (const { name } of groups) bench.give(ready({ group: name, reaches: 8, blind: 255, reason: LONG }))
  bench.runTo(8000)
  const sent = sealed(bench)
  expect(new Set(sent.map(({ kind }) => kind))).toContain('heartbeat')
  for (const { bytes } of sent) {
    expect(bytes.length).toBeLessThanOrEqual(FRAME)
    expect(open(bytes, CLUSTER, KEYS).ok).toBe(true)
  }
})

test('an answer to an offer, whatever the agent’s reason', () => {
  const bench = new Bench({ view: { ...trio('dir1'), cluster: CLUSTER, groups } })
  bench.give({ kind: 'view', view: bench.view })
  bench.runTo(5000)
  bench.give(ready({ group: named(0), ready: false, reason: LONG }))
  bench.sent.splice(0)
  bench.hear('dir2', { kind: 'offer', group: named(0), digest: groups[0]?.digest ?? '', epoch: 1, number: 2 ** 52 })
  const answers = sealed(bench).filter(({ kind }) => kind === 'answer')
  expect(answers).toHaveLength(1)
  for (const { bytes } of answers) {
    expect(bytes.length).toBeLessThanOrEqual(MAX_DATAGRAM)
    expect(open(bytes, CLUSTER, KEYS)).toMatchObject({ ok: true, datagram: { message: { willing: false } } })
  }
})
