/** The lane of the words between reconcilers: what a reconciler gone wild cannot do, and what becomes of its words. */
import { MAX_RELAY } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { Bench, type Sent, trio } from './fixture.ts'

const OTHERS = ['dir2', 'rs1']
const VIEW = trio('dir1')
const begun = (): Bench => {
  const bench = new Bench({ view: VIEW })
  bench.begin()
  bench.live(500, OTHERS)
  bench.look()
  bench.sent.length = 0
  return bench
}
const say = (bench: Bench, word: number, to: string | null = null): void =>
  bench.give({ kind: 'relay', to, payload: Uint8Array.of(word >> 8, word) })
/** First bytes of the payload, and to whom. */
const relayed = (bench: Bench): { at: number; word: number; to: readonly string[]; spread: Sent['spread'] }[] =>
  bench.sent.flatMap(({ at, to, spread, message }) =>
    message.kind === 'relay'
      ? [{ at, word: ((message.payload[0] ?? 0) << 8) | (message.payload[1] ?? 0), to, spread }]
      : [],
  )
const dropped = (bench: Bench): number => bench.core.status(bench.now).counters['drop-to-lease-crowded'] ?? 0
/** Most datagrams of words in any second. */
function fullestSecond(bench: Bench): number {
  const words = relayed(bench)
  return Math.max(
    ...words.map(({ at }) =>
      words.filter((one) => one.at >= at && one.at < at + 1000).reduce((sum, { to }) => sum + to.length, 0),
    ),
  )
}

test('a few words leave at once, in their order', () => {
  const bench = begun()
  for (const word of [1, 2, 3]) say(bench, word)
  expect(relayed(bench)).toEqual([1, 2, 3].map((word) => ({ at: bench.now, word, to: OTHERS, spread: 'one' })))
})

describe('a reconciler that never stops talking', () => {
  test('is heard by others a hundred times a second; the newest of its words are kept, and the others counted', () => {
    const bench = begun()
    for (let word = 1; word <= 1000; word++) say(bench, word)
    expect(dropped(bench)).toBe(1000 - 256 - 10)
    bench.pass(10_000)
    expect(fullestSecond(bench)).toBeLessThanOrEqual(120)
    const words = relayed(bench).map(({ word }) => word)
    expect(words.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(words.at(-1)).toBe(1000)
    expect(words.length).toBeGreaterThanOrEqual(256 + 10)
  })

  test('takes nothing from the renewals: they leave when they would', () => {
    const renewals = (wild: boolean): number[] => {
      const bench = new Bench({ view: VIEW })
      bench.begin()
      bench.sent.length = 0
      const times: number[] = []
      bench.live(2000, OTHERS, () => {
        times.push(...bench.messages('request').map(({ at }) => at))
        if (wild) for (let word = 0; word < 5; word++) say(bench, word)
        bench.sent.splice(0, bench.sent.length, ...bench.sent.filter(({ message }) => message.kind !== 'relay'))
      })
      expect(bench.role()).toBe('owner')
      return times
    }
    const calm = renewals(false)
    expect(calm.length).toBeGreaterThan(9)
    expect(renewals(true)).toEqual(calm)
  })

  test('does not keep words from the nodes at the end of the list: what was begun is finished', () => {
    const nodes = Array.from({ length: 60 }, (_, index) => ({
      name: index === 0 ? 'dir1' : `rs${index}`,
      voter: index < 3,
      links: [],
    }))
    const bench = new Bench({ view: { ...VIEW, nodes } })
    bench.give({ kind: 'view', view: bench.view })
    for (let round = 0; round < 20; round++) {
      for (let word = 0; word < 280; word++) say(bench, 280 * round + word)
      bench.pass(100)
    }
    expect(new Set(relayed(bench).flatMap(({ to }) => to)).size).toBe(59)
  })

  test('has a bound in bytes too', () => {
    const bench = begun()
    for (let word = 0; word < 200; word++) bench.give({ kind: 'relay', to: null, payload: new Uint8Array(MAX_RELAY) })
    expect(dropped(bench)).toBe(200 - 10 - 128)
  })
})

test('a word to one node goes over all links, and before the words to all that wait', () => {
  const bench = begun()
  for (let word = 1; word <= 20; word++) say(bench, word)
  say(bench, 99, 'rs1')
  expect(relayed(bench)).toHaveLength(10)
  bench.pass(100)
  expect(relayed(bench)[10]).toMatchObject({ word: 99, to: ['rs1'], spread: 'all' })
})

test('where too many wait, words to all give way: they are repeated anyway', () => {
  const bench = begun()
  const [first, last] = [1001, 1005]
  for (let word = 1; word <= 300; word++) say(bench, word)
  for (let word = first; word <= last; word++) say(bench, word, 'rs1')
  bench.pass(10_000)
  const toOne = relayed(bench).filter(({ word }) => word >= first)
  expect(toOne.map(({ word }) => word)).toEqual([1001, 1002, 1003, 1004, 1005])
})

test.each([
  [1, 200],
  [2, 100],
  [30, 10],
])('a word to one node counts on each link: over %i links %i leave in two seconds', (count, words) => {
  const links = Array.from({ length: count }, (_, at) => ({ name: `l${at}`, address: `10.0.${at}.1`, port: 6940 }))
  const bench = new Bench({ view: { ...VIEW, nodes: VIEW.nodes.map((node) => ({ ...node, links })) } })
  bench.give({ kind: 'view', view: bench.view })
  for (let word = 0; word < 250; word++) say(bench, word, 'rs1')
  bench.sent.length = 0
  bench.pass(2000)
  expect(Math.abs(relayed(bench).length - words)).toBeLessThanOrEqual(1)
})

test('a word that is longer than any is counted, and goes nowhere', () => {
  const bench = begun()
  bench.give({ kind: 'relay', to: null, payload: new Uint8Array(MAX_RELAY + 1) })
  bench.give({ kind: 'relay', to: 'dir1', payload: new Uint8Array(MAX_RELAY + 1) })
  expect(relayed(bench)).toEqual([])
  expect(bench.look()).toEqual([])
  expect(bench.core.status(bench.now).counters['drop-to-lease-long']).toBe(2)
})
