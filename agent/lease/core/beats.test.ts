/** A voter among two directors and another realserver: when each of them hears its beats, and what takes one along. */
import { type Instant, instant, quarantineMs, renewalMs, seededRandom } from '@lvsm/base'
import type { GroupClaim } from '@lvsm/heartbeat'
import type { LeaseView } from '@lvsm/lease'
import { expect, test } from 'vitest'
import { createLeaseCore } from './core.ts'
import type { LeaseEffect, LeaseInput } from './events.ts'

const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const view: LeaseView = {
  cluster: 'lab',
  node: 'rs1',
  epoch: 1,
  revision: 1,
  timing,
  nodes: ['dir1', 'dir2', 'rs1', 'rs2'].map((name) => ({ name, links: [], voter: name !== 'rs2' })),
  groups: [{ name: 'web', digest: 'd', directors: ['dir1', 'dir2'], addresses: [] }],
  keys: [],
  signWith: 1,
}

interface Sent {
  readonly at: number
  readonly kind: string
  readonly rider: boolean
}

/** Past its quarantine. */
function node(name: string) {
  const core = createLeaseCore({
    node: name,
    incarnation: `${name}-start`,
    random: seededRandom(1),
    startedAt: instant(0),
    highWater: 0,
  })
  const sent: Record<string, Sent[]> = {}
  let [now, wakeAt, sequence, news] = [instant(0), instant(0), 0, 0]
  const give = (input: LeaseInput): void => {
    const answers: LeaseInput[] = []
    for (const effect of core.step(input, now)) answers.push(...carryOut(effect))
    for (const answer of answers) give(answer)
  }
  const carryOut = (effect: LeaseEffect): LeaseInput[] => {
    if (effect.kind === 'wake') wakeAt = effect.at
    else if (effect.kind === 'claimed') news += 1
    else if (effect.kind === 'send')
      for (const to of effect.to)
        (sent[to] ??= []).push({ at: now, kind: effect.message.kind, rider: effect.rider !== null })
    else if (effect.kind === 'address') return [{ kind: 'addressed', group: 'web', op: effect.op, ok: true, error: '' }]
    else if (effect.kind === 'fence') {
      const { group, op, parts, timeoutMs } = effect
      return [{ kind: 'fenced', group, op, parts, timeoutMs, done: now, ok: true, error: '' }]
    }
    return []
  }
  const runTo = (at: number): void => {
    while (wakeAt < at) {
      now = wakeAt > now ? wakeAt : now
      give({ kind: 'wake' })
    }
    now = at as Instant
  }
  give({ kind: 'view', view: { ...view, node: name } })
  runTo(quarantineMs(timing) + 1)
  return {
    give,
    runTo,
    now: () => now,
    /** How often it told its reconciler of a peer's new word since the last look. */
    news: () => [news, (news = 0)][0],
    /** What `to` was sent since the last look. */
    look: (to: string): Sent[] => (sent[to] ?? []).splice(0),
    owner: () => core.status(now).groups[0]?.owner,
    renews(from: string, claim?: GroupClaim): void {
      const message = { kind: 'request', group: 'web', digest: 'd', epoch: 1, termMs: 350, number: 1 } as const
      const rider = claim ? ({ kind: 'beat', revision: 1, standby: false, groups: [claim] } as const) : null
      const envelope = { from, incarnation: `${from}-start`, sequence: ++sequence, to: `${name}-start`, link: 0 }
      give({ kind: 'datagram', envelope: { ...envelope, spread: 'one', message, rider } })
    },
  }
}

test('an owner that renews gets every beat with the answer; the others get theirs four times in a deadtime', () => {
  const rs1 = node('rs1')
  const renewFor = (ms: number): void => {
    for (const end = rs1.now() + ms; rs1.now() < end; rs1.runTo(rs1.now() + renewalMs(timing))) rs1.renews('dir1')
  }
  renewFor(3 * renewalMs(timing))
  for (const name of ['dir1', 'dir2', 'rs2']) rs1.look(name)
  const began = rs1.now()
  renewFor(20 * renewalMs(timing))
  expect(rs1.look('dir1')).toEqual(
    Array.from({ length: 20 }, (_, index) => ({ at: began + renewalMs(timing) * index, kind: 'ack', rider: true })),
  )
  for (const name of ['dir2', 'rs2']) {
    const beats = rs1.look(name)
    expect(Math.abs(beats.length - (20 * renewalMs(timing)) / (timing.deadtimeMs / 4))).toBeLessThan(1)
    expect(beats.every(({ kind, rider }) => kind === 'beat' && !rider)).toBe(true)
  }
})

test('who has just had a beat gets an answer without one', () => {
  const rs1 = node('rs1')
  rs1.look('dir1')
  rs1.runTo(rs1.now() + 250)
  const beatAt = rs1.look('dir1').at(-1)?.at ?? 0
  rs1.runTo(beatAt + 249)
  rs1.renews('dir1')
  rs1.runTo(beatAt + 249 + 120)
  rs1.renews('dir1')
  rs1.runTo(beatAt + 249 + 130)
  rs1.renews('dir1')
  expect(rs1.look('dir1').map(({ rider }) => rider)).toEqual([true, false, true])
})

test('a relay takes none: it may fill a datagram alone', () => {
  const rs1 = node('rs1')
  rs1.runTo(rs1.now() + 250)
  rs1.runTo((rs1.look('rs2').at(-1)?.at ?? 0) + 240)
  rs1.give({ kind: 'relay', to: null, payload: new Uint8Array(8192) })
  expect(rs1.look('rs2').filter(({ kind }) => kind === 'relay')).toEqual([
    { at: rs1.now(), kind: 'relay', rider: false },
  ])
})

test('directors hear each other half a keepalive after a renewal would have gone, at the latest', () => {
  const dir1 = node('dir1')
  dir1.runTo(dir1.now() + 1000)
  const times = dir1
    .look('dir2')
    .filter(({ kind, rider }) => kind === 'beat' || rider)
    .map(({ at }) => at)
  const gaps = times.map((at, index) => at - (times[index - 1] ?? at))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(renewalMs(timing) + timing.keepaliveMs / 2)
})

test('a beat that rides along is heard, and so is what it came with', () => {
  const rs1 = node('rs1')
  expect(rs1.owner()).toBeNull()
  rs1.renews('dir1', { group: 'web', holds: true, ready: true, number: 7, leftMs: 300 })
  expect(rs1.owner()).toBe('dir1')
  expect(rs1.look('dir1').at(-1)?.kind).toBe('ack')
})

test('the reconciler hears of what is new in a beat, and of nothing else', () => {
  const rs1 = node('rs1')
  const claim = { group: 'web', holds: true, ready: true, number: 7, leftMs: 300 }
  const hear = (word: GroupClaim): number | undefined => {
    rs1.renews('dir1', word)
    return rs1.news()
  }
  expect([claim, { ...claim, leftMs: 200 }, claim].map(hear)).toEqual([1, 0, 0])
  expect(
    [
      { ...claim, number: 8 },
      { ...claim, holds: false, number: 0 },
    ].map(hear),
  ).toEqual([1, 1])
  expect(hear({ ...claim, holds: false, number: 0, ready: false })).toBe(1)
})
