/** One message at a time: what a follower takes, what it asks for, and when it leaves. */
import { createHash } from 'node:crypto'
import { canonicalText, diffDocuments, type Document, writtenOf } from '@lvsm/changes'
import type { FeedMessage } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { DOCUMENT, run } from '../../../packages/changes/src/fixture.ts'
import { ask, type Effect, type Follower, hear, kept, NOTHING_HELD } from './follower.ts'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const sumOf = (document: Document, revision: number): string => digest(canonicalText(writtenOf(document, revision)))
const weighed = (weight: number): Document =>
  run(DOCUMENT, { verb: 'set', noun: 'server', which: { service: 'http', server: 'rs1' }, values: { weight } })
    .document ?? DOCUMENT
/** Revision → its document. */
const AT = new Map([3, 4, 5].map((revision) => [revision, weighed(revision)]))
const at = (revision: number): Document => AT.get(revision) ?? DOCUMENT
const whole = (revision: number): FeedMessage => ({
  kind: 'whole',
  revision,
  file: JSON.parse(JSON.stringify(writtenOf(at(revision), revision))),
  sum: sumOf(at(revision), revision),
})
const change = (from: number, to: number, sum = sumOf(at(to), to)): FeedMessage => ({
  kind: 'change',
  from,
  to,
  change: diffDocuments(at(from), at(to)),
  sum,
})
const facts = (number: number): FeedMessage => ({ kind: 'facts', facts: { number, list: [], ends: [] } })

/** Everything is kept. */
function after(follower: Follower, ...messages: readonly FeedMessage[]): { follower: Follower; effects: Effect[] } {
  let [now, effects]: [Follower, Effect[]] = [follower, []]
  for (const message of messages) {
    const step = hear(now, message, digest)
    now = step.follower
    for (const effect of step.effects)
      if (effect.kind === 'keep' || effect.kind === 'keep-facts' || effect.kind === 'keep-coordinators')
        now = kept(now, effect)
    effects = [...effects, ...step.effects]
  }
  return { follower: now, effects }
}
const HAS_3 = after(NOTHING_HELD, whole(3)).follower
const follow = (revision: number, sum: string | null) => ({ kind: 'say', message: { kind: 'follow', revision, sum } })

test('heartbeat keys are taken when their ring is newer, and no older one', () => {
  const keys = (number: number): FeedMessage => ({ kind: 'keys', ring: { number, nodes: [] } })
  const has = kept(HAS_3, { kind: 'keep-keys', ring: { number: 5, nodes: [] } })
  expect(hear(has, keys(5), digest).effects).toEqual([])
  expect(hear(has, keys(4), digest).effects).toEqual([])
  expect(hear(has, keys(6), digest).effects).toEqual([{ kind: 'keep-keys', ring: { number: 6, nodes: [] } }])
  expect(hear(HAS_3, keys(1), digest).effects).toHaveLength(1)
})

test('it says what it has, and takes what fits on that', () => {
  expect(ask(NOTHING_HELD).effects).toEqual([follow(0, null)])
  expect(ask(HAS_3).effects).toEqual([follow(3, sumOf(at(3), 3))])
  const { follower, effects } = after(HAS_3, change(3, 5))
  expect(effects).toMatchObject([{ kind: 'keep', held: { revision: 5, sum: sumOf(at(5), 5) } }])
  expect(follower.held?.document).toEqual(at(5))
})
test('what is on no disk is not had', () => {
  const { follower } = hear(HAS_3, change(3, 4), digest)
  expect(follower.held).toBe(HAS_3.held)
})
test.each<[string, FeedMessage]>([
  ['an older difference', change(1, 3)],
  ['the same whole', whole(3)],
  ['older facts', { kind: 'facts', facts: { number: -1, list: [], ends: [] } }],
  ['no coordinators', { kind: 'coordinators', list: [] }],
])('%s changes nothing and asks for nothing', (_, message) => {
  const { follower, effects } = after(HAS_3, message)
  expect(effects.filter(({ kind }) => kind !== 'current')).toEqual([])
  expect(follower).toEqual(HAS_3)
})
test('after a gap it asks from where it is, once, however many come on top of the gap', () => {
  const { follower, effects } = after(HAS_3, change(4, 5), change(5, 6))
  expect(effects).toEqual([follow(3, sumOf(at(3), 3))])
  expect(after(follower, change(3, 5)).effects).toMatchObject([{ kind: 'keep', held: { revision: 5 } }])
})
test('a difference that makes another text is not taken: it asks for the whole, once', () => {
  const wrong = digest('another')
  const { follower, effects } = after(HAS_3, change(3, 4, wrong), change(3, 4, wrong), facts(0))
  expect(effects).toEqual([follow(3, null)])
  expect(after(follower, whole(4)).follower).toMatchObject({ held: { revision: 4 }, asked: 'nothing' })
})
test.each<[string, readonly { path: string[]; to?: unknown }[]]>([
  ['takes out what every document has', [{ path: ['nodes'] }]],
  ['puts in what none has', [{ path: ['nodes', 'rs1', '__proto__', 'x'], to: 1 }]],
  ['puts text for a mapping', [{ path: ['keys'], to: 'x' }]],
  ['puts nothing for a mapping', [{ path: ['groups'], to: null }]],
])('a difference that %s throws nothing', (_, differences) => {
  const message = { kind: 'change', from: 3, to: 4, change: differences, sum: digest('x') } as const
  expect(after(HAS_3, message).effects).toEqual([follow(3, null)])
})
test('a whole that is damaged twice is a trouble, and the coordinator is left', () => {
  const wrong = { ...whole(4), sum: digest('another') } as FeedMessage
  const { effects } = after(HAS_3, wrong, wrong)
  expect(effects).toMatchObject([
    follow(3, null),
    { kind: 'leave', trouble: { code: 'revision-damaged', message: expect.stringContaining('revision 3 stays') } },
  ])
})
test('an older whole is never taken; one of the same number and another text is', () => {
  const has5 = after(HAS_3, change(3, 5)).follower
  expect(after(has5, whole(4)).effects).toMatchObject([{ kind: 'leave', trouble: { code: 'coordinator-behind' } }])
  const other: FeedMessage = { kind: 'whole', revision: 3, file: writtenOf(at(4), 3) as never, sum: sumOf(at(4), 3) }
  const plain = JSON.parse(JSON.stringify(other)) as FeedMessage
  expect(after(HAS_3, plain).effects).toMatchObject([{ kind: 'keep', held: { revision: 3, sum: sumOf(at(4), 3) } }])
})
test('what says that it is another revision than it is, is not taken', () => {
  const file = JSON.parse(JSON.stringify(writtenOf(at(4), 9)))
  const { follower, effects } = after(
    HAS_3,
    { kind: 'whole', revision: 4, file, sum: digest(canonicalText(file)) },
    facts(0),
  )
  expect(effects).toMatchObject([
    { kind: 'current', trouble: { code: 'revision-refused', hint: expect.stringContaining('revision 9') } },
  ])
  expect(follower.held).toBe(HAS_3.held)
  expect(after(follower, change(3, 5), facts(0)).effects.at(-1)).toEqual({ kind: 'current', trouble: null })
})
test('a list of no coordinators is none: nobody could be followed after a restart', () => {
  const one = { id: 1, name: 'dir1', addresses: [{ host: '10.12.0.1', port: 7446 }], key: 'ab'.repeat(32) }
  const has = after(HAS_3, { kind: 'coordinators', list: [one] })
  expect(has.effects).toEqual([{ kind: 'keep-coordinators', list: [one] }])
  for (const list of [[], [{ ...one }]]) expect(after(has.follower, { kind: 'coordinators', list }).effects).toEqual([])
})
test('facts go forward only', () => {
  const one = after(HAS_3, facts(4))
  expect(one.effects).toMatchObject([{ kind: 'keep-facts', facts: { number: 4 } }, { kind: 'current' }])
  expect(after(one.follower, facts(3)).effects).toEqual([{ kind: 'current', trouble: null }])
  expect(after(one.follower, facts(4)).effects).toEqual([{ kind: 'current', trouble: null }])
  // Of coordinators that begin anew from a backup.
  const other = { number: 4, list: [], ends: [{ node: 'dir1', number: 4, at: 1 }] }
  expect(after(one.follower, { kind: 'facts', facts: other }).effects).toMatchObject([
    { kind: 'keep-facts', facts: other },
    { kind: 'current' },
  ])
})
test('whoever refuses says why, and is no longer asked', () => {
  const refusal = { code: 'no-leader', message: 'nobody leads', hint: 'wait' }
  expect(after(HAS_3, { kind: 'refused', refusal }).effects).toMatchObject([
    {
      kind: 'refused',
      trouble: { code: 'no-leader', message: expect.stringMatching(/nobody leads.*revision 3 stays/), hint: 'wait' },
    },
  ])
})
