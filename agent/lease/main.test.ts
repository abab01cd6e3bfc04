/**
 * `lvsm-lease` as a process of its own, as far as it goes without a view: it binds no port and touches no table. Where the
 * tests do not run as root it must say that it needs to, which is looked at instead.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../test/kit/eventually.ts'
import { program } from '../../test/kit/programs.ts'

const ROOT = process.getuid?.() === 0

interface Started {
  readonly child: ChildProcess
  /** So far, on standard error. */
  said(): string
  readonly ended: Promise<number | string>
}
const children: ChildProcess[] = []
function start(...args: string[]): Started {
  // A network namespace of its own: there is one lease process in each.
  const space = ROOT ? ['unshare', '--net', '--'] : []
  const [first = '', ...words] = [...space, process.execPath, program('lvsm-lease'), ...args]
  const child = spawn(first, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  children.push(child)
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const ended = new Promise<number | string>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal ?? ''))
  })
  return { child, ended, said: () => text }
}

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsm-lease-'))
})
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})

/** A process of its own on a machine that has much else to do. */
const SLOW_MS = 60_000

test('it runs until it is told to stop, whatever else it is sent (elsewhere: it says that it must be root)', {
  timeout: SLOW_MS,
}, async () => {
  const [runDir, stateDir] = [join(directory, 'run'), join(directory, 'state')]
  const { child, ended, said } = start('--node', 'dir1', '--run-dir', runDir, '--state-dir', stateDir)
  if (!ROOT) {
    expect(await ended).toBe(78)
    return expect(said()).toMatch(/must run as root/)
  }
  await eventually(() => expect(said()).toMatch(/dir1 runs, .*waiting for its view/), SLOW_MS)
  expect(said()).toMatch(/no state in .*--set-up/)
  expect(said()).not.toContain('warm-up')
  const socket = join(runDir, 'lease.sock')
  await eventually(() => expect(statSync(socket).mode & 0o777).toBe(0o600))
  expect(statSync(runDir).mode & 0o777).toBe(0o750)

  for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP', 'SIGALRM', 'SIGPWR', 'SIGXCPU', 'SIGIO'] as const)
    child.kill(signal)
  await eventually(() => expect(said()).toMatch(/SIGHUP: there is nothing to read again/))
  expect(said()).not.toMatch(/[Dd]ebugger/)

  // Nobody reads its log any more.
  child.stderr?.destroy()
  child.kill('SIGHUP')
  const greeted = await new Promise<boolean>((resolve) => {
    const client = connect(socket, () => client.write('?'))
    client.on('data', () => {
      resolve(true)
      client.destroy()
    })
    client.on('error', () => resolve(false))
  })
  expect(greeted).toBe(true)
  expect(child.exitCode).toBeNull()
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
})
