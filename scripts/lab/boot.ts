import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureInitramfs } from './initramfs.ts'
import { ensureKernel } from './kernel.ts'
import { cache, dist, LabError, root, tool } from './paths.ts'
import { guestScript, hostScript, networkScript, type Plan, planOf } from './plan.ts'
import { goFirst } from './precedence.ts'
import { guestPort, qemuArguments } from './qemu.ts'
import type { Address } from './session.ts'
import type { Topology } from './topology.ts'
import { ensureWebServer } from './web.ts'

export interface Lab {
  readonly pid: number
  readonly address: Address
  readonly token: string
  readonly dir: string
  readonly topology: string
  readonly cluster: Plan['cluster']
  readonly host: boolean
}

export interface Booting {
  /** As its cluster is to live: at this pace already. */
  readonly topology: Topology
  readonly pace: number
  readonly cluster: Plan['cluster']
  readonly host: boolean
  /** Stays when the caller ends; without it the kernel ends the lab with the caller. */
  readonly stays: boolean
  readonly memory?: number
}

/** Milliseconds from the start of QEMU until the program inside listens. */
const patience = 300_000

/** Where a lab without QEMU listens: short, because a socket's name may have 107 characters. */
export const hostSocket = (dir: string): string => join(tmpdir(), `lvsm-lab-${basename(dir)}.sock`)

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** The last lines of a lab's console. */
export function consoleTail(dir: string, lines = 30): string {
  const path = join(dir, 'console.log')
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : ''
}

function hostHasIpvs(): boolean {
  if (existsSync('/proc/net/ip_vs')) return true
  try {
    execFileSync(tool('modprobe'), ['ip_vs'], { stdio: 'ignore' })
  } catch {
    return false
  }
  return existsSync('/proc/net/ip_vs')
}

async function guestCommand(
  booting: Booting,
  dir: string,
  port: number,
  write: (kernel: Parameters<typeof guestScript>[1]) => void,
) {
  const kernel = await ensureKernel()
  const initramfs = await ensureInitramfs(kernel)
  write(kernel)
  const memory = booting.memory ?? 4096
  const machine = {
    kernel,
    initramfs,
    boot: join(dir, 'boot.sh'),
    console: join(dir, 'console.log'),
    port,
    cpus: 2,
    memory,
  }
  return [tool('qemu-system-x86_64'), ...qemuArguments(machine)]
}

function hostCommand(dir: string): string[] {
  if (process.getuid?.() !== 0)
    throw new LabError('--host makes network namespaces: that takes root', 'use sudo, or leave --host out')
  if (!hostHasIpvs()) {
    throw new LabError(
      "this host's kernel has no IPVS (ip_vs)",
      'leave --host out: the lab then boots a kernel that has it',
    )
  }
  return [
    tool('unshare'),
    '--net',
    '--mount',
    '--uts',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '/bin/sh',
    join(dir, 'boot.sh'),
  ]
}

/** Starts the lab and waits until it can be talked to. Throws with the console's end when it does not come up. */
export async function boot(booting: Booting, began: (child: ChildProcess, dir: string) => void): Promise<Lab> {
  const id = `${Date.now().toString(36)}-${process.pid}`
  const dir = join(cache, 'runs', id)
  if (/[\s"]/.test(dir))
    throw new LabError(`${dir} has a space or a quote in it`, 'set LVSM_CACHE to another directory')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const token = randomBytes(16).toString('hex')
  const port = booting.host ? 0 : await freePort()
  const socket = hostSocket(dir)
  const listen: Plan['listen'] = booting.host ? { path: socket } : { port: guestPort }
  const web = await ensureWebServer()
  const paths = { root, dir, dist, node: process.execPath, busybox: tool('busybox'), web }
  const { topology, cluster, pace } = booting
  const secret = randomBytes(32).toString('hex')
  const seed = process.env['LVSM_LAB_SEED'] ?? String(randomInt(2 ** 31))
  const plan = planOf({ topology, cluster, token, listen, secret, seed, pace }, paths)
  writeFileSync(join(dir, 'plan.json'), JSON.stringify(plan))
  writeFileSync(join(dir, 'network.sh'), networkScript(topology))
  const script = join(dir, 'boot.sh')
  const argv = booting.host
    ? (writeFileSync(script, hostScript(paths)), hostCommand(dir))
    : await guestCommand(booting, dir, port, (kernel) => writeFileSync(script, guestScript(paths, kernel)))
  const output = openSync(join(dir, booting.host ? 'console.log' : 'qemu.log'), 'a')
  const tied = booting.stays ? argv : [tool('setpriv'), '--pdeathsig', 'KILL', ...argv]
  const child = spawn(tied[0] as string, tied.slice(1), { detached: true, stdio: ['ignore', output, output] })
  if (!booting.host && child.pid !== undefined) goFirst(child.pid)
  began(child, dir)
  await listening(child, dir)
  const address = booting.host ? { path: socket } : { port }
  return { pid: child.pid as number, address, token, dir, topology: topology.name, cluster, host: booting.host }
}

async function listening(child: ChildProcess, dir: string): Promise<void> {
  const until = Date.now() + patience
  let trouble: string | undefined
  child.once('error', (error) => {
    trouble = `it did not start: ${error.message}`
  })
  child.once('exit', (code, signal) => {
    const log = join(dir, 'qemu.log')
    trouble = `it ended with ${signal ?? code}; ${existsSync(log) ? readFileSync(log, 'utf8') : ''}`
  })
  while (!/^lab: listening/m.test(consoleTail(dir, 200))) {
    if (!trouble && Date.now() > until) trouble = `it did not listen after ${patience / 1000} s`
    if (trouble)
      throw new LabError(
        `the lab did not boot: ${trouble}\n${consoleTail(dir)}`,
        `the whole console is ${dir}/console.log`,
      )
    await sleep(25)
  }
}
