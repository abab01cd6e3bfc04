/** Machines for clusters of real daemons: network namespaces on one Ethernet, the command `lvsm` in each. For root only. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { killAll, MAINS, spawned, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

/** Processes of their own on a machine that has much else to do. */
export const SLOW_MS = 120_000
const LVSM = join(import.meta.dirname, '../../packages/cli/src/main.ts')

let home = ''
/** Before each test: a directory for all of them, and the daemons in PATH. */
export function beginHome(): void {
  home = mkdtempSync(join(tmpdir(), 'lvsm-joining-'))
  writeFileSync(join(home, 'password'), 'correct horse\n')
  mkdirSync(join(home, 'bin'))
  for (const name of ['lvsm-coordinator', 'lvsm-lease'] as const) {
    const path = join(home, 'bin', name)
    writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} --disable-sigusr1 ${MAINS[name]} "$@"\n`)
    chmodSync(path, 0o755)
  }
}
/** After each test. */
export function endHome(): void {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
}

/** A machine: its network namespace lives as long as the test, on one Ethernet with the others. */
export class Machine {
  readonly name: string
  readonly address: string
  readonly pid: number
  constructor(name: string, address: string) {
    this.name = name
    this.address = address
    this.pid = spawned(['unshare', '--net', '--', 'sleep', '3600'], { PATH: process.env['PATH'] }).pid
  }
  at(...names: string[]): string {
    return join(home, this.name, ...names)
  }
  ip(words: string): void {
    execFileSync('nsenter', [`--net=/proc/${this.pid}/ns/net`, 'ip', ...words.split(' ')])
  }
  async ready(): Promise<void> {
    // It is in a namespace of its own when it has become what it was started for.
    await eventually(() => expect(readFileSync(`/proc/${this.pid}/comm`, 'utf8')).toBe('sleep\n'), SLOW_MS)
    this.ip('link set lo up')
  }
  get #directories(): string[] {
    return ['--run-dir', this.at('run-coordinator'), '--state-dir', this.at('coordinator')]
  }
  coordinate(): Started {
    return startDaemon('lvsm-coordinator', this.#directories, { beside: this.pid })
  }
  act(): Started {
    return startDaemon('lvsm-agent', ['--run-dir', this.at('run'), '--state-dir', this.at('state')], {
      beside: this.pid,
    })
  }
  /** The lease process. */
  lend(): Started {
    return startDaemon('lvsm-lease', ['--run-dir', this.at('run'), '--state-dir', this.at('state')], {
      beside: this.pid,
    })
  }
  async lvsm(...words: string[]): Promise<string> {
    const { code, said } = await this.tries(...words)
    expect([code, said]).toEqual([0, expect.any(String)])
    return said
  }
  /** Whatever comes of it. */
  async tries(...words: string[]): Promise<{ readonly code: number | string; readonly said: string }> {
    const env = {
      PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
      LVSM_COORDINATOR_SOCKET: this.at('run-coordinator', 'coordinator.sock'),
      LVSM_SOCKET: this.at('run', 'agent.sock'),
    }
    const inside = ['nsenter', `--net=/proc/${this.pid}/ns/net`, '--preserve-credentials', '--']
    const one = spawned([...inside, process.execPath, LVSM, ...words], env)
    return { code: await one.ended, said: one.said() }
  }
  /** `init`, or `join TOKEN`. */
  setUp(...words: string[]): Promise<string> {
    return this.lvsm(...this.settingUp(...words))
  }
  settingUp(...words: string[]): string[] {
    const places = ['--etc', this.at('etc'), '--state-dir', this.at('state')]
    const coordinator = [
      '--coordinator-state-dir',
      this.at('coordinator'),
      '--coordinator-run-dir',
      this.at('run-coordinator'),
    ]
    const password = words[0] === 'init' ? ['--password-file', join(home, 'password')] : []
    return [...words, '--name', this.name, '--yes', '--no-start', ...password, ...places, ...coordinator]
  }
}

export async function ethernet(...machines: readonly Machine[]): Promise<void> {
  const hub = new Machine('switch', '')
  for (const machine of [hub, ...machines]) await machine.ready()
  hub.ip('link add bridge type bridge')
  hub.ip('link set bridge up')
  for (const { name, address, pid, ...machine } of machines) {
    hub.ip(`link add to-${name} type veth peer name eth0 netns ${pid}`)
    hub.ip(`link set to-${name} master bridge up`)
    void machine
    execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', 'address', 'add', `${address}/24`, 'dev', 'eth0'])
    execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', 'link', 'set', 'eth0', 'up'])
  }
}
export const says = (one: Started, words: RegExp): Promise<void> =>
  eventually(() => expect(one.said()).toMatch(words), SLOW_MS)
export const tokenOf = (said: string): string => /lvsm\.[\w-]+/.exec(said)?.[0] ?? expect.fail(said)
