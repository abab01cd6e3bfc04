/** The lab as a tool: it stays, it ends with the status of what it ran, and whatever ends it, nothing of it is left. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { cache, root } from '../../scripts/lab/paths.ts'

const BOOT_MS = 120_000
const folder = mkdtempSync(join(tmpdir(), 'lvsm-tool-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number | null
  readonly out: string
}
interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
}

function start(...words: readonly string[]): Running {
  const child = spawn(process.execPath, ['scripts/lab/main.ts', ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (out += bytes.toString()))
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, out })))
  return {
    child,
    ended,
  }
}
const lab = (...words: readonly string[]): Promise<Ran> => start(...words).ended

function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
/** Emulators that a process started, by the kernel's own list. */
const emulatorsOf = (pid: number | undefined): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((child) => child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('qemu'))
const isThere = (pid: string): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
/** Nothing was kept yet where no lab ever ran. */
const runs = (): string[] => (existsSync(join(cache, 'runs')) ? readdirSync(join(cache, 'runs')).sort() : [])

test('run ends with the status of what it ran, which finds the lab in its environment', {
  timeout: BOOT_MS,
}, async () => {
  const path = script('seven.sh', 'echo "$LAB_VIP $LAB_PORT $1"; ip netns list | sort | xargs; exit 7')
  const before = runs()
  const { code, out } = await lab('run', '--topology', 'pair', path, 'word')
  expect(out).toContain('10.11.0.10 80 word')
  expect(out).toMatch(/client.*dir1.*dir2.*rs1.*rs2/)
  expect(code).toBe(7)
  expect(runs()).toEqual(before)
})

test('Ctrl-C ends a run, also while it boots, and leaves nothing', { timeout: BOOT_MS }, async () => {
  const before = runs()
  const running = start('run', '--topology', 'pair', script('sleep.sh', 'sleep 1000'))
  let children: string[] = []
  await expect.poll(() => (children = emulatorsOf(running.child.pid)).length, { timeout: BOOT_MS }).toBeGreaterThan(0)
  running.child.kill('SIGINT')
  expect((await running.ended).code).toBe(130)
  await expect.poll(() => children.filter(isThere)).toEqual([])
  expect(runs()).toEqual(before)
})

test('a time-out ends a run, also while it boots, and leaves nothing', { timeout: BOOT_MS }, async () => {
  const before = runs()
  const running = start('run', '--topology', 'pair', '--timeout', '4', script('sleep.sh', 'sleep 1000'))
  let children: string[] = []
  await expect.poll(() => (children = emulatorsOf(running.child.pid)).length, { timeout: 4000 }).toBeGreaterThan(0)
  expect((await running.ended).code).toBe(124)
  await expect.poll(() => children.filter(isThere)).toEqual([])
  expect(runs()).toEqual(before)
})

test('up stays, exec runs inside with its status, faults are verbs, down ends it', { timeout: BOOT_MS }, async () => {
  expect((await lab('up', '--topology', 'pair')).code).toBe(0)
  try {
    expect(await lab('exec', 'client', 'ip', '-br', 'addr')).toMatchObject({
      code: 0,
      out: expect.stringContaining('10.11.0.100/24'),
    })
    expect((await lab('exec', '-', 'sh', '-c', 'exit 3')).code).toBe(3)
    expect((await lab('unplug', 'dir1', 'outside')).code).toBe(0)
    expect((await lab('exec', 'dir1', 'ip', '-br', 'link', 'show', 'outside')).out).toContain('NO-CARRIER')
    expect((await lab('heal')).code).toBe(0)
    expect((await lab('exec', 'dir1', 'ip', '-br', 'link', 'show', 'outside')).out).toContain('LOWER_UP')
    expect(await lab('delay', '150', 'client')).toMatchObject({ code: 0 })
    expect((await lab('exec', 'client', 'busybox', 'ping', '-c', '1', '10.11.0.11')).out).toMatch(/time=[1-9]\d\d/)
    expect(await lab('power-cut', 'mars')).toMatchObject({
      code: 2,
      out: expect.stringContaining('no node is called mars'),
    })
    expect(await lab('status')).toMatchObject({ code: 0, out: expect.stringContaining('the pair lab is up') })
  } finally {
    expect((await lab('down')).code).toBe(0)
  }
  expect((await lab('status')).code).toBe(1)
})
