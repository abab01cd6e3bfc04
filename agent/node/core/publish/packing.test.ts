/** Whatever a node has to tell fits the messages between agents, and what has no room is not dropped without a word. */
import {
  type DestinationReport,
  type EventReport,
  LONGEST_MESSAGE,
  type MoreMessage,
  type Outcome,
  type StateMessage,
  type TablesMessage,
  decodeMessage,
} from '@lvsm/protocol'
import type { Trouble } from '@lvsm/base'
import { agreementDigests, checkConfig, type Config, SAMPLE } from '@lvsm/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, encodeAnswer, encodeState, encodeTables } from './packing.ts'

const GROUPS = 64
/** Longest names of the model, and letters of three bytes. */
const named = (at: number): string => `${'g'.repeat(29)}${String(at).padStart(3, '0')}`
const long = '…→’'.repeat(400)

const base: StateMessage = {
  kind: 'state',
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
    (_, at): EventReport => ({
      at: '2026-11-26T16:41:00.123Z',
      group: named(at),
      kind: 'released',
      number: 2 ** 52,
      reason: long,
    }),
  ),
}
const read = (texts: readonly string[]): readonly [StateMessage, ...MoreMessage[]] =>
  texts.map((text) => JSON.parse(text)) as unknown as readonly [StateMessage, ...MoreMessage[]]
const groupsOf = (texts: readonly string[]): string[] => read(texts).flatMap(({ ready }) => Object.keys(ready))
const eventsOf = (texts: readonly string[]): EventReport[] => read(texts).flatMap(({ events }) => events)

describe('a state', () => {
  it('of few groups is one message', () => {
    const small = { ...base, reason: 'x', ready: { web: '' }, troubles: [], events: base.events.slice(0, 3) }
    expect(encodeState(small)).toHaveLength(1)
  })

  it('at its largest goes in several messages that fit, with every group and every event', () => {
    const texts = encodeState(base)
    for (const text of texts) expect(bytesOf(text)).toBeLessThanOrEqual(LONGEST_MESSAGE)
    for (const text of texts) expect(decodeMessage(text).ok).toBe(true)
    expect(groupsOf(texts)).toEqual(Object.keys(base.ready))
    expect(eventsOf(texts).map(({ group }) => group)).toEqual(base.events.map(({ group }) => group))
    expect(read(texts)[0].pings).toEqual(base.pings)
    expect(eventsOf(texts).every(({ reason }) => reason.endsWith('…'))).toBe(true)
  })

  it('tells the worst troubles, and how many there are more', () => {
    const [{ troubles }] = read(encodeState(base))
    expect(troubles[0]).toMatchObject({ code: 'trouble-39', severity: 'critical' })
    expect(troubles.at(-1)).toMatchObject({
      code: 'more-troubles',
      severity: 'warning',
      message: `${40 - troubles.length + 1} more troubles of this kind or less`,
    })
    expect(read(encodeState({ ...base, troubles: base.troubles.slice(0, 1) }))[0].troubles).toHaveLength(1)
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
          const texts = encodeState({
            ...base,
            reason,
            ready,
            events: events.map((one) => ({ ...(base.events[0] as EventReport), ...one })),
            troubles: troubles.map((one) => ({ ...(base.troubles[0] as Trouble), ...one })),
          })
          expect(texts.every((text) => Buffer.byteLength(text) <= LONGEST_MESSAGE)).toBe(true)
          expect(texts.map(bytesOf)).toEqual(texts.map((text) => Buffer.byteLength(text)))
          expect(texts.every((text) => decodeMessage(text).ok)).toBe(true)
          expect(groupsOf(texts).sort()).toEqual(Object.keys(ready).sort())
          expect(eventsOf(texts)).toHaveLength(events.length)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('tables', () => {
  const dest = (at: number): DestinationReport => ({
    key: `255.255.255.255:${60_000 + at}`,
    weight: 65_535,
    healthy: false,
    active: 2 ** 31,
    inactive: 2 ** 31,
    reason: long,
  })
  it('go in as many messages as they need, each realserver once', () => {
    const tables = new Map(
      Array.from({ length: GROUPS }, (_, at) => [named(at), Array.from({ length: 10 }, (__, one) => dest(one))]),
    )
    const parts = [...tables].flatMap(([name, dests]) => dests.map((destination) => ({ name, destination })))
    const filled = encodeTables(parts)
    const texts = filled.map(({ text }) => text)
    expect(filled.reduce((sum, { parts: count }) => sum + count, 0)).toBe(parts.length)
    for (const text of texts) expect(bytesOf(text)).toBeLessThanOrEqual(LONGEST_MESSAGE)
    const told = texts.map((text) => JSON.parse(text) as TablesMessage)
    for (const [name, dests] of tables)
      expect(told.flatMap(({ services }) => services[name] ?? []).map(({ key }) => key)).toEqual(
        dests.map(({ key }) => key),
      )
    expect(encodeTables([])).toEqual([])
  })
})

describe('an answer', () => {
  const refused = (message: string): Outcome => ({
    ok: false,
    fault: 'conflict',
    refusals: [{ code: 'no-successor', message }],
  })
  it('goes as it is, or says that it was too long', () => {
    expect(decodeMessage(encodeAnswer('a', refused('short')))).toEqual({
      ok: true,
      message: { kind: 'answer', id: 'a', outcome: refused('short') },
    })
    const text = encodeAnswer('a', refused('"…'.repeat(4000)))
    expect(bytesOf(text)).toBeLessThanOrEqual(LONGEST_MESSAGE)
    expect(decodeMessage(text)).toMatchObject({
      message: { outcome: { ok: false, fault: 'conflict', refusals: [{ code: 'too-long' }] } },
    })
  })
})
