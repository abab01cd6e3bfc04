/** What a load balancer hears of a node that it asks. */
import { expect, test } from 'vitest'
import { node, statusOf } from '../fixture.ts'

test('a node works, could serve, and owns: each for itself, with the reason why not', () => {
  const dir1 = node('dir1')
  const well = () => dir1.core.well(dir1.now())
  expect(well(), 'before anything is known').toMatchObject({ alive: expect.stringContaining('lvsm-lease: ') })
  dir1.feed({ kind: 'lease-up' })
  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  dir1.run(1500)
  expect(well()).toEqual({ alive: '', ready: '', owners: { web: true } })

  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir2', 2) })
  dir1.run(100)
  expect(well(), 'a standby that could take it').toEqual({ alive: '', ready: '', owners: { web: false } })

  dir1.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2', 2), quorum: false } })
  expect(well()).toMatchObject({ alive: '', ready: 'hears no majority of the voters' })

  dir1.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2', 2), standby: true } })
  expect(well()).toMatchObject({ alive: '', ready: expect.stringContaining('under maintenance by ') })

  dir1.feed({ kind: 'lease-status', status: statusOf('dir1', null, 0) })
  dir1.kern.unread = 'no such file'
  dir1.run(2500)
  expect(well()).toMatchObject({ alive: '', ready: expect.stringContaining('cannot read the kernel') })

  dir1.feed({ kind: 'lease-down', reason: 'it ended' })
  expect(well()).toMatchObject({ alive: 'lvsm-lease: it ended', owners: { web: false } })
})
