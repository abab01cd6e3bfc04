/** A service to which no client comes any more, though they came all the time before. */
import type { Five } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const ALL_THE_TIME = Array.from({ length: 33 }, () => 100)
/** Packets between two readings, ten seconds apart; null: it could not be read. */
function after(packets: readonly (number | null)[], owner = 'dir1'): TestNode {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  let sum = 0
  for (const more of [0, ...packets]) {
    do goesOn(one, 500, statusOf('dir1', owner, 7))
    while (one.take('totals').length === 0)
    sum += more ?? 0
    const totals: Five = [sum, sum, 0, sum * 60, 0]
    const reading = { node: totals, services: sum === 0 ? [] : [{ name: 'http', totals }], servers: [] }
    one.feed({ kind: 'totals', reading: more === null ? null : reading })
  }
  return one
}
const said = (one: TestNode) => one.core.status(one.now()).troubles.filter(({ code }) => code === 'service-quiet')

test('clients that came all the time, and do not for half a minute: worth knowing, with where to look', () => {
  expect(said(after([...ALL_THE_TIME, 0, 0]))).toEqual([])
  expect(said(after([...ALL_THE_TIME, 0, 0, 0]))).toMatchObject([
    {
      ...{ severity: 'info', object: 'service http' },
      message: 'no client of service http has sent anything to dir1 for 30 s, and before that they did all the time',
      hint: expect.stringContaining('ip neigh show 10.11.0.10 (is it the MAC of dir1?)'),
    },
  ])
})
test.each<[string, readonly (number | null)[]]>([
  ['one of them comes again', [...ALL_THE_TIME, 0, 0, 0, 1]],
  ['they came now and then', [...ALL_THE_TIME.map((one, at) => (at === 20 ? 0 : one)), 0, 0, 0]],
  ['they were few', [...ALL_THE_TIME.map(() => 10), 0, 0, 0]],
  ['nothing could be read', [...ALL_THE_TIME, null, null, null]],
  ['they have not come for half an hour', [...ALL_THE_TIME, ...Array.from({ length: 181 }, () => 0)]],
  ['there was no traffic yet', [0, 0, 0, 0]],
])('nothing is said where %s', (_, packets) => expect(said(after(packets))).toEqual([]))
test('and of a group that another node owns neither', () =>
  expect(said(after([...ALL_THE_TIME, 0, 0, 0], 'dir2'))).toEqual([]))
