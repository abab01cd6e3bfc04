/** The lab as a tool, run as a command: what it printed, how it ended, and what of it is left. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { cache, root } from '../../scripts/lab/paths.ts'

export const BOOT_MS = 120_000
const folder = mkdtempSync(join(tmpdir(), 'lvsm-tool-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

export interface Ran {
  readonly code: number | null
  readonly out: string
}
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ran>
}

export function start(...words: readonly string[]): Running {
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
export const lab = (...words: readonly string[]): Promise<Ran> => start(...words).ended

export function script(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
/** Emulators that a process started, by the kernel's own list. */
export const emulatorsOf = (pid: number | undefined): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((child) => child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('qemu'))
export const isThere = (pid: string): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
/** Nothing was kept yet where no lab ever ran. */
export const runs = (): string[] => (existsSync(join(cache, 'runs')) ? readdirSync(join(cache, 'runs')).sort() : [])
