/** Over which links a candidate and a voter speak. */
import { type Instant, instant, quarantineMs, seededRandom } from '@lvsm/base'
import type { LeaseMessage, LeaseView } from '@lvsm/lease'
import { expect, test } from 'vitest'
import { createLeaseCore } from './core.ts'
import type { LeaseEffect, LeaseInput } from './events.ts'

const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const about = { group: 'web', digest: 'd', epoch: 1 }
const view: LeaseView = {
  cluster: 'lab',
  node: 'dir1',
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
  give({ kind: 'view', view })
  give({ kind: 'ready', group: 'web', ready: true, reason: '' })
  return {
    sent,
    hear(message: LeaseMessage, spread: 'one' | 'all' = 'one') {
      const from = { from: 'rs1', incarnation: 'rs1-start', to: 'dir1-start', link: 0, spread }
      give({ kind: 'datagram', envelope: { ...from, sequence: ++heard, message } })
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
