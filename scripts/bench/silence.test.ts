import { expect, it } from 'vitest'
import { silenceIn } from './silence.ts'

const answer = (atMs: number, address: string): string =>
  `[${(1_700_000_000 + atMs / 1000).toFixed(5)}] ${address} : [0], 64 bytes, 0.431 ms (0.4 avg, 0% loss)`
const A = '10.11.4.1'
const B = '10.11.4.2'
const C = '10.11.4.3'
const around = [answer(0, A), answer(10, B), answer(20, C)]

it('the first and the last address that answer after a silence', () => {
  const text = [
    ...around,
    `[1700000000.12000] ${A} : [1], timed out (NaN avg, 50% loss)`,
    answer(320, B),
    answer(350, A),
    answer(420, B),
    answer(530, C),
  ].join('\n')
  const { firstMs, lastMs, missing } = silenceIn(text, 100) ?? { firstMs: 0, lastMs: 0, missing: -1 }
  expect([Math.round(firstMs), Math.round(lastMs), missing]).toEqual([300, 510, 0])
})
it('who does not answer again is counted', () => {
  expect(silenceIn([...around, answer(300, A)].join('\n'), 100)?.missing).toBe(2)
})
it.each([
  ['nobody answers', ''],
  ['nothing was struck', [...around, answer(40, A)].join('\n')],
])('no figure where %s', (_, text) => expect(silenceIn(text, 100)).toBeNull())
