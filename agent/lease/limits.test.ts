/** At the most groups of a director, with the longest names and reasons, every datagram fits, and a heartbeat an Ethernet frame. */
import { type Heartbeat, type LeaseLink, type LeaseMessage, MAX_DATAGRAM, open, sealer } from '@lvsm/protocol'
import { GROUPS_PER_DIRECTOR } from '@lvsm/model'
import { expect, test } from 'vitest'
import { keyring } from './adapters/network/keyring.ts'
import { Bench, ready, type Sent, trio, viewOf } from './core/fixture.ts'

const CLUSTER = 'c'.repeat(32)
const KEYS = keyring([{ id: 1, algorithm: 'sha256', secret: 'ab'.repeat(32) }])
/** Of a frame of 1,500 bytes, without the headers of IPv6 and UDP. */
const FRAME = 1452
const LONG = '…→’'.repeat(20_000)

const named = (at: number): string => `${'g'.repeat(29)}${String(at).padStart(3, '0')}`
const [web] = trio('dir1').groups
const groups = Array.from({ length: GROUPS_PER_DIRECTOR.most }, (_, at) => ({
  ...(web as NonNullable<typeof web>),
  name: named(at),
  digest: at.toString(16).padStart(16, '0'),
}))

const BEAT: Heartbeat = { kind: 'heartbeat', revision: 1, standby: false, voters: '0'.repeat(16), groups: [] }
const BUSY: LeaseMessage = {
  ...{ kind: 'busy', group: named(0), digest: '0'.repeat(16), epoch: 1, reason: 'unknown-list' },
  ...{ echo: { incarnation: '0'.repeat(32), sequence: 2 ** 40 }, leftMs: 1000, highWater: 2 ** 40 },
}

/** Every datagram that it has sent, as bytes. */
function sealed(bench: Bench): { readonly kind: string; readonly piggybacked: boolean; readonly bytes: Uint8Array }[] {
  return bench.sent.map((said) => ({
    kind: said.message.kind,
    piggybacked: said.piggybacked !== null,
    bytes: bytesOf(said),
  }))
}
function bytesOf({ sequence, spread, message, piggybacked }: Said): Uint8Array {
  const outgoing = { from: 'd'.repeat(32), incarnation: 'f'.repeat(32), sequence, spread, message, piggybacked }
  return sealer(outgoing, CLUSTER, 1, KEYS)('e'.repeat(32))
}
type Said = Pick<Sent, 'sequence' | 'spread' | 'message' | 'piggybacked'>

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

const FAULTS = ['', 'x'.repeat(500), LONG].flatMap((fault) => [1, 2, 8].map((links) => [fault, links] as const))
const linksOf = (count: number): LeaseLink[] =>
  Array.from({ length: count }, (_, at) => ({ address: '10.0.0.1', port: 6940, name: `l${at}` }))

test('a heartbeat that says why the agent is not there, and how much was sent, beside the longest message', () => {
  const names = Array.from({ length: 15 }, (_, at) => `dir${at + 1}`)
  for (const many of [groups, groups.slice(0, 8)])
    for (const [fault, links] of FAULTS) {
      const nodes = viewOf('dir1', names).nodes.map((node) => ({ ...node, links: linksOf(links) }))
      const bench = new Bench({ view: { ...viewOf('dir1', names), nodes, cluster: CLUSTER, groups: many } })
      bench.give({ kind: 'agent', fault })
      bench.give({ kind: 'view', view: bench.view })
      for (const { name } of many) bench.give(ready({ group: name, reaches: 8, blind: 255, reason: LONG }))
      for (let second = 0; second < 8; second++) {
        for (const [at, name] of names.slice(1).entries())
          bench.hear(name, BEAT, { incarnation: at.toString(16).repeat(32) })
        // News of many, and others that are not: a heartbeat has the most claims.
        if (second === 4)
          for (const { name } of many.slice(0, 24)) bench.give(ready({ group: name, reaches: 7, blind: 255 }))
        bench.pass(1000)
      }
      const beats = bench.sent.flatMap(({ message }) => (message.kind === 'heartbeat' ? [message] : []))
      expect(Math.max(...beats.map((beat) => beat.groups.length))).toBe(Math.min(16, many.length))
      const said = beats.flatMap(({ sent = [] }) => sent)
      if (links === 1) expect(Math.max(...beats.map(({ sent = [] }) => sent.length))).toBe(12)
      // What goes over each of several links needs room of its own.
      else if (fault === '' || many !== groups) expect(said.some(({ byLink }) => byLink?.length === links)).toBe(true)
      for (const beat of beats) {
        // Where there is no room for both, why the agent is not there is worth more.
        if (fault !== '' && beat.groups.length === 16) expect(beat.sent).toBeUndefined()
        expect(beat.agentless === undefined).toBe(fault === '')
        const piggybacked = { ...beat, epoch: 2 ** 31, nextEpoch: 2 ** 31, silentMs: 30_000 }
        const bytes = bytesOf({ sequence: 2 ** 40, spread: 'one', message: BUSY, piggybacked })
        expect(bytes.length).toBeLessThanOrEqual(FRAME)
        expect(open(bytes, CLUSTER, KEYS).ok).toBe(true)
      }
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
