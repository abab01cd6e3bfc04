/** Troubles, programs, standby and lease numbers, as events. */
import { LISTENS_MS, type Trouble } from '@lvsm/base'
import { SAMPLE } from '@lvsm/model'
import { decodeKeptEvents, type HistoryEvent, type LeaseStatus } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

type Life = NonNullable<Parameters<typeof node>[5]>
const born = (life: Life = {}): TestNode => {
  const one = node('dir1', undefined, SAMPLE, true, undefined, life)
  one.feed({ kind: 'lease-up' })
  heard(one, statusOf('dir1', null, 0))
  return one
}
const heard = (one: TestNode, status: LeaseStatus): void => one.feed({ kind: 'lease-status', status })
const events = (one: TestNode, kind: string): readonly HistoryEvent[] =>
  one.core.events(one.now()).events.filter((event) => event.kind === kind)

describe('a trouble', () => {
  const disk = (figure: number): Trouble => ({
    code: 'no-state',
    severity: 'warning',
    message: `cannot write /var/lib/lvsm: ${figure} bytes left`,
  })
  const is = (one: TestNode, trouble: Trouble | null): void => one.feed({ kind: 'trouble', source: 'disk', trouble })

  test('has one event when it begins, and one when it is over, with how long it lasted', () => {
    const one = born()
    goesOn(one, 10_000)
    is(one, disk(5))
    goesOn(one, 60_000)
    is(one, null)
    goesOn(one, 10_000)
    expect(events(one, 'trouble')).toMatchObject([{ code: 'no-state', severity: 'warning', reason: disk(5).message }])
    const [over] = events(one, 'over')
    expect(over).toMatchObject({ code: 'no-state', reason: `over after 1 min: ${disk(5).message}` })
    expect(Math.abs((over?.lastedMs ?? 0) - 60_000)).toBeLessThan(3000)
    // It tells when it was gone, not when that was certain.
    expect(Math.abs((over?.ageMs ?? 0) - 10_000)).toBeLessThan(3000)
  })
  test('that only counts on, or is away for a moment, is the same', () => {
    const one = born()
    goesOn(one, 10_000)
    for (let figure = 0; figure < 10; figure++) {
      is(one, disk(figure))
      goesOn(one, 3000)
      is(one, null)
      goesOn(one, 2000)
    }
    expect([events(one, 'trouble').length, events(one, 'over').length]).toEqual([1, 0])
  })
  test('that a start alone makes is none', () => {
    const one = node('dir1', undefined, SAMPLE, true)
    one.run(1000)
    expect(one.core.status(one.now()).troubles.map(({ code }) => code)).toContain('no-lease-process')
    one.feed({ kind: 'lease-up' })
    goesOn(one, 20_000)
    expect(events(one, 'trouble')).toEqual([])
  })
  test('that lasts over a restart began once, and is over once', () => {
    const before = born({ boot: 'first' })
    goesOn(before, 10_000)
    is(before, disk(5))
    goesOn(before, 30_000)
    const kept = decodeKeptEvents(before.core.history(before.now()))
    const after = born({ boot: 'second', kept })
    is(after, disk(6))
    goesOn(after, 30_000)
    expect(events(after, 'trouble')).toHaveLength(1)
    is(after, null)
    goesOn(after, 10_000)
    expect(events(after, 'over')).toHaveLength(1)
    expect(Math.abs((events(after, 'over')[0]?.lastedMs ?? 0) - 60_000)).toBeLessThan(5000)
    // It ended while nobody looked.
    const gone = born({ boot: 'second', kept })
    goesOn(gone, 20_000)
    expect([events(gone, 'trouble').length, events(gone, 'over').length]).toEqual([1, 1])
  })
  const below = (healthy: number): Trouble => ({
    ...{ code: 'below-quorum', severity: 'warning', object: 'service http' },
    message: `service http is below its quorum: ${healthy} of 5 realservers ${healthy === 1 ? 'is' : 'are'} healthy`,
  })
  const silent = (who: string, link = 'one'): Trouble => ({
    ...{ code: 'link-silent', severity: 'warning', object: `link ${link}` },
    message: `over the heartbeat link ${link} nothing comes from ${who} to dir1, but over another one`,
  })
  test.each([
    ['of which the figure changes the grammar', [below(2), below(1), below(0)]],
    ['of more and more of them', [silent('rs1'), silent('rs1, rs2'), silent('anybody')]],
  ])('%s is the same one, since it began', (_, words) => {
    const one = born()
    goesOn(one, 10_000)
    for (const said of words) {
      is(one, said)
      goesOn(one, 20_000)
    }
    const { code } = words[0]!
    expect([events(one, 'trouble').length, events(one, 'over').length]).toEqual([1, 0])
    const [shown] = one.core.status(one.now()).troubles.filter((trouble) => trouble.code === code)
    expect(shown?.message).toBe(words.at(-1)?.message)
    is(one, null)
    goesOn(one, 10_000)
    // With the words that it had at last.
    expect(events(one, 'over').map(({ reason }) => reason)).toEqual([`over after 1 min: ${words.at(-1)?.message}`])
    const logged = one.take('log').filter(({ tags }) => tags?.code === code)
    expect(logged.map(({ tags }) => tags?.event)).toEqual(['trouble', 'over'])
  })
  test('of another object is another one', () => {
    const one = born()
    goesOn(one, 10_000)
    is(one, silent('rs1', 'one'))
    one.feed({ kind: 'trouble', source: 'other', trouble: silent('rs1', 'two') })
    goesOn(one, 10_000)
    expect(events(one, 'trouble')).toHaveLength(2)
  })
  /** Since when it lasts, in this life's milliseconds. */
  const began = (one: ReturnType<typeof born>, code: string): number => {
    const { since } = one.core.status(one.now()).troubles.find((found) => found.code === code) ?? {}
    return Number(/-?\d+(?=Z$)/.exec(since ?? '')?.[0])
  }
  test.each<[string, number]>([
    ['standby-unaware', 40_000],
    ['disagreement', 40_000],
    ['check-unknown', 30_000],
    ['below-quorum', 30_000],
    ['bond-degraded', 25_000],
    ['interface-errors', 40_000],
    ['memory-pressure', 40_000],
    ['accepts-nobody', 25_000],
  ])('%s takes its time to be found after a start: meanwhile it is not over', (code, ms) => {
    const lasting = { ...below(1), code }
    const before = born({ boot: 'first' })
    goesOn(before, 10_000)
    is(before, lasting)
    goesOn(before, 30_000)
    const kept = decodeKeptEvents(before.core.history(before.now()))
    const after = born({ boot: 'second', kept })
    goesOn(after, ms)
    expect(events(after, 'over')).toEqual([])
    is(after, lasting)
    goesOn(after, 10_000)
    expect(events(after, 'trouble')).toHaveLength(1)
    // As long ago as it was: the second life began where the first one spoke last.
    expect(Math.abs(began(after, code) + before.now() - began(before, code))).toBeLessThanOrEqual(1000)
    // It is over some time all the same.
    const gone = born({ boot: 'third', kept })
    goesOn(gone, 90_000)
    expect(events(gone, 'over')).toHaveLength(1)
  })
  const livesOn = (code: string, sinceMs: number) => {
    const before = born({ boot: 'first' })
    goesOn(before, 1000)
    const kept = decodeKeptEvents(before.core.history(before.now()))
    const { message, object } = below(1)
    return born({
      boot: 'second',
      kept: kept && { ...kept, lasting: [{ code, object: object ?? '', message, sinceMs }] },
    })
  }
  const overAfter = (one: TestNode, ms: number): number => {
    goesOn(one, ms)
    return events(one, 'over').length
  }
  test('of a carrier that comes and goes is known again after five minutes at the latest: it is not over before', () => {
    const one = livesOn('interface-flaps', 30_000)
    expect(overAfter(one, 300_000)).toBe(0)
    expect(overAfter(one, 60_000)).toBe(1)
  })
  test('that is told for a quarter of an hour after it was seen is over then, whoever was there in between', () => {
    const one = livesOn('memory-killed', 800_000)
    expect(overAfter(one, 85_000)).toBe(0)
    expect(overAfter(one, 40_000)).toBe(1)
    // It came again and again, nobody knows when last.
    const longer = livesOn('memory-killed', 3_600_000)
    expect(overAfter(longer, 120_000)).toBe(0)
  })
  test('of which an older agent did not keep what it is about is not said to be over', () => {
    const lasting = [{ code: 'below-quorum', message: below(2).message, sinceMs: 5000 }]
    const before = born({ boot: 'first' })
    goesOn(before, 10_000)
    const kept = decodeKeptEvents(before.core.history(before.now()))
    if (!kept) return expect.fail('nothing was kept')
    const after = born({ boot: 'second', kept: { ...kept, lasting } })
    goesOn(after, 90_000)
    expect(events(after, 'over')).toEqual([])
  })
  test('that comes and goes without end is told for a while, and no more', () => {
    const one = born()
    goesOn(one, 10_000)
    for (let times = 0; times < 40; times++) {
      is(one, disk(5))
      goesOn(one, 3000)
      is(one, null)
      goesOn(one, 9000)
    }
    const begun = events(one, 'trouble')
    expect(begun.length).toBeLessThan(20)
    expect(begun.some(({ reason }) => reason.endsWith('for a while it is not told again'))).toBe(true)
    expect(events(one, 'over').length).toBeLessThanOrEqual(begun.length)
  })
})

describe('a program', () => {
  const found = {
    kind: 'program',
    program: 'lvsm-lease',
    ageMs: 0,
    started: 'lvsm-lease started',
    ended: null,
    before: null,
  } as const
  const told = (one: TestNode): string[] =>
    [...events(one, 'started'), ...events(one, 'ended')].map(({ reason }) => reason)

  test('starts, and ends, once each, however often it is found so', () => {
    const one = born()
    for (let times = 0; times < 3; times++) one.feed({ ...found, life: '1.1' })
    for (let times = 0; times < 3; times++) one.feed({ ...found, life: '1.1', ended: 'it ended: exit code 75' })
    expect(told(one)).toEqual(['lvsm-lease started', 'it ended: exit code 75'])
  })
  test('that has run for long did not start now', () => {
    const one = born()
    one.feed({ ...found, life: '1.1', ageMs: 3_600_000 })
    expect(events(one, 'started')[0]?.ageMs).toBe(3_600_000)
  })
  test('that ended between two looks, and is there again, did both', () => {
    const one = born()
    one.feed({ ...found, life: '1.1' })
    one.feed({ ...found, life: '2.1', before: 'lvsm-lease ended: killed by SIGKILL' })
    one.feed({ ...found, life: '3.1' })
    expect(told(one)).toEqual([
      'lvsm-lease started',
      'lvsm-lease started',
      'lvsm-lease started',
      'lvsm-lease ended: killed by SIGKILL',
      'lvsm-lease ended, and nothing is known of how',
    ])
  })
  test('that ran on over a restart of the agent did not start again', () => {
    const before = born({ boot: 'first' })
    before.feed({ ...found, life: '1.1' })
    before.run(LISTENS_MS)
    const after = born({ boot: 'second', kept: decodeKeptEvents(before.core.history(before.now())) })
    after.feed({ ...found, life: '1.1' })
    expect(told(after)).toEqual(['lvsm-lease started'])
    after.feed({ ...found, life: '1.1', ended: 'it ended' })
    expect(told(after)).toHaveLength(2)
  })
})

test('standby is told where it begins and where it ends, with who wants it', () => {
  const one = born()
  heard(one, { ...statusOf('dir1', null, 0), standby: true })
  heard(one, { ...statusOf('dir1', null, 0), standby: true })
  heard(one, statusOf('dir1', null, 0))
  expect(events(one, 'standby').map(({ reason }) => reason)).toEqual([
    'dir1 is under maintenance',
    'dir1 is no longer under maintenance',
  ])
  const asked = born()
  asked.feed({ kind: 'command', id: '1', command: { verb: 'standby', on: true } })
  heard(asked, { ...statusOf('dir1', null, 0), standby: true })
  expect(events(asked, 'wanted').map(({ reason }) => reason)).toEqual(['the word of an operator at dir1: maintenance'])
  expect(events(asked, 'standby').map(({ reason }) => reason)).toEqual([
    'dir1 is under maintenance, by an operator at dir1',
  ])
})

describe('lease numbers', () => {
  const took = (one: TestNode, number: number): void =>
    one.feed({ kind: 'lease-event', event: { at: one.now(), group: 'web', kind: 'took', number, reason: '' } })
  const numbers = (one: TestNode): (readonly [number, string])[] =>
    events(one, 'renumbered').map(({ number, reason }) => [number, reason.split(':')[0] ?? ''])

  test('that grow by one need no word', () => {
    const one = born()
    heard(one, statusOf('dir1', 'dir2', 7))
    took(one, 8)
    heard(one, statusOf('dir1', 'dir1', 8))
    expect(numbers(one)).toEqual([])
  })
  test('that jump have one, with the lease that is taken', () => {
    const one = born()
    heard(one, statusOf('dir1', 'dir2', 7))
    took(one, 10)
    heard(one, statusOf('dir1', 'dir1', 10))
    expect(numbers(one)).toEqual([[10, 'lease 7 of web is followed by lease 10']])
  })
  test('of an owner that goes on under a higher one, too; a restart remembers which was the last', () => {
    const one = born({ boot: 'first' })
    took(one, 3)
    heard(one, statusOf('dir1', 'dir1', 3))
    heard(one, statusOf('dir1', 'dir1', 5))
    expect(numbers(one)[0]?.[0]).toBe(5)
    expect(events(one, 'renumbered')[0]?.reason).toMatch(/^lease 3 of web goes on as lease 5, and dir1 holds it/)
    one.run(LISTENS_MS)
    const after = born({ boot: 'second', kept: decodeKeptEvents(one.core.history(one.now())) })
    took(after, 9)
    expect(numbers(after).map(([number]) => number)).toEqual([5, 9])
  })
})
