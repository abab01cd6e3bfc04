import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NOUN_NAMES } from '@lvsm/protocol'
import { DURATION_KEYS, durationText, parseDuration, unitMeant } from './duration.ts'
import { keysOfNoun } from './keys.ts'

it.each([
  ['100ms', 100],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0.07h', 252_000],
  ['1.5d', 129_600_000],
  ['7d', 604_800_000],
  ['0s', 0],
])('%s is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

it.each(['', '5', '-1s', '1 s', '1H', '1w', '1h30m', '0.5ms', '1.0001s', '1e3s', '٣s', '1hour'])('%j is none', (text) =>
  expect(parseDuration(text)).toBeNull(),
)

it.each([
  [0, '0ms'],
  [1, '1ms'],
  [1500, '1500ms'],
  [90_000, '90s'],
  [3_600_000, '1h'],
  [5_400_000, '90m'],
  [172_800_000, '2d'],
])('%i ms is said as %s', (ms, text) => expect(durationText(ms)).toBe(text))

it('what is said is read as the same, whatever it is', () => {
  fc.assert(fc.property(fc.nat(999_999_999), (ms) => parseDuration(durationText(ms)) === ms))
  fc.assert(
    fc.property(fc.nat(9999), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (figure, unit) => {
      const ms = parseDuration(`${figure}${unit}`)
      return ms !== null && parseDuration(durationText(ms)) === ms
    }),
  )
})

it('units of elsewhere are understood enough to say the right one', () =>
  expect(['Sec', 'minutes', 'H', 'days', 'weeks', 'constructor'].map(unitMeant)).toEqual([
    's',
    'm',
    'h',
    'd',
    null,
    null,
  ]))

it('no key of the configuration that takes one is missing in the list', () => {
  const keys = NOUN_NAMES.flatMap((noun) => keysOfNoun(noun))
  const taking = [...new Set(keys.filter(({ kind }) => kind === 'duration').map(({ key }) => key))]
  expect([...DURATION_KEYS].sort()).toEqual(taking.sort())
})
