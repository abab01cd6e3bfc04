/** A view of a higher epoch and the state that names it come to the disk as one. */
import { type DurableState, type LeaseView } from '@lvsm/protocol'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openState } from './state.ts'

const STATE: DurableState = { limitMs: 350, highWater: 1007, standby: false }
const VIEW: LeaseView = {
  cluster: 'lab',
  node: 'dir1',
  epoch: 2,
  revision: 4,
  timing: { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: [{ name: 'dir1', voter: true, links: [] }],
  groups: [],
  keys: [],
  signWith: 1,
  followed: true,
}
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsm-view-'))
})
afterEach(() => rmSync(directory, { recursive: true }))
const again = () => openState(directory, () => undefined)

test('both are there when it is said', async () => {
  await again().save({ ...STATE, epoch: 2 }, VIEW)
  expect(again()).toMatchObject({ state: { ...STATE, epoch: 2 }, view: VIEW })
})
test('where the view cannot be written the state stays as it was: no epoch is on the disk without its view', async () => {
  await again().save(STATE)
  mkdirSync(join(directory, 'lease.view.new'))
  await expect(again().save({ ...STATE, epoch: 2 }, VIEW)).rejects.toThrow()
  expect(again()).toMatchObject({ state: STATE, view: null })
})
test('what was confirmed to one process is not to the next', async () => {
  const state = again()
  await state.save({ ...STATE, epoch: 2 }, { ...VIEW, confirmed: true })
  expect(again().view).toEqual(VIEW)
  state.saveView({ ...VIEW, revision: 5, confirmed: true })
  await state.save(STATE)
  expect(again().view).toEqual({ ...VIEW, revision: 5 })
})
