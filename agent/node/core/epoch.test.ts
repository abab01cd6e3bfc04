/** A lease process that lost its epoch, or hears of a higher one: what its agent asks of the coordinators, and what it believes. */
import { NO_FACTS } from '@lvsm/changes'
import { expect, test } from 'vitest'
import { node, statusOf } from './fixture.ts'

const LOST = { ...statusOf('dir1', 'dir2'), epochLost: true }
/** It follows coordinators, and its lease process has said this. */
function agent(status: ReturnType<typeof statusOf>, followed = true) {
  const one = node('dir1')
  const config = { ...one.config, epoch: followed ? 3 : 1, followed }
  one.feed({ kind: 'config', config, secrets: new Map(), facts: NO_FACTS })
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status })
  one.run(1500)
  const views = one.take('view')
  expect(views.length).toBeGreaterThan(0)
  expect(views.every(({ view }) => view.confirmed === undefined)).toBe(true)
  return one
}

test('a lost epoch is asked for with each status, and told as confirmed when the newest revision is in use', () => {
  const one = agent(LOST)
  expect(one.take('confirm')).toEqual([{ kind: 'confirm', incarnation: LOST.incarnation }])
  one.feed({ kind: 'lease-status', status: LOST })
  expect(one.take('confirm')).toHaveLength(1)
  one.feed({ kind: 'confirmed', incarnation: LOST.incarnation, revision: 1 })
  one.run(1500)
  expect(one.take('view')).toMatchObject([{ view: { epoch: 3, followed: true, confirmed: true } }])
  one.feed({ kind: 'lease-status', status: LOST })
  expect(one.take('confirm')).toEqual([])
})
test.each([
  ['that was asked for an earlier start', { incarnation: 'cd'.repeat(16), revision: 1 }],
  ['whose revision is not in use', { incarnation: LOST.incarnation, revision: 2 }],
])('a proof %s is none', (_, proof) => {
  const one = agent(LOST)
  one.feed({ kind: 'confirmed', ...proof })
  one.run(1500)
  expect(one.take('view')).toEqual([])
})
test('a late proof for an earlier start takes nothing back of what was confirmed to this one', () => {
  const one = agent(LOST)
  one.take('confirm')
  one.feed({ kind: 'confirmed', incarnation: LOST.incarnation, revision: 1 })
  one.feed({ kind: 'confirmed', incarnation: 'cd'.repeat(16), revision: 1 })
  one.feed({ kind: 'lease-status', status: LOST })
  one.run(1500)
  expect(one.take('confirm')).toEqual([])
  expect(one.take('view')).toMatchObject([{ view: { confirmed: true } }])
})
test('what was confirmed to one start is not to the next', () => {
  const one = agent(LOST)
  one.feed({ kind: 'confirmed', incarnation: LOST.incarnation, revision: 1 })
  one.run(1500)
  one.take('view')
  one.feed({ kind: 'lease-down', reason: 'gone' })
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: { ...LOST, incarnation: 'cd'.repeat(16) } })
  one.run(1500)
  expect(one.take('view').map(({ view }) => view.confirmed)).toEqual([undefined])
})
test('a higher epoch that others act on is asked for at once', () => {
  expect(agent({ ...statusOf('dir1', 'dir2'), newerEpoch: 9 }).take('confirm')).toHaveLength(1)
  expect(agent(statusOf('dir1', 'dir2')).take('confirm')).toEqual([])
})
test('the epoch that it acts on is told to the coordinators, once each', () => {
  const one = agent({ ...statusOf('dir1', 'dir2'), epoch: 0 })
  expect(one.take('acts')).toEqual([])
  for (const epoch of [2, 2, 3, 0, 3])
    one.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2'), epoch } })
  expect(one.take('acts').map(({ epoch }) => epoch)).toEqual([2, 3, 3])
  const other = agent({ ...statusOf('dir1', 'dir2'), epoch: 1 }, false)
  expect(other.take('acts')).toEqual([])
})
test('where a file of this node’s own is read nobody is asked', () => {
  expect(agent({ ...LOST, newerEpoch: 9 }, false).take('confirm')).toEqual([])
})
