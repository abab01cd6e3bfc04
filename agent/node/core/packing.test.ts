/** Whatever a node has to tell fits the words between reconcilers, and what has no room is not dropped without a word. */
import type { Trouble } from '@lvsm/base'
import { agreementDigests, checkConfig, type Config, type HistoryEvent, SAMPLE } from '@lvsm/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, writeReply, writeState, writeTables } from './packing.ts'
import { type DestReport, LONGEST_WORD, type MoreWord, type StateWord, type TableWord } from './words.ts'

const GROUPS = 64
/** Longest names of the model, and letters of three bytes. */
const named = (at: number): string => `${'g'.repeat(29)}${String(at).padStart(3, '0')}`
const long = '…→’'.repeat(400)

const base: StateWord = {
  w: 'state',
  revision: 0xffffffff,
  agreement: agreementDigests(checkConfig(SAMPLE).config as Config),
  state: 'troubled',
  reason: long,
  standby: false,
  ready: Object.fromEntries(Array.from({ length: GROUPS }, (_, at) => [named(at), long])),
  pings: Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`255.255.255.${100 + at}`, false])),
  troubles: Array.from(
    { length: 40 },
    (_, at): Trouble => ({
      code: `trouble-${at}`,
      severity: at === 39 ? 'critical' : 'warning',
      message: long,
      hint: long,
    }),
  ),
  events: Array.from(
    { length: 3 * GROUPS },
    (_, at): HistoryEvent => ({
      at: '2026-11-26T16:41:00.123Z',
      node: named(0),
      group: named(at),
      kind: 'released',
      number: 2 ** 52,
      reason: long,
    }),
  ),
}
const read = (texts: readonly string[]): readonly [StateWord, ...MoreWord[]] =>
  texts.map((text) => JSON.parse(text)) as unknown as readonly [StateWord, ...MoreWord[]]
const groupsOf = (texts: readonly string[]): string[] => read(texts).flatMap(({ ready }) => Object.keys(ready))
const eventsOf = (texts: readonly string[]): HistoryEvent[] => read(texts).flatMap(({ events }) => events)

describe('a state', () => {
  it('of few groups is one word', () => {
    const small = { ...base, reason: 'x', ready: { web: '' }, troubles: [], events: base.events.slice(0, 3) }
    expect(writeState(small)).toHaveLength(1)
  })

  it('at its largest goes in several words that fit, with every group and every event', () => {
    const texts = writeState(base)
    for (const text of texts) expect(bytesOf(text)).toBeLessThanOrEqual(LONGEST_WORD)
    expect(groupsOf(texts)).toEqual(Object.keys(base.ready))
    expect(eventsOf(texts).map(({ group }) => group)).toEqual(base.events.map(({ group }) => group))
    expect(read(texts)[0].pings).toEqual(base.pings)
    expect(eventsOf(texts).every(({ reason }) => reason.endsWith('…'))).toBe(true)
  })

  it('tells the worst troubles, and how many there are more', () => {
    const [{ troubles }] = read(writeState(base))
    expect(troubles[0]).toMatchObject({ code: 'trouble-39', severity: 'critical' })
    expect(troubles.at(-1)).toMatchObject({
      code: 'more-troubles',
      severity: 'warning',
      message: `${40 - troubles.length + 1} more troubles of this kind or less`,
    })
    expect(read(writeState({ ...base, troubles: base.troubles.slice(0, 1) }))[0].troubles).toHaveLength(1)
  })

  it('fits whatever is in it', () => {
    const word = fc.string({ unit: 'grapheme', maxLength: 400 })
    const name = fc.string({ minLength: 1, maxLength: 32 })
    const event = fc.record({ reason: word, group: name })
    fc.assert(
      fc.property(
        fc.dictionary(name, word, { maxKeys: GROUPS }),
        fc.array(event, { maxLength: 40 }),
        fc.array(fc.record({ message: word, hint: word }), { maxLength: 20 }),
        word,
        (ready, events, troubles, reason) => {
          const texts = writeState({
            ...base,
            reason,
            ready,
            events: events.map((one) => ({ ...(base.events[0] as HistoryEvent), ...one })),
            troubles: troubles.map((one) => ({ ...(base.troubles[0] as Trouble), ...one })),
          })
          expect(texts.every((text) => Buffer.byteLength(text) <= LONGEST_WORD)).toBe(true)
          expect(texts.map(bytesOf)).toEqual(texts.map((text) => Buffer.byteLength(text)))
          expect(groupsOf(texts).sort()).toEqual(Object.keys(ready).sort())
          expect(eventsOf(texts)).toHaveLength(events.length)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('tables', () => {
  const dest = (at: number): DestReport => ({
    key: `255.255.255.255:${60_000 + at}`,
    weight: 65_535,
    healthy: false,
    active: 2 ** 31,
    inactive: 2 ** 31,
    reason: long,
  })
  it('go in as many words as they need, each realserver once', () => {
    const tables = new Map(
      Array.from({ length: GROUPS }, (_, at) => [named(at), Array.from({ length: 10 }, (__, one) => dest(one))]),
    )
    const texts = writeTables(tables)
    for (const text of texts) expect(bytesOf(text)).toBeLessThanOrEqual(LONGEST_WORD)
    const told = texts.map((text) => JSON.parse(text) as TableWord)
    for (const [name, dests] of tables)
      expect(told.flatMap(({ services }) => services[name] ?? []).map(({ key }) => key)).toEqual(
        dests.map(({ key }) => key),
      )
    expect(writeTables(new Map())).toEqual([])
  })
})

describe('an answer', () => {
  const refusal = (message: string) => ({ status: 409, body: { refusals: [{ code: 'no-successor', message }] } })
  it('goes as it is, or says that it was too long', () => {
    expect(JSON.parse(writeReply('a', refusal('short')))).toEqual({ w: 'reply', id: 'a', ...refusal('short') })
    const text = writeReply('a', refusal('"…'.repeat(4000)))
    expect(bytesOf(text)).toBeLessThanOrEqual(LONGEST_WORD)
    expect(JSON.parse(text)).toMatchObject({ status: 409, body: { refusals: [{ code: 'too-long' }] } })
  })
})
