import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ageOf, beginLife, endingOf, lifeOf, lives, readLife, refusedLife, refuseLife, statusOf } from './life.ts'

let run = ''
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), 'lvsm-life-'))
})
afterEach(() => rmSync(run, { recursive: true }))
const file = (name: string): string => join(run, name)
const known = (program = 'lvsm-lease') => {
  const life = readLife(run, program)
  if (!life) expect.fail('there is no life')
  return life
}

test('the first one knows of none before; it lives, and others may read that', () => {
  expect(readLife(run, 'lvsm-lease')).toBeNull()
  expect(beginLife(run, 'lvsm-lease', '0.1.0').before).toBeNull()
  expect(known()).toEqual({ life: lifeOf(process.pid), version: '0.1.0', code: null, line: '', before: null })
  expect(lives(known())).toBe(true)
  const age = ageOf(known()) ?? -1
  expect(Math.abs(age - process.uptime() * 1000)).toBeLessThan(3000)
  expect(statSync(file('lvsm-lease.life')).mode & 0o777).toBe(0o644)
})

test('how one ended is known to the next, with its exit code and its last words', () => {
  beginLife(run, 'lvsm-lease', '0.1.0').ends(75, 'cannot listen on \u001b[2J/run\nor so')
  expect(endingOf(run, 'lvsm-lease', known())).toMatch(/^exit code 75, its last words: cannot listen on .*\/run.or so$/)
  expect(beginLife(run, 'lvsm-lease', '0.2.0').before).toMatch(/^exit code 75, its last words/)
  expect(known().before).toMatch(/^exit code 75/)
})

test('one that was killed ended without a word; a supervisor may know by which signal', () => {
  beginLife(run, 'lvsm-agent', '0.1.0')
  const gone = readFileSync(file('lvsm-agent.life'), 'utf8').replace(/^life .*$/m, 'life 4194305.1')
  writeFileSync(file('lvsm-agent.life'), gone)
  expect(lives(known('lvsm-agent'))).toBe(false)
  expect(endingOf(run, 'lvsm-agent', known('lvsm-agent'))).toBe('without a word, so it was killed')
  writeFileSync(file('lvsm-agent.status'), 'killed SEGV\n')
  expect(beginLife(run, 'lvsm-agent', '0.1.0').before).toBe('killed by SIGSEGV')
  expect(statusOf(run, 'lvsm-agent'), 'it is of the one before').toBe('')
})

test('how long it has been away is known by when somebody wrote that it ended', () => {
  const old = (name: string, seconds: number): void => {
    const at = Date.now() / 1000 - seconds
    utimesSync(file(name), at, at)
  }
  expect(beginLife(run, 'lvsm-agent', '0.1.0').awayMs).toBeNull()
  old('lvsm-agent.life', 900)
  expect(beginLife(run, 'lvsm-agent', '0.1.0').awayMs, 'killed, and nobody saw it').toBeNull()
  writeFileSync(file('lvsm-agent.status'), 'killed KILL\n')
  old('lvsm-agent.status', 60)
  const living = beginLife(run, 'lvsm-agent', '0.1.0')
  expect(living.awayMs).toBeGreaterThanOrEqual(60_000)
  expect(living.awayMs).toBeLessThan(70_000)
  living.ends(0, '')
  old('lvsm-agent.life', 30)
  expect(Math.floor((beginLife(run, 'lvsm-agent', '0.1.0').awayMs ?? 0) / 10_000)).toBe(3)
})

test('a number that the kernel gave to another process is another life', () => {
  const { pid } = spawnSync('true')
  expect(lifeOf(pid)).toBe('')
  expect(lifeOf(1)).toMatch(/^1\.\d+$/)
  expect(lifeOf(1)).not.toBe(lifeOf('self'))
})

test('nothing is written through a name that somebody put there, and nothing fails where nothing can be written', () => {
  writeFileSync(file('precious'), 'untouched')
  symlinkSync(file('precious'), file('lvsm-agent.life'))
  beginLife(run, 'lvsm-agent', '0.1.0').ends(0, '')
  expect(readFileSync(file('precious'), 'utf8')).toBe('untouched')
  expect(beginLife(file('nowhere'), 'lvsm-agent', '0.1.0').before).toBeNull()
})

test('a start that was refused is known until one works; a second one beside one that lives is no news', () => {
  expect(refusedLife(run, 'lvsm-agent')).toBeNull()
  refuseLife(run, 'lvsm-agent', 78, 'no such\n  node')
  expect(refusedLife(run, 'lvsm-agent')).toMatch(/^it does not start, exit code 78: no such node$/)
  beginLife(run, 'lvsm-agent', '0.1.0')
  expect(refusedLife(run, 'lvsm-agent')).toBeNull()
  refuseLife(run, 'lvsm-agent', 75, 'another runs')
  expect(refusedLife(run, 'lvsm-agent')).toBeNull()
})
