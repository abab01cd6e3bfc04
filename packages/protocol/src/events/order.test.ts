import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ordered, type Placed } from './order.ts'

const SECOND = 1_000_000
const NOW = 1_790_000_000 * SECOND
const event = (node: string, serial: number, clock: number, of: Partial<Placed> = {}): Placed => ({
  node,
  group: 'web',
  kind: 'note',
  number: 0,
  clock: NOW + clock,
  origin: { life: 'a', serial },
  ...of,
})
const names = (events: readonly Placed[]): string[] =>
  events.map(({ node, kind, number, origin }) => `${node} ${number > 0 ? `${kind} ${number}` : origin?.serial}`)

test('by the causal clock; of one life as it counted, whatever its clock says', () => {
  const told = [event('b', 1, 20), event('a', 2, 5), event('a', 1, 30), event('c', 1, 10)]
  expect(names(ordered(told))).toEqual(['a 1', 'a 2', 'c 1', 'b 1'])
})

test('a lease is lost before the next one is taken, whatever the clocks say', () => {
  const lost = event('dir1', 7, SECOND, { kind: 'lost', number: 3 })
  const took = event('dir2', 1, 0, { kind: 'took', number: 4 })
  const before = event('dir1', 6, SECOND / 2)
  expect(names(ordered([took, event('dir2', 2, 1), lost, before]))).toEqual([
    'dir1 6',
    'dir1 lost 3',
    'dir2 took 4',
    'dir2 2',
  ])
})

test('a refusal names an old lease, other groups have numbers of their own, and a cluster that was set up anew begins at 1', () => {
  const told = [
    event('dir1', 1, 0, { kind: 'took', number: 500, ageMs: 100_000 }),
    event('dir2', 1, 1, { kind: 'refused', number: 7 }),
    event('dir2', 2, 2, { kind: 'took', number: 9, group: 'mail' }),
    event('dir2', 3, 61 * SECOND, { kind: 'took', number: 1, ageMs: 39_000 }),
  ]
  expect(ordered(told)).toEqual(told)
})

test('nodes that began together, with wall clocks an hour apart, have their leases in order: they are of one age', () => {
  const first = event('dir1', 1, 3600 * SECOND, { kind: 'took', number: 1, ageMs: 7000 })
  const next = event('dir2', 1, 0, { kind: 'took', number: 2, ageMs: 6000 })
  expect(names(ordered([next, first]))).toEqual(['dir1 took 1', 'dir2 took 2'])
})

test('of an older agent nothing is known but when it was heard', () => {
  const { origin: _, ...old } = event('old', 1, 5)
  expect(ordered([event('a', 1, 10), old, event('b', 1, 0)]).map(({ node }) => node)).toEqual(['b', 'old', 'a'])
})

/** What happened in its order; and what is told of it: in any order, with clocks that are out by up to so much. */
const happened = fc.array(
  fc.record({ node: fc.constantFrom('a', 'b', 'c'), isMove: fc.boolean(), error: fc.integer({ min: -20, max: 20 }) }),
  { maxLength: 60 },
)
test('causes come first in every history, whoever tells it in which order', () => {
  fc.assert(
    fc.property(happened, fc.infiniteStream(fc.nat()), (steps, chance) => {
      let lease = 0
      const serials = new Map<string, number>()
      const told = steps.map(({ node, isMove, error }, at) => {
        const serial = (serials.get(node) ?? 0) + 1
        serials.set(node, serial)
        const move = isMove ? { kind: 'took', number: ++lease } : {}
        return event(node, serial, at * SECOND + error * SECOND, move)
      })
      const [{ value: first = 0 }] = [chance.next()]
      const turned = told.toSorted((one, other) => ((one.clock * 31 + first) % 97) - ((other.clock * 31 + first) % 97))
      const found = ordered(turned)
      expect(found).toEqual(ordered(told))
      expect(found).toHaveLength(told.length)
      for (const name of ['a', 'b', 'c'])
        expect(found.filter(({ node }) => node === name)).toEqual(told.filter(({ node }) => node === name))
      expect(found.filter(({ number }) => number > 0).map(({ number }) => number)).toEqual(
        Array.from({ length: lease }, (_, at) => at + 1),
      )
    }),
  )
})

test('a ring of causes that somebody made up is cut: nothing is lost, and nothing waits for ever', () => {
  const told = [
    event('a', 2, 0, { kind: 'took', number: 1 }),
    event('a', 1, 1, { kind: 'took', number: 4 }),
    event('b', 2, 2, { kind: 'took', number: 2 }),
    event('b', 1, 3, { kind: 'took', number: 3 }),
  ]
  expect(ordered(told).toSorted((one, other) => one.clock - other.clock)).toEqual(told)
})

test('two thousand events that somebody made up to be hard are ordered at once', () => {
  const told = Array.from({ length: 2000 }, (_, at) => event('a', 2000 - at, at, { kind: 'took', number: at + 1 }))
  const began = performance.now()
  expect(ordered(told)).toHaveLength(2000)
  expect(performance.now() - began).toBeLessThan(1000)
})
