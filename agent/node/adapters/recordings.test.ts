/** Files of what was recorded: of the last moves, whole or not at all; a disk that is full or hangs holds up nothing. */
import { encodeRecorded, Recorder } from '@lvsm/protocol'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MOST_RECORDINGS, Recordings } from './recordings.ts'

function textOf(number: number): string {
  const recorder = new Recorder()
  recorder.record(new Map([['a', String(number)]]), number, 0)
  const { recording } = recorder
  if (!recording) throw new Error('nothing recorded')
  return encodeRecorded({ node: 'dir1', writtenMs: number, writtenAt: number, recording })
}
function room(write?: (path: string, content: string) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'lvsm-recorded-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const said: string[] = []
  const files = new Recordings(directory, (text) => said.push(text), write)
  const numbers = async (): Promise<number[]> => (await files.read()).map(({ writtenMs }) => writtenMs)
  return { directory, said, files, numbers }
}

test('the last moves are kept, each in the place of the oldest, for root alone', async () => {
  const { directory, files, numbers } = room()
  for (let number = 1; number <= MOST_RECORDINGS + 3; number++) {
    files.save(textOf(number))
    await expect.poll(async () => (await numbers())[0]).toBe(number)
    // Files of the same moment have no order.
    for (const name of readdirSync(directory)) {
      const written = Number(/"writtenMs":(\d+)/.exec(readFileSync(join(directory, name), 'utf8'))?.[1])
      utimesSync(join(directory, name), written, written)
    }
  }
  expect(await numbers()).toEqual([11, 10, 9, 8, 7, 6, 5, 4])
  expect(readdirSync(directory)).toHaveLength(MOST_RECORDINGS)
  expect(statSync(join(directory, 'agent.recorded-1')).mode & 0o777).toBe(0o600)
})

test('an end is kept beside them, and takes the place of no move', async () => {
  const { directory, files, numbers } = room()
  files.save(textOf(1))
  await expect.poll(numbers).toEqual([1])
  files.close(textOf(2))
  new Recordings(directory, () => undefined).close(textOf(3))
  expect(await numbers()).toEqual([3, 1])
  files.close(null)
  expect(await numbers()).toEqual([3, 1])
})

test('what is damaged is passed over', async () => {
  const { directory, files, numbers } = room()
  files.close(textOf(2))
  writeFileSync(join(directory, 'agent.recorded-1'), 'lvsm-recorded 1 0\n{}\n')
  const whole = readFileSync(join(directory, 'agent.recorded-end'), 'utf8')
  writeFileSync(join(directory, 'agent.recorded-2'), whole.slice(0, -20))
  writeFileSync(join(directory, 'agent.recorded-3'), '')
  expect(await numbers()).toEqual([2])
})

test('a disk that hangs is waited for by nobody, and what came meanwhile is written in one', async () => {
  const written: string[] = []
  let go: () => void = () => undefined
  const { files } = room((_, content) => {
    written.push(content)
    return new Promise((done) => (go = done))
  })
  files.save(textOf(1))
  await expect.poll(() => written.length).toBe(1)
  for (const number of [2, 3, 4]) files.save(textOf(number))
  expect(written).toHaveLength(1)
  go()
  await expect.poll(() => written.length).toBe(2)
  expect(written[1]).toContain('"writtenMs":4')
  go()
})

test('a disk that is full is told once, and again when it was not meanwhile', async () => {
  let full = true
  let tries = 0
  const { files, said } = room(() => {
    tries += 1
    return full
      ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }))
      : Promise.resolve()
  })
  for (const isFull of [true, true, false, true]) {
    full = isFull
    const before = tries
    files.save(textOf(1))
    await expect.poll(() => tries).toBe(before + 1)
    // What follows it has been done.
    await new Promise((done) => setImmediate(done))
  }
  expect(said).toHaveLength(2)
  expect(said[0]).toMatch(/^cannot write .*agent\.recorded-\d: ENOSPC: no space left on device; what was recorded/)
})
