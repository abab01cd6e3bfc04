import { describe, expect, test } from 'vitest'
import { failoverFigures, spread } from './figures.ts'
import type { Run } from './watch.ts'

const names = { cut: 'power cut', stop: 'graceful stop', switchover: 'planned switchover' }
const run = (system: Run['system'], fault: string, change: Partial<Run> = {}): Run => ({
  fault,
  system,
  owner: 'dir1',
  gapMs: 300,
  requestMs: 20,
  silenceMs: 0,
  twoOwnersMs: 0,
  unseen: null,
  requests: 100,
  failed: 0,
  errors: [],
  ...change,
})
const good = [
  run('lvsm', names.cut),
  run('keepalived', names.cut, { gapMs: 310 }),
  run('keepalived', names.stop, { gapMs: 70 }),
  run('lvsm', names.stop),
  run('lvsm', names.switchover, { gapMs: 30 }),
]
const missed = (runs: readonly Run[]): string[] =>
  failoverFigures(runs, names)
    .filter(({ met }) => met === false)
    .map(({ name }) => name)

test('median and worst of odd and even counts', () => {
  expect(spread([5, 1, 3])).toEqual({ median: 3, worst: 5, runs: 3 })
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, worst: 4, runs: 4 })
  expect(spread([])).toBeUndefined()
})

describe('demands', () => {
  test('are met by good runs', () => expect(missed(good)).toEqual([]))
  test.each<[string, Run]>([
    ['client outage: power cut', run('lvsm', names.cut, { gapMs: 900 })],
    ['two owners: graceful stop', run('lvsm', names.stop, { twoOwnersMs: 1 })],
    ['two owners: power cut', run('lvsm', names.cut, { unseen: 'the observer lost frames 3 times' })],
    ['switchover: failed requests', run('lvsm', names.switchover, { failed: 1, gapMs: 30 })],
    ['switchover: longest gap (peer: graceful stop)', run('lvsm', names.switchover, { gapMs: 500 })],
    [
      'switchover: longest request (peer: graceful stop)',
      run('lvsm', names.switchover, { requestMs: 1036, gapMs: 30 }),
    ],
  ])('%s is missed by one bad run', (name, bad) => expect(missed([...good, bad])).toContain(name))
  test('nothing measured is nothing met', () => expect(missed([])).toContain('client outage: power cut'))
})
