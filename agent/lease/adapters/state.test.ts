import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LeaseView } from '@lvsm/lease'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openState } from './state.ts'

const view: LeaseView = {
  cluster: 'lab',
  node: 'dir1',
  epoch: 1,
  revision: 3,
  timing: { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 },
  nodes: [{ name: 'dir1', voter: true, links: [{ name: 'inside', address: '10.12.0.1', port: 6940 }] }],
  groups: [
    {
      name: 'web',
      digest: '0011223344556677',
      directors: ['dir1'],
      addresses: [{ address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' }],
    },
  ],
  keys: [{ id: 1, algorithm: 'sha256', secret: 'ab'.repeat(32) }],
  signWith: 1,
}
const failed = vi.fn()
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsm-state-'))
  failed.mockReset()
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const saved = async (): Promise<void> => {
  const state = openState(directory, failed)
  state.saveHighWater(1007)
  state.saveView(view)
  state.saveStandby(true)
  await vi.waitFor(() => expect(openState(directory, failed).standby).toBe(true))
}

test('what was saved is read again', async () => {
  await saved()
  const state = openState(directory, failed)
  expect(state.highWater).toBe(1007)
  expect(state.view).toEqual(view)
})

test('missing files read as nothing known', () => {
  expect(openState(directory, failed)).toMatchObject({ highWater: 0, view: null, standby: false })
})

test.each(['lease.state', 'lease.view'])(
  '%s cut at any byte, or with any byte changed, reads as nothing known',
  async (name) => {
    await saved()
    const path = join(directory, name)
    const whole = readFileSync(path)
    const absent = { highWater: name === 'lease.state' ? 0 : 1007, view: name === 'lease.view' ? null : view }
    for (let size = 0; size < whole.length; size++) {
      truncateSync(path, size)
      expect(openState(directory, failed)).toMatchObject(absent)
      writeFileSync(path, whole)
    }
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole)
      damaged[at] = (damaged[at] ?? 0) ^ 1
      writeFileSync(path, damaged)
      expect(openState(directory, failed)).toMatchObject(absent)
    }
  },
)

test('a directory that cannot be written is reported and stops nothing', async () => {
  const state = openState(join(directory, 'missing'), failed)
  state.saveHighWater(5)
  await vi.waitFor(() => expect(failed).toHaveBeenCalledOnce())
})
