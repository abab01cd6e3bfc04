/** One of three voters, alone with what the others say: a voter asked by two directors, a director that asks. */
import { type Instant, instant, quarantineMs, renewalMs, seededRandom } from '@lvsm/base'
import { leadMs, type LeaseMessage, type LeaseView } from '@lvsm/lease'
import { expect, test } from 'vitest'
import { createLeaseCore } from './core.ts'
import type { LeaseEffect, LeaseInput } from './events.ts'

const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const START = 1000
const about = { group: 'web', digest: 'd', epoch: 1 }
const view: LeaseView = {
  cluster: 'lab',
  node: 'rs1',
  epoch: 1,
  revision: 1,
  timing,
  nodes: ['dir1', 'dir2', 'rs1'].map((name) => ({ name, links: [], voter: true })),
  groups: [
    {
      name: 'web',
      digest: 'd',
      directors: ['dir1', 'dir2'],
      addresses: [{ address: '10.11.0.10', prefix: 24, ifindex: 0, kind: 'vip' }],
    },
  ],
  keys: [],
  signWith: 1,
}

/** The voter, past its quarantine; `from` and `wake` give what it answers, as `KIND to NODE`. */
function voter() {
  const core = createLeaseCore({
    node: 'rs1',
    incarnation: 'rs1-start',
    random: seededRandom(1),
    startedAt: instant(START),
    highWater: 0,
  })
  const said = (effects: readonly LeaseEffect[]): string[] =>
    effects.flatMap((effect) =>
      effect.kind === 'send' && effect.message.kind !== 'beat' ? [`${effect.message.kind} to ${effect.to.join()}`] : [],
    )
  const wakeAt = (effects: readonly LeaseEffect[]): Instant | undefined =>
    effects.find((effect) => effect.kind === 'wake')?.at
  core.step({ kind: 'view', view }, instant(START))
  let sequence = 0
  return {
    granted: START + quarantineMs(timing) + 1,
    from(node: string, message: { kind: 'request' | 'release' }, at: number) {
      const whole =
        message.kind === 'request'
          ? ({ kind: 'request', ...about, termMs: 350, number: node === 'dir1' ? 1 : 2 } as const)
          : ({ kind: 'release', ...about, upTo: sequence, successor: null } as const)
      const envelope = {
        from: node,
        incarnation: `${node}-start`,
        sequence: ++sequence,
        to: 'rs1-start',
        link: 0,
        spread: 'one' as const,
      }
      const effects = core.step(
        { kind: 'datagram', envelope: { ...envelope, message: whole, rider: null } },
        instant(at),
      )
      return { said: said(effects), wakeAt: wakeAt(effects) }
    },
    wake: (at: number) => said(core.step({ kind: 'wake' }, instant(at))),
  }
}
const request = { kind: 'request' } as const

test('a request shortly before the vote is free waits for it, and is granted at that moment', () => {
  const { granted, from, wake } = voter()
  expect(from('dir1', request, granted).said).toEqual(['ack to dir1'])
  const early = from('dir2', request, granted + 350 - leadMs(timing))
  expect(early.said).toEqual([])
  expect(early.wakeAt).toBeCloseTo(granted + 350, 0)
  expect(wake(granted + 349)).toEqual([])
  expect(wake(granted + 350.1)).toEqual(['ack to dir2'])
})

test('one that comes earlier is refused at once, and one whose holder renewed meanwhile when it is due', () => {
  const { granted, from, wake } = voter()
  from('dir1', request, granted)
  expect(from('dir2', request, granted + 300).said).toEqual(['busy to dir2'])
  expect(from('dir2', request, granted + 340).said).toEqual([])
  expect(from('dir1', request, granted + 345).said).toEqual(['ack to dir1'])
  expect(wake(granted + 350.1)).toEqual(['busy to dir2'])
})

test('a release frees who waits; one that gave up meanwhile gets nothing', () => {
  const first = voter()
  first.from('dir1', request, first.granted)
  first.from('dir2', request, first.granted + 340)
  expect(first.from('dir1', { kind: 'release' }, first.granted + 342).said).toEqual(['ack to dir2'])
  const second = voter()
  second.from('dir1', request, second.granted)
  second.from('dir2', request, second.granted + 340)
  second.from('dir2', { kind: 'release' }, second.granted + 342)
  expect(second.wake(second.granted + 360)).toEqual([])
})

/** dir1, whose kernel does everything at once; rs1 answers by `hear`, dir2 is silent. */
function candidate() {
  const core = createLeaseCore({
    node: 'dir1',
    incarnation: 'dir1-start',
    random: seededRandom(1),
    startedAt: instant(0),
    highWater: 0,
  })
  const sent: { message: LeaseMessage; sequence: number; spread: string }[] = []
  let [now, wakeAt, heard] = [instant(0), instant(0), 0]
  const carryOut = (effect: LeaseEffect): LeaseInput[] => {
    if (effect.kind === 'wake') wakeAt = effect.at
    if (effect.kind === 'send' && effect.message.kind !== 'beat' && effect.message.kind !== 'relay')
      sent.push({ message: effect.message, sequence: effect.sequence, spread: effect.spread })
    if (effect.kind === 'address') return [{ kind: 'addressed', group: 'web', op: effect.op, ok: true, error: '' }]
    if (effect.kind !== 'fence') return []
    const { group, op, parts, timeoutMs } = effect
    return [{ kind: 'fenced', group, op, parts, timeoutMs, done: now, ok: true, error: '' }]
  }
  const give = (input: LeaseInput): void => {
    const inbox = [input]
    for (let next = inbox.shift(); next; next = inbox.shift()) {
      for (const effect of core.step(next, now)) inbox.push(...carryOut(effect))
    }
  }
  give({ kind: 'view', view: { ...view, node: 'dir1' } })
  give({ kind: 'ready', group: 'web', ready: true, cutOff: false, reason: '' })
  return {
    sent,
    hear(message: LeaseMessage, spread: 'one' | 'all' = 'one', from = 'rs1') {
      const envelope = { from, incarnation: `${from}-start`, to: 'dir1-start', link: 0, spread, rider: null }
      give({ kind: 'datagram', envelope: { ...envelope, sequence: ++heard, message } })
    },
    /** Lets time go by; gives what was sent meanwhile. */
    pass(ms: number) {
      sent.splice(0)
      for (const end = now + ms; now < end; ) {
        now = Math.min(end, wakeAt > now ? wakeAt : now + 1) as Instant
        give({ kind: 'wake' })
      }
      return sent.map(({ message }) => message.kind)
    },
    /** Until the first message of that kind after now; gives it. */
    until(kind: LeaseMessage['kind']) {
      sent.splice(0)
      for (let round = 0; round < 200; round++) {
        now = wakeAt > now ? wakeAt : ((now + 1) as Instant)
        give({ kind: 'wake' })
        const found = sent.find(({ message }) => message.kind === kind)
        if (found) return found
      }
      throw new Error(`no ${kind}`)
    },
    now: () => now,
  }
}

test('a question goes over one link, and after a silence over all', () => {
  const dir1 = candidate()
  const poll = dir1.until('poll')
  expect(poll.spread).toBe('one')
  const echo = { incarnation: 'dir1-start', sequence: dir1.until('poll').sequence }
  dir1.sent.splice(0)
  dir1.hear({ kind: 'free', ...about, echo, highWater: 0 })
  const first = dir1.sent.find(({ message }) => message.kind === 'request') ?? dir1.until('request')
  expect(first.spread).toBe('one')
  expect(dir1.until('request').spread).toBe('all')
  expect(dir1.until('release').spread).toBe('all')
})

test('an answer goes as its question came', () => {
  const dir1 = candidate()
  while (dir1.now() <= quarantineMs(timing)) dir1.until('poll')
  for (const spread of ['one', 'all'] as const) {
    dir1.sent.splice(0)
    dir1.hear({ kind: 'poll', ...about }, spread)
    const answers = dir1.sent.filter(({ message }) => message.kind === 'free' || message.kind === 'busy')
    expect(answers.map((one) => one.spread)).toEqual([spread])
  }
})

test('a director that hears the holder renew asks nobody, whatever a voter told it before', () => {
  const dir1 = candidate()
  while (dir1.now() <= quarantineMs(timing)) dir1.until('poll')
  const echo = { incarnation: 'dir1-start', sequence: dir1.until('poll').sequence }
  dir1.hear({ kind: 'busy', ...about, echo, reason: 'held', leftMs: 50, highWater: 1 })
  const renewal = { kind: 'request', ...about, termMs: 350, number: 1 } as const
  for (let n = 0; n < 20; n++) {
    dir1.hear(renewal, 'one', 'dir2')
    expect(dir1.pass(renewalMs(timing))).toEqual([])
  }
  expect(dir1.pass(renewalMs(timing)), 'a renewal is missing').toContain('poll')
})
