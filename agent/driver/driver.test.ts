import { instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { startDriver, TURN_MS } from './driver.ts'

type Input = { readonly kind: 'word' | 'answer'; readonly text: string }
type Effect = { readonly kind: 'say' | 'ask'; readonly text: string }

/** A core that says what it hears, and asks where it hears a question; each reading of the clock is later. */
function driven(longestInbox = 3) {
  const seen: string[] = []
  const dropped: string[] = []
  let [now, ring] = [0, (): void => undefined]
  let dueAt: number | null = null
  const driver = startDriver<Input, Effect>({
    clock: () => instant(++now),
    step(input, at) {
      if (input.kind === 'wake') return [{ kind: 'say', text: `awake at ${at}` }]
      if (input.text === 'throw') throw new Error('a bug')
      const said = { kind: 'say', text: `${input.text} at ${at}` } as const
      return input.text.endsWith('?')
        ? [{ kind: 'ask', text: input.text }, said, { kind: 'wake', at: instant(99) }]
        : [said]
    },
    carryOut(effect) {
      seen.push(`${effect.kind} ${effect.text}`)
      if (effect.text.startsWith('halt')) driver.halt()
      if (effect.kind === 'ask') driver.feed({ kind: 'answer', text: 'yes' })
      if (effect.text.startsWith('burst'))
        for (const text of ['1', '2', '3', '4', '5']) driver.feed({ kind: 'word', text })
      if (effect.text.startsWith('burst')) driver.feed({ kind: 'answer', text: 'kept' })
    },
    alarm(rings) {
      ring = rings
      return { set: (at) => (dueAt = at), stop: () => (dueAt = null) }
    },
    longestInbox,
    mayDrop: ({ kind }) => kind === 'word',
    dropped: ({ text }) => void dropped.push(text),
  })
  return { driver, seen, dropped, ring: () => ring(), dueAt: () => dueAt }
}

test('effects are carried out in their order, an answer after what waits, each with a new reading of the clock', () => {
  const { driver, seen } = driven()
  driver.feed({ kind: 'word', text: 'well?' })
  driver.feed({ kind: 'word', text: 'good' })
  expect(seen).toEqual(['ask well?', 'say well? at 1', 'say yes at 2', 'say good at 3'])
})

test('the alarm is set as the core wishes, and wakes it', () => {
  const { driver, seen, ring, dueAt } = driven()
  driver.feed({ kind: 'word', text: 'well?' })
  expect(dueAt()).toBe(99)
  ring()
  expect(seen.at(-1)).toBe('say awake at 3')
})

test('a full inbox drops what the core can do without, and nothing else', () => {
  const { driver, seen, dropped } = driven()
  driver.feed({ kind: 'word', text: 'burst' })
  expect(dropped).toEqual(['4', '5'])
  expect(seen.map((line) => line.split(' ')[1])).toEqual(['burst', '1', '2', '3', 'kept'])
})

test('an error of the core reaches who fed it, and what comes later is taken in', () => {
  const { driver, seen } = driven()
  expect(() => driver.feed({ kind: 'word', text: 'throw' })).toThrow('a bug')
  driver.feed({ kind: 'word', text: 'on' })
  expect(seen).toEqual(['say on at 2'])
})

test('stopped, it takes nothing more, and its alarm is off', () => {
  const { driver, seen, dueAt, ring } = driven()
  driver.feed({ kind: 'word', text: 'well?' })
  driver.stop()
  driver.feed({ kind: 'word', text: 'late' })
  ring()
  expect([seen.length, dueAt()]).toEqual([3, null])
})

test('halted in the middle of a step, it does not even what is left of that, nor what waits', () => {
  const { driver, seen, dueAt } = driven()
  driver.feed({ kind: 'word', text: 'halt?' })
  driver.feed({ kind: 'word', text: 'late' })
  expect([seen, dueAt()]).toEqual([['ask halt?'], null])
})

test('a core that asks again whenever it is answered lets in what waits outside, and what came in has its turn', () => {
  const seen: string[] = []
  const outside: (() => void)[] = []
  let now = 0
  const driver = startDriver<Input, Effect>({
    clock: () => instant(++now),
    step: (input) => (input.kind === 'answer' ? [{ kind: 'ask', text: 'again?' }] : [{ kind: 'say', text: 'a word' }]),
    carryOut(effect) {
      seen.push(effect.text)
      if (seen.length > 1000) throw new Error('a turn without end')
      if (effect.kind === 'ask') driver.feed({ kind: 'answer', text: 'yes' })
    },
    alarm: () => ({ set: () => undefined, stop: () => undefined }),
    later: (resume) => void outside.push(resume),
    longestInbox: 10,
    mayDrop: () => false,
    dropped: () => undefined,
  })
  driver.feed({ kind: 'answer', text: 'yes' })
  expect([seen.length, outside.length]).toEqual([TURN_MS + 1, 1])
  driver.feed({ kind: 'word', text: 'well' })
  expect(seen).toContain('a word')
  const asked = seen.length
  outside[0]?.()
  expect(seen.length).toBeGreaterThan(asked)
  driver.stop()
  const told = seen.length
  for (const resume of outside) resume()
  expect(seen).toHaveLength(told)
})
