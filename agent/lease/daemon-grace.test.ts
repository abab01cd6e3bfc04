/** The lease process waits for its kernel's grace periods (FENCE.md, row 13). */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fakeTime, Host, pass, READY, until, viewOf } from '../../test/kit/daemon-bench.ts'

beforeEach(fakeTime)
afterEach(() => void vi.useRealTimers())

test('an owner that stops is at the end when the frames that passed its fence have left', async () => {
  const one = (await new Host().setUp()).start()
  const reconciler = await one.reconciler()
  reconciler.tell({ kind: 'view', view: viewOf('dir1', ['dir1']) })
  reconciler.tell(READY)
  await until(() => reconciler.events.some(({ kind }) => kind === 'took'))
  const graces: (() => void)[] = []
  one.linux.graces = graces
  one.daemon?.stop('SIGTERM')
  await until(() => graces.length > 0)
  await pass(300)
  expect(one.isOpen()).toBe(false)
  expect(one.exits).toEqual([])
  one.linux.graces = null
  for (const over of graces) over()
  await until(() => one.exits.length > 0)
  expect(one.exits).toEqual([0])
  await one.remove()
})
