import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { beginLife, lifeOf, refuseLife } from '../../process/life.ts'
import type { NodeInput } from '../core/index.ts'
import { coordinatorRunDir, Programs, startOf } from './programs.ts'

let run = ''
let found: Extract<NodeInput, { kind: 'program' }>[] = []
let programs: Programs | null = null
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'lvsm-programs-'))
  found = []
})
afterEach(() => {
  programs?.close()
  rmSync(run, { recursive: true })
})
/** It looks when it is told to. */
const opened = (): Programs => {
  programs = new Programs(run, (one) => found.push(one), 3_600_000)
  return programs
}
const says = (program: string, ...lines: string[]): void =>
  writeFileSync(join(run, `${program}.life`), ['lvsm-life 1', ...lines, ''].join('\n'))
const MINE = `life ${lifeOf(process.pid)}`
const GONE = 'life 4194305.1'

test('a program that runs is found once, and again when it has ended', () => {
  says('lvsm-lease', MINE, 'version 0.1.0', 'before exit code 70')
  const looking = opened()
  looking.look()
  expect(found).toEqual([
    {
      kind: 'program',
      program: 'lvsm-lease',
      life: lifeOf(process.pid),
      ageMs: expect.any(Number),
      started: `lvsm-lease 0.1.0 started (process ${process.pid})`,
      ended: null,
      before: 'lvsm-lease ended: exit code 70',
    },
  ])
  says('lvsm-lease', MINE, 'version 0.1.0', 'code 75', 'line cannot listen')
  looking.look()
  looking.look()
  expect(found.slice(1).map(({ ended }) => ended)).toEqual([
    `lvsm-lease (process ${process.pid}) ended: exit code 75, its last words: cannot listen`,
  ])
})

test('of one that is gone without a word it is waited a moment for who knows the signal', () => {
  says('lvsm-coordinator', GONE, 'version 0.1.0')
  const looking = opened()
  expect(found).toEqual([])
  writeFileSync(join(run, 'lvsm-coordinator.status'), 'killed KILL\n')
  looking.look()
  expect(found[0]?.ended).toBe('lvsm-coordinator (process 4194305) ended: killed by SIGKILL')
  says('lvsm-lease', GONE, 'version 0.1.0')
  looking.look()
  looking.look()
  expect(found[1]?.ended).toMatch(/ended: without a word, so it was killed$/)
})

test('the coordinator of the same node is looked for where lvsm --node finds it', () => {
  expect(['/run/lvsm', '/run/lvsm/dir1', '/srv/run'].map(coordinatorRunDir)).toEqual([
    '/run/lvsm-coordinator',
    '/run/lvsm-coordinator/dir1',
    '/srv/run',
  ])
  expect(startOf({ before: null, awayMs: null })).toMatchObject({
    sentence: expect.stringMatching(/^lvsm-agent \S+ started/),
    before: null,
  })
})

test('why a program is not there is said once, a refused start before all; what ended as it was told is wanted by nobody', () => {
  const absent: (readonly [string, string | null])[] = []
  const looking = new Programs(
    run,
    () => undefined,
    3_600_000,
    (program, why) => absent.push([program, why]),
  )
  expect(absent).toEqual([])
  refuseLife(run, 'lvsm-coordinator', 78, 'no identity')
  looking.look()
  looking.look()
  expect(absent.splice(0)).toEqual([['lvsm-coordinator', 'it does not start, exit code 78: no identity']])
  beginLife(run, 'lvsm-coordinator', '0.1.0')
  looking.look()
  expect(absent.splice(0)).toEqual([['lvsm-coordinator', null]])
  says('lvsm-coordinator', GONE, 'version 0.1.0', 'code 0', 'line stopped')
  says('lvsm-lease', GONE, 'version 0.1.0', 'code 75', 'line cannot listen')
  looking.look()
  expect(absent).toEqual([['lvsm-lease', expect.stringContaining('exit code 75, its last words: cannot listen')]])
  looking.close()
})

test('one that a signal stopped is said at the second look, with what lets it go on, and no more when it goes on', async () => {
  const child = spawn('sleep', ['60'])
  try {
    await once(child, 'spawn')
    const absent: (readonly [string, string | null])[] = []
    programs = new Programs(
      run,
      () => undefined,
      3_600_000,
      (...one) => absent.push(one),
    )
    says('lvsm-lease', `life ${lifeOf(child.pid ?? 0)}`, 'version 0.1.0')
    const state = (): string => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? ''
    child.kill('SIGSTOP')
    await vi.waitFor(() => expect(state()).toBe('T'))
    programs.look()
    expect(absent, 'a debugger stops for a moment').toEqual([])
    programs.look()
    programs.look()
    const why = `lvsm-lease (process ${child.pid}) is stopped (state T) → kill -CONT ${child.pid}, and find who stopped it`
    expect(absent).toEqual([['lvsm-lease', why]])
    child.kill('SIGCONT')
    await vi.waitFor(() => expect(state()).not.toBe('T'))
    programs.look()
    expect(absent.slice(1)).toEqual([['lvsm-lease', null]])
  } finally {
    child.kill('SIGKILL')
  }
})
