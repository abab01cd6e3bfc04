/** The real daemons, each in a network namespace of its own that ends with it (man 1 unshare): for root only. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { type Program, program } from './programs.ts'

export const ROOT = process.geteuid?.() === 0
export type DaemonName = Exclude<Program, 'lvsm'>

export interface Started {
  readonly child: ChildProcess
  readonly pid: number
  /** So far, on standard output and error. */
  said(): string
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
}
export interface Start {
  readonly options?: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Process in whose network namespace it runs; else in a new one. */
  readonly beside?: number
}
const children: ChildProcess[] = []

/** A start as a unit makes it, unless `env` and `options` (of Node) say otherwise. */
export function startDaemon(name: DaemonName, args: readonly string[], start: Start = {}): Started {
  const { options = ['--disable-sigusr1'], env = { PATH: process.env['PATH'] }, beside } = start
  const space =
    beside === undefined
      ? ['unshare', '--net', '--']
      : ['nsenter', `--net=/proc/${beside}/ns/net`, '--preserve-credentials', '--']
  return spawned([...(ROOT ? space : ['env', '--']), process.execPath, ...options, program(name), ...args], env)
}

export function spawned(command: readonly string[], env: NodeJS.ProcessEnv): Started {
  const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env })
  children.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  return { child, pid: child.pid ?? 0, ended, said: () => text }
}

/** Those too whose terminal ended and who live on: all that run in the directory `home`. */
export function killAll(home: string): void {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number))
    if (commandOf(pid).some((word) => word.startsWith(`${home}/`)) && pid !== process.pid) kill(pid)
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in between.
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
