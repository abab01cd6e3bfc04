/** Machines of a cluster that operators set up: each a network namespace on one Ethernet, with directories of its own. Root only. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decode, decodeView, FrameSplitter, fromLeaseCodec, type LeaseStatus, type LeaseView } from '@lvsm/protocol'
import { expect } from 'vitest'
import { killAll, spawned, startDaemon, type Started } from './daemons.ts'
import { eventually } from './eventually.ts'
import { program } from './programs.ts'

/** Processes of their own on a machine that has much else to do. */
export const SLOW_MS = 120_000
/** A state file ends with its SHA-256. */
const CHECKSUM_BYTES = 32

/** In `home`, where everything of the test is. */
export class Machine {
  readonly name: string
  readonly address: string
  readonly pid: number
  readonly #home: string
  constructor(home: string, name: string, address: string) {
    this.name = name
    this.address = address
    this.#home = home
    this.pid = spawned(['unshare', '--net', '--', 'sleep', '3600'], { PATH: process.env['PATH'] }).pid
  }
  at(...names: string[]): string {
    return join(this.#home, this.name, ...names)
  }
  ip(words: string): void {
    execFileSync('nsenter', [`--net=/proc/${this.pid}/ns/net`, 'ip', ...words.split(' ')])
  }
  async ready(): Promise<void> {
    // It is in a namespace of its own when it has become what it was started for.
    await eventually(() => expect(readFileSync(`/proc/${this.pid}/comm`, 'utf8')).toBe('sleep\n'), SLOW_MS)
    this.ip('link set lo up')
  }
  coordinate(): Started {
    const places = ['--run-dir', this.at('run-coordinator'), '--state-dir', this.at('coordinator')]
    return startDaemon('lvsm-coordinator', places, { beside: this.pid })
  }
  start(name: 'lvsm-agent' | 'lvsm-lease'): Started {
    const node = name === 'lvsm-lease' ? ['--node', this.name] : []
    const places = ['--run-dir', this.at('run'), '--state-dir', this.at('state')]
    return startDaemon(name, [...node, ...places], { beside: this.pid })
  }
  /** Must succeed. */
  async lvsm(...words: string[]): Promise<string> {
    const { code, out } = await this.asked(...words)
    expect([code, out]).toEqual([0, expect.any(String)])
    return out
  }
  async asked(...words: string[]): Promise<{ readonly code: number | string; readonly out: string }> {
    const env = {
      PATH: `${join(this.#home, 'bin')}:${process.env['PATH']}`,
      LVSM_COORDINATOR_SOCKET: this.at('run-coordinator', 'coordinator.sock'),
      LVSM_SOCKET: this.at('run', 'agent.sock'),
    }
    const inside = ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--preserve-credentials', '--']
    const one = spawned([...inside, process.execPath, program('lvsm'), ...words], env)
    return { code: await one.ended, out: one.said() }
  }
  /** `init`, or `join TOKEN`. */
  setUp(...words: string[]): Promise<string> {
    return this.lvsm(...this.settingUp(...words))
  }
  settingUp(...words: string[]): string[] {
    const places = ['--etc', this.at('etc'), '--state-dir', this.at('state')]
    const coordinator = ['--coordinator-state-dir', this.at('coordinator')]
    const run = ['--coordinator-run-dir', this.at('run-coordinator')]
    const password = words[0] === 'init' ? ['--password-file', join(this.#home, 'password')] : []
    const answers = ['--name', this.name, '--yes', '--no-start', ...password]
    return [...words, ...answers, ...places, ...coordinator, ...run]
  }

  /** What its lease process has on disk; null: nothing yet. */
  view(): LeaseView | null {
    try {
      const stored = decodeView(readFileSync(this.at('state', 'lease.view')).subarray(0, -CHECKSUM_BYTES))
      return stored.kind === 'read' ? stored.value : null
    } catch {
      return null
    }
  }
  /** Of its lease process, from its own socket. */
  status(): Promise<LeaseStatus> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(this.at('run', 'lease.sock'))
      const splitter = new FrameSplitter()
      socket.on('error', reject)
      socket.on('close', () => reject(new Error(`${this.name}: no status`)))
      socket.on('data', (chunk: Buffer) => {
        for (const bytes of splitter.push(chunk) ?? []) {
          const word = decode(fromLeaseCodec, bytes)
          if (word?.kind !== 'status') continue
          resolve(word.status)
          socket.destroy()
        }
      })
    })
  }
}

/** A directory for all machines of a test: what `lvsm` starts by its name, and a password. */
export function makeHome(name: string): string {
  const home = mkdtempSync(join(tmpdir(), `lvsm-${name}-`))
  writeFileSync(join(home, 'password'), 'correct horse\n')
  mkdirSync(join(home, 'bin'))
  for (const name of ['lvsm-coordinator', 'lvsm-lease'] as const) {
    const path = join(home, 'bin', name)
    writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} --disable-sigusr1 ${program(name)} "$@"\n`)
    chmodSync(path, 0o755)
  }
  return home
}
/** With whatever still runs for it. */
export function endHome(home: string): void {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
}

export async function ethernet(home: string, ...machines: readonly Machine[]): Promise<void> {
  const hub = new Machine(home, 'switch', '')
  for (const machine of [hub, ...machines]) await machine.ready()
  hub.ip('link add bridge type bridge')
  hub.ip('link set bridge up')
  for (const machine of machines) {
    hub.ip(`link add to-${machine.name} type veth peer name eth0 netns ${machine.pid}`)
    hub.ip(`link set to-${machine.name} master bridge up`)
    machine.ip(`address add ${machine.address}/24 dev eth0`)
    machine.ip('link set eth0 up')
  }
}
export const says = (one: Started, words: RegExp): Promise<void> =>
  eventually(() => expect(one.said()).toMatch(words), SLOW_MS)
export const tokenOf = (said: string): string => /lvsm\.[\w-]+/.exec(said)?.[0] ?? expect.fail(said)
