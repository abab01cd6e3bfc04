/** The lease process as a whole, and coordinators that change the voters: disk, sockets, and the way back that there is not. */
import { type LeaseView } from '@lvsm/protocol'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fakeTime, Host, READY, until, viewOf } from '../../test/kit/daemon-bench.ts'
import { openState } from './adapters/state.ts'

let one: Host
beforeEach(async () => {
  fakeTime()
  one = await new Host().setUp()
})
afterEach(async () => {
  await one.remove()
  vi.useRealTimers()
})
const epoch = (number: number): LeaseView => ({
  ...viewOf('dir1', ['dir1']),
  epoch: number,
  revision: number,
  followed: true,
})
const saved = () => openState(one.stateDir, () => undefined)
const ownerOf = async (view: LeaseView) => {
  const reconciler = await one.start().reconciler()
  reconciler.tell({ kind: 'view', view })
  await until(() => {
    // Before the disk has the view there is no group to be ready for: an agent says it again and again.
    reconciler.tell(READY)
    return reconciler.events.some(({ kind }) => kind === 'took')
  })
  return reconciler
}

test('an owner goes on under a higher epoch, which its disk has by then, and takes no lower one', async () => {
  const reconciler = await ownerOf(epoch(3))
  expect(saved()).toMatchObject({ state: { epoch: 3 }, view: epoch(3) })
  reconciler.tell({ kind: 'view', view: epoch(4) })
  await until(() => reconciler.status?.epoch === 4)
  expect(saved()).toMatchObject({ state: { epoch: 4 }, view: epoch(4) })
  reconciler.tell({ kind: 'view', view: { ...epoch(3), revision: 9, groups: [] } })
  await until(() => reconciler.status?.troubles.some(({ code }) => code === 'older-epoch') === true)
  expect(reconciler.status).toMatchObject({ epoch: 4, groups: [{ role: 'owner' }] })
  expect(reconciler.events.filter(({ kind }) => kind !== 'took' && kind !== 'note')).toEqual([])
  expect(saved().view).toEqual(epoch(4))
})

test('while the disk refuses, sockets and groups stay as they were', async () => {
  const reconciler = await ownerOf(epoch(3))
  await until(() => saved().view?.epoch === 3)
  mkdirSync(join(one.stateDir, 'lease.view.new'))
  const next = { ...epoch(4), cluster: 'else', groups: [] }
  reconciler.tell({ kind: 'view', view: next })
  await until(() => reconciler.status?.troubles.some(({ code }) => code === 'state-not-kept') === true)
  expect(reconciler.status).toMatchObject({ epoch: 3, groups: [{ role: 'owner' }] })
  expect(saved().state?.epoch).toBe(3)
  rmSync(join(one.stateDir, 'lease.view.new'), { recursive: true })
  await until(() => reconciler.status?.epoch === 4)
  expect(reconciler.status?.groups).toEqual([])
})

test('a start whose last view is older than its state waits for a newer one', async () => {
  const before = saved()
  await before.save({ limitMs: 0, highWater: 0, standby: false, epoch: 5 }, epoch(4))
  const reconciler = await one.start().reconciler()
  expect(one.said.at(-1)).toMatch(/waiting for its view/)
  await until(() => reconciler.status?.troubles.some(({ code }) => code === 'older-epoch') === true)
  expect(reconciler.status?.epoch).toBe(0)
  reconciler.tell({ kind: 'view', view: epoch(5) })
  await until(() => reconciler.status?.epoch === 5)
  expect(reconciler.status?.troubles).toEqual([])
})

test('a start whose last view is newer than its state brings it to the disk, and acts on it', async () => {
  await saved().save({ limitMs: 0, highWater: 0, standby: false, epoch: 4 }, epoch(5))
  const reconciler = await one.start().reconciler()
  await until(() => reconciler.status?.epoch === 5)
  expect(saved().state?.epoch).toBe(5)
})
