/** What is told of what happened, and that it outlives the process. */
import { instant, LISTENS_MS } from '@lvsm/base'
import { agreementDigests, SAMPLE } from '@lvsm/model'
import { decodeKeptEvents, decodeMessage, encodeMessage, type HistoryEvent, type LeaseEvent } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode, WALL_MS } from '../fixture.ts'

const DAY_MS = 86_400_000
type Life = NonNullable<Parameters<typeof node>[5]>
const born = (life: Life = {}, name = 'dir1'): TestNode => {
  const one = node(name, undefined, SAMPLE, true, (at) => new Date(WALL_MS + at).toISOString(), life)
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf(name, null, 0) })
  return one
}
const happens = (one: TestNode, kind: LeaseEvent['kind'], number: number, reason = `${kind} ${number}`): void =>
  one.feed({ kind: 'lease-event', event: { at: one.now(), group: 'web', kind, number, reason } })
const events = (one: TestNode): readonly HistoryEvent[] => one.core.events(one.now()).events
const kinds = (one: TestNode): string[] =>
  events(one).map(({ kind, number }) => (number > 0 ? `${kind} ${number}` : kind))
/** As it is on the disk now. */
const keptBy = (one: TestNode) => decodeKeptEvents(one.core.history(one.now()))
/** What it tells the other agents. */
const told = (one: TestNode) =>
  one.take('message').flatMap(({ text }) => {
    const read = decodeMessage(text)
    return read.ok && read.message.kind === 'state' ? [read.message] : []
  })

describe('after a restart', () => {
  const before = born({ boot: 'first', started: 'lvsm-agent starts' })
  goesOn(before, LISTENS_MS)
  happens(before, 'took', 7)
  goesOn(before, 60_000)
  happens(before, 'lost', 7)
  goesOn(before, 2000)

  test('what happened before is there, in its order and with its age, and the same event as before', () => {
    const kept = keptBy(before)
    const after = born({ boot: 'second', kept, started: 'lvsm-agent starts again' })
    expect(kinds(after)).toEqual(['started', 'took 7', 'lost 7', 'started'])
    const [, took, lost] = events(after)
    expect(took?.origin).toEqual({ life: 'first', serial: 2 })
    // It was down for no time: its clock began anew, and the wall clock with it.
    expect([took?.ageMs, lost?.ageMs]).toEqual([62_000, 2000])
    expect(events(before).map(({ origin, reason }) => [origin, reason])).toEqual(
      events(after)
        .slice(0, 3)
        .map(({ origin, reason }) => [origin, reason]),
    )
  })
  test('asks for what came after the last event that it heard, and has it once; the first one of all asks for nothing', () => {
    const first = born({ boot: 'first' })
    first.feed({ kind: 'lease-up', incarnation: 'aa', events: 5 })
    expect(first.take('told')).toEqual([])
    goesOn(first, LISTENS_MS)
    const happened = (one: TestNode, kind: LeaseEvent['kind'], number: number, serial: number, agoMs = 0): void =>
      one.feed({
        kind: 'lease-event',
        event: {
          ...{ at: one.now() - agoMs, group: 'web', kind, number, reason: `${kind} ${number}`, serial },
          ...(agoMs > 0 ? { again: true } : {}),
        },
      })
    happened(first, 'took', 7, 6)
    // Its own connection ended, and it stood still for more than a minute.
    first.feed({ kind: 'lease-down', reason: 'cut off' })
    first.feed({ kind: 'lease-up', incarnation: 'aa', events: 7 })
    expect(first.take('told')).toMatchObject([{ incarnation: 'aa', serial: 6 }])
    happened(first, 'lost', 7, 7, 90_000)
    expect(kinds(first)).toEqual(['took 7', 'lost 7'])
    expect(events(first)[1]?.ageMs).toBe(90_000)

    const second = born({ boot: 'second', kept: keptBy(first) })
    second.feed({ kind: 'lease-up', incarnation: 'aa', events: 9 })
    expect(second.take('told')).toMatchObject([{ incarnation: 'aa', serial: 7 }])
    // Another director held lease 8: that is no jump, and no order of today is answered by what is over.
    happened(second, 'took', 9, 8, 500)
    happened(second, 'refused', 9, 9, 400)
    expect(kinds(second)).toEqual(['took 7', 'lost 7', 'took 9', 'refused 9'])

    // The lease process started anew meanwhile: all that this one has told is new.
    const third = born({ boot: 'third', kept: keptBy(second) })
    third.feed({ kind: 'lease-up', incarnation: 'bb', events: 2 })
    expect(third.take('told')).toMatchObject([{ incarnation: 'aa', serial: 9 }])
    expect(keptBy(third)?.told).toEqual({ incarnation: 'bb', serial: 0 })
    // One of an older version tells nothing again.
    const fourth = born({ boot: 'fourth', kept: keptBy(second) })
    fourth.feed({ kind: 'lease-up' })
    expect(fourth.take('told')).toEqual([])
  })
  test('what is told again stands before the start that it happened before', () => {
    const after = born({ boot: 'second', started: 'again', kept: keptBy(before) })
    after.feed({
      kind: 'lease-event',
      event: { at: -500, group: 'web', kind: 'took', number: 9, reason: 'held', serial: 1, again: true },
    })
    goesOn(after, LISTENS_MS + 5000)
    const clocks = events(after).map(({ kind, clock }) => [kind, clock] as const)
    const order = clocks.toSorted(([, a], [, b]) => (a ?? 0) - (b ?? 0)).map(([kind]) => kind)
    expect(order.slice(-2)).toEqual(['took', 'started'])
  })
  test('the time that it was down counts, and a wall clock that was set back meanwhile puts nothing new before the old', () => {
    const kept = keptBy(before)
    const behind = kept && { ...kept, wallMs: WALL_MS - 3_600_000 }
    const later = born({ boot: 'second', kept: behind, started: 'again' })
    // It had lost its lease two seconds before it ended, and the second life begins at one second.
    expect(events(later).at(-2)?.ageMs).toBe(3_603_000)
    const ahead = kept && { ...kept, wallMs: kept.wallMs + DAY_MS }
    const back = born({ boot: 'second', kept: ahead, started: 'again' })
    goesOn(back, LISTENS_MS)
    expect(kinds(back)).toEqual(['started', 'took 7', 'lost 7', 'started'])
  })
  test('coordinators hear of it with where it was told first; other agents, who heard it then, do not hear it again', () => {
    const after = born({ boot: 'second', kept: keptBy(before), started: 'again', follows: true })
    goesOn(after, LISTENS_MS + 2000)
    const report = after.take('report').at(-1)?.report.events
    expect(report?.map(({ serial, origin, kind }) => [serial, origin?.serial, kind])).toEqual([
      [1, 1, 'started'],
      [2, 2, 'took'],
      [3, 3, 'lost'],
      [4, undefined, 'started'],
    ])
    const alone = born({ boot: 'second', kept: keptBy(before), started: 'again' })
    goesOn(alone, LISTENS_MS + 2000)
    expect(
      told(alone)
        .at(-1)
        ?.events.map(({ kind }) => kind),
    ).toEqual(['started'])
  })
})

describe('while it listens', () => {
  test('what happens has no place yet, and is told to nobody; then it has', () => {
    const one = born({ started: 'starts' })
    goesOn(one, LISTENS_MS - 1000)
    expect(told(one).every(({ events: none, clock }) => none.length === 0 && clock === undefined)).toBe(true)
    expect(kinds(one)).toEqual(['started'])
    goesOn(one, 4000)
    const last = told(one).at(-1)
    expect(last?.events.map(({ kind }) => kind)).toEqual(['started'])
    expect(last?.events[0]?.clock).toBeLessThanOrEqual(last?.clock ?? 0)
    // Another life would place it anew, and others know it here.
    const written = decodeKeptEvents(one.take('history').at(-1)?.text ?? '')
    expect(written?.events.map(({ clock }) => clock)).toEqual([last?.events[0]?.clock])
  })
  test('it takes the time of the first whom it hears: what it tells then is later, however its wall clock stands', () => {
    const [one, other] = [born({ started: 'starts' }), born({}, 'dir2')]
    goesOn(other, LISTENS_MS + 3000)
    // Before it was there to hear it.
    other.take('message')
    happens(other, 'lost', 3)
    goesOn(other, 1000)
    for (const { text } of other.take('message')) one.feed({ kind: 'message', from: 'dir2', text })
    happens(one, 'took', 4)
    expect(events(one).map(({ node: name, kind }) => `${name} ${kind}`)).toEqual([
      'dir2 lost',
      'dir1 started',
      'dir1 took',
    ])
  })
})

test('a wall clock that is set is marked, and orders nothing', () => {
  const one = born()
  goesOn(one, LISTENS_MS)
  happens(one, 'took', 1)
  one.wallAheadMs += DAY_MS
  goesOn(one, 1000)
  happens(one, 'lost', 1)
  one.wallAheadMs -= DAY_MS + 400
  goesOn(one, 1000)
  happens(one, 'took', 2)
  one.wallAheadMs += 400
  goesOn(one, 1000)
  expect(kinds(one)).toEqual(['took 1', 'clock', 'lost 1', 'clock', 'took 2'])
  const [, forward, , back] = events(one)
  expect([forward?.reason, back?.reason]).toEqual([
    expect.stringContaining('was set forward by 1 d'),
    expect.stringContaining('was set back by 1 d'),
  ])
})

describe('of others', () => {
  const heard = (one: TestNode, clock: number | undefined, said: object): void =>
    one.feed({
      kind: 'message',
      from: 'dir2',
      text: encodeMessage({
        ...{
          kind: 'state',
          revision: 1,
          agreement: agreementDigests(one.config),
          state: 'standby',
          reason: '',
          standby: false,
          ready: {},
        },
        ...{ pings: {}, troubles: [], ...(clock === undefined ? {} : { clock }) },
        events: [{ at: '2026-09-21T00:00:00.000Z', group: 'web', kind: 'lost', number: 3, reason: '', ...said }],
      }),
    })
  test('the same event is known again by where it was told first', () => {
    const one = born()
    goesOn(one, LISTENS_MS)
    for (const reason of ['once', 'and again']) heard(one, undefined, { reason, origin: { life: 'x', serial: 1 } })
    heard(one, undefined, { reason: 'another', origin: { life: 'y', serial: 1 } })
    expect(events(one).map(({ reason }) => reason)).toEqual(['once', 'another'])
  })
  test('none is later than it was heard; a time that no clock shows is counted', () => {
    const one = born()
    goesOn(one, LISTENS_MS)
    heard(one, 9e15, { clock: 9e15, origin: { life: 'x', serial: 1 } })
    happens(one, 'took', 4)
    expect(kinds(one)).toEqual(['lost 3', 'took 4'])
    expect(one.core.status(one.now()).counters['drop-message-clock']).toBe(1)
  })
  test('who starts anew hears of the last minutes again', () => {
    const one = born()
    goesOn(one, LISTENS_MS)
    happens(one, 'took', 4)
    goesOn(one, 30_000)
    expect(told(one).at(-1)?.events).toEqual([])
    heard(one, undefined, { kind: 'note' })
    goesOn(one, 3000)
    expect(
      told(one)
        .at(-1)
        ?.events.map(({ kind }) => kind),
    ).toEqual(['took'])
  })
})

test('a cursor brings what came since; one of another life, or none, brings all', () => {
  const one = born()
  goesOn(one, LISTENS_MS)
  happens(one, 'took', 4)
  const { cursor = '' } = one.core.events()
  happens(one, 'lost', 4)
  const since = (after: string): string[] => one.core.events(one.now(), after).events.map(({ kind }) => kind)
  expect(since(cursor)).toEqual(['lost'])
  for (const other of ['', 'other.1', `${cursor}x`, 'dir1.']) expect(since(other)).toEqual(['took', 'lost'])
  const next = one.core.events().cursor ?? ''
  expect(since(next)).toEqual([])
})

test('the disk gets it soon, and seldom while much happens; an idle node writes nothing', () => {
  const one = born()
  goesOn(one, LISTENS_MS)
  one.take('history')
  const writes: number[] = []
  for (let at = 0; at < 300; at++) {
    if (at < 200) happens(one, 'note', 0, `event ${at}`)
    goesOn(one, 100)
    if (one.take('history').length > 0) writes.push(at)
  }
  expect(writes[0]).toBeLessThanOrEqual(11)
  expect(writes.length).toBeLessThanOrEqual(4)
  goesOn(one, 600_000)
  expect(one.take('history')).toEqual([])
  expect(keptBy(one)?.events).toHaveLength(200)
  expect(instant(one.now())).toBe(one.now())
})
