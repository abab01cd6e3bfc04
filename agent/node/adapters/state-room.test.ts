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

test('a disk that hangs is told after so many looks, however long this process stood still, and when it answers again', async () => {
  const told = vi.fn<(error: string | null) => void>()
  let answers = (): void => undefined
  const write = (): Promise<void> =>
    new Promise((resolve) => {
      answers = resolve
    })
  const room = new StateRoom('/', told, 3_600_000, write)
  for (let looks = 0; looks < 4; looks++) await room.look()
  expect(told).not.toHaveBeenCalled()
  await room.look()
  await room.look()
  expect(told.mock.calls).toEqual([['the disk does not answer']])
  answers()
  await vi.waitFor(() => expect(told).toHaveBeenLastCalledWith(null))
  room.close()
})
