import { expect, it } from 'vitest'
import { MOST_FIGURES } from '@lvsm/protocol'
import { perfdataOf } from './probes/perfdata.ts'

it.each<[string, unknown]>([
  ['OK', []],
  ['OK | time=0.012s', [{ label: 'time', value: 0.012, unit: 's' }]],
  [
    "OK | 'free space'=42%;@10:20;~:5;0;100",
    [{ label: 'free space', value: 42, unit: '%', warn: '@10:20', critical: '~:5', least: 0, most: 100 }],
  ],
  [
    "OK | 'it''s'=1c a=-2,5MB;;3",
    [
      { label: "it's", value: 1, unit: 'c' },
      { label: 'a', value: -2.5, unit: 'MB', critical: '3' },
    ],
  ],
  [
    'OK | a=1\nmore text\nand more | b=2\nc=3;',
    [
      { label: 'a', value: 1, unit: '' },
      { label: 'b', value: 2, unit: '' },
      { label: 'c', value: 3, unit: '' },
    ],
  ],
  ['OK | a=1e999 b=-1e999 c=1e5;;;1e999', [{ label: 'c', value: 100_000, unit: '' }]],
  ['OK | a=U b c=1', [{ label: 'c', value: 1, unit: '' }]],
])('%s', (output, figures) => expect(perfdataOf(output)).toEqual(figures))

it('of ten thousand figures there are as many as there is room for', () =>
  expect(perfdataOf(`OK | ${'a=1 '.repeat(10_000)}`)).toHaveLength(MOST_FIGURES))
