/** Test data: an agent's HTTP API on a real unix socket, with answers that the test chooses. */
import { type Status } from '@lvsm/protocol'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { program } from '../../../test/kit/programs.ts'

export const STATUS: Status = {
  cluster: 'lab',
  node: 'dir1',
  revision: 7,
  quorum: true,
  groups: [
    {
      name: 'web',
      owner: 'dir1',
      number: 42,
      leftMs: 312.4,
      addresses: ['10.11.0.10', '10.12.0.254'],
      directors: ['dir1', 'dir2'],
      pings: [
        {
          address: '10.11.0.254',
          directors: [
            { node: 'dir1', reached: true },
            { node: 'dir2', reached: false },
          ],
        },
      ],
      takers: [{ node: 'dir2', could: true, reason: '' }],
      state: 'owned',
      reason: 'dir1 holds the lease by 3 of 3 voters',
    },
  ],
  services: [
    {
      name: 'http',
      group: 'web',
      address: '10.11.0.10',
      port: 80,
      protocol: 'tcp',
      scheduler: 'sh',
      schedulerFlags: ['sh-port'],
      told: true,
      realservers: [
        {
          node: 'rs1',
          address: '10.11.0.11',
          port: 80,
          forward: 'dr',
          weight: 1,
          healthy: true,
          active: 3,
          inactive: 14,
          reason: 'answers',
        },
        {
          node: 'rs2',
          address: '10.11.0.12',
          port: 80,
          forward: 'dr',
          weight: 2,
          healthy: true,
          active: 5,
          inactive: 9,
          reason: 'answers',
        },
      ],
    },
  ],
  nodes: [
    { name: 'dir1', roles: ['director'], voter: true, state: 'owner', reason: 'owns web', standby: false, agent: true },
    {
      name: 'dir2',
      roles: ['director'],
      voter: true,
      state: 'standby',
      reason: 'ready for web',
      standby: false,
      agent: true,
    },
    {
      name: 'rs1',
      roles: ['realserver'],
      voter: true,
      state: 'serving',
      reason: 'is set up to answer for 10.11.0.10 (alias on lo)',
      standby: false,
      agent: true,
    },
  ],
  troubles: [],
  counters: { 'drop-mac': 12, copy: 900 },
}

export const without = (change: Partial<Status>): Status => ({ ...STATUS, ...change })

export interface Heard {
  readonly method: string
  readonly path: string
  readonly body: unknown
}
/** `undefined` never answers: a frozen agent. */
export type Reply = { readonly code?: number; readonly body: unknown; readonly afterMs?: number } | undefined

const scratch: string[] = []
const closers: (() => void)[] = []

export function scratchPath(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsm-cli-'))
  scratch.push(folder)
  return join(folder, name)
}

/** Listens until `cleanUp`; `heard` fills with what was asked. */
export async function startAgent(reply: (heard: Heard) => Reply): Promise<{ socketPath: string; heard: Heard[] }> {
  const socketPath = scratchPath('agent.sock')
  const heard: Heard[] = []
  const server = createServer((incoming, outgoing) => {
    let text = ''
    incoming.on('data', (chunk) => (text += chunk))
    incoming.on('end', () => {
      const one = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        body: text === '' ? undefined : JSON.parse(text),
      }
      heard.push(one)
      const answer = reply(one)
      if (!answer) return
      const send = (): void => void outgoing.writeHead(answer.code ?? 200).end(JSON.stringify(answer.body))
      if (answer.afterMs === undefined) send()
      else setTimeout(send, answer.afterMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { socketPath, heard }
}

export function cleanUp(): void {
  for (const close of closers.splice(0)) close()
  for (const folder of scratch.splice(0)) rmSync(folder, { recursive: true, force: true })
}

/** Where Node keeps what it compiled, by itself too: every run would compile the same again. */
const CACHE = join(tmpdir(), 'node-compile-cache')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `lvsm ARGS` as its own process; `onOutput` may send it a signal. */
export function lvsm(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  onOutput?: (out: string, kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: CACHE, ...environment }
    const child = spawn(process.execPath, [program('lvsm'), ...args], { env })
    // Nobody types anything.
    child.stdin.end()
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
      onOutput?.(out, (signal) => child.kill(signal))
    })
    child.stderr.on('data', (chunk) => (err += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

/**
 * The same until its output has this: a command waits less than half a second for a coordinator, and says then what an agent knows alone,
 * which is right on a machine that is busy. After so many times it is what it is.
 */
export async function lvsmSaying(
  words: RegExp,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  for (let time = 1; ; time++) {
    const ended = await lvsm(args, environment)
    if (words.test(ended.out) || time === 20) return ended
  }
}
