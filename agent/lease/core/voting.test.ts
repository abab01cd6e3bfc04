/** A voter alone, asked by two directors. */
import { type Instant, instant, quarantineMs, seededRandom } from '@lvsm/base'
import { leadMs, type LeaseView } from '@lvsm/lease'
import { expect, test } from 'vitest'
import { createLeaseCore } from './core.ts'
import type { LeaseEffect } from './events.ts'

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

/** The voter, past its quarantine; `ask` and `wake` give what it answers, as `KIND to NODE`. */
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
      const effects = core.step({ kind: 'datagram', envelope: { ...envelope, message: whole } }, instant(at))
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
