import { encodeKeptEvents, type KeptEvents } from '@lvsm/protocol'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { EventsFile, readKeptEvents } from './kept-events.ts'

const directory = mkdtempSync(join(tmpdir(), 'lvsm-events-'))
const path = join(directory, 'agent.events')
afterEach(() => rmSync(path, { force: true, recursive: true }))

const kept = (reason: string): KeptEvents => ({
  clock: 1_790_000_000_000_000,
  wallMs: 1_790_000_000_000,
  machine: 'm',
  events: [
    {
      node: 'dir1',
      at: '2026-11-27T20:00:00.000Z',
      group: 'web',
      kind: 'took',
      number: 7,
      reason,
      origin: { life: 'a', serial: 1 },
      clock: 1_790_000_000_000_000,
      ageMs: 5,
    },
  ],
  lasting: [],
  programs: { 'lvsm-lease': '1.2' },
})
const textOf = (reason: string): string => encodeKeptEvents(kept(reason))

test('what was written is read again; where there is no file, nothing is wrong', async () => {
  expect(readKeptEvents(path)).toEqual({ kept: null, fault: null })
  const told: (string | null)[] = []
  const file = new EventsFile(path, (error) => told.push(error))
  file.save(textOf('it won'))
  await expect.poll(() => told).toEqual([null])
  expect(readKeptEvents(path)).toEqual({ kept: kept('it won'), fault: null })
})

test('a file that was cut, changed or is of a newer version is not believed', () => {
  new EventsFile(path, () => undefined).close(textOf('it won'))
  const whole = readFileSync(path, 'utf8')
  const spoilt = [whole.slice(0, -20), whole.replace('it won', 'it lost'), '', whole.replace(/ \w{64}/, '')]
  for (const content of spoilt) {
    writeFileSync(path, content)
    expect(readKeptEvents(path)).toMatchObject({ kept: null, fault: expect.stringContaining('damaged') })
  }
})

test('what comes while one is written is written in one, the newest', async () => {
  const written: string[] = []
  const gates: (() => void)[] = []
  const file = new EventsFile(
    path,
    () => undefined,
    async (_, content) => {
      written.push(content)
      await new Promise<void>((done) => gates.push(done))
    },
  )
  for (const reason of ['one', 'two', 'three']) file.save(textOf(reason))
  gates.shift()?.()
  await expect.poll(() => gates.length).toBe(1)
  gates.shift()?.()
  expect(written.map((content) => /"reason":"(\w+)"/.exec(content)?.[1])).toEqual(['one', 'three'])
})

test('a disk that takes nothing is told, and that it takes again', async () => {
  const told: (string | null)[] = []
  const failing = [true, false]
  const file = new EventsFile(
    path,
    (error) => told.push(error),
    () => (failing.shift() ? Promise.reject(new Error('no space left on device')) : Promise.resolve()),
  )
  file.save(textOf('one'))
  await expect.poll(() => told).toHaveLength(1)
  file.save(textOf('two'))
  await expect.poll(() => told).toEqual(['no space left on device', null])
})
