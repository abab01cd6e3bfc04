import { mkdirSync, mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { StateRoom } from './state-room.ts'

test('a state directory that cannot be written is told once, and that it can be again', async () => {
  const directory = join(mkdtempSync(join(tmpdir(), 'lvsm-room-')), 'state')
  const told = vi.fn<(error: string | null) => void>()
  const room = new StateRoom(directory, told, 3_600_000)
  await vi.waitFor(() => expect(told.mock.calls).toEqual([[expect.stringMatching(/no such file/i)]]))
  await room.look()
  expect(told).toHaveBeenCalledTimes(1)
  mkdirSync(directory)
  await room.look()
  expect(told).toHaveBeenLastCalledWith(null)
  expect(readdirSync(directory), 'nothing is left there').toEqual([])
  rmdirSync(directory)
  room.close()
})
