/** A cluster from nothing: init on one machine, tokens, join on the others, and one command that changes them all. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { killAll, MAINS, spawned, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

/** Processes of their own on a machine that has much else to do. */
const SLOW_MS = 60_000
/** Of all of it: some thirty processes start, each in seconds there. */
const WHOLE_MS = 600_000
const LVSM = join(import.meta.dirname, '../../packages/cli/src/main.ts')

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-joining-'))
  mkdirSync(join(home, 'bin'))
  for (const name of ['lvsm-coordinator', 'lvsm-lease'] as const) {
    const path = join(home, 'bin', name)
    writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} --disable-sigusr1 ${MAINS[name]} "$@"\n`)
    chmodSync(path, 0o755)
  }
})
afterEach(() => {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
})

/** A machine: its network namespace lives as long as the test, on one Ethernet with the others. */
class Machine {
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
  async lvsm(...words: string[]): Promise<string> {
    const { code, said } = await this.tried(...words)
    expect([code, said]).toEqual([0, expect.any(String)])
    return said
  }
  /** Whatever comes of it. */
  async tried(...words: string[]): Promise<{ code: number | string; said: string }> {
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
  async setUp(...words: string[]): Promise<string> {
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
    return [...words, '--name', this.name, '--yes', '--no-start', ...places, ...coordinator]
  }
}

async function ethernet(...machines: readonly Machine[]): Promise<void> {
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
const says = (one: Started, words: RegExp): Promise<void> =>
  eventually(() => expect(one.said()).toMatch(words), SLOW_MS)
const tokenOf = (said: string): string => /lvsm\.[\w-]+/.exec(said)?.[0] ?? expect.fail(said)

test('a cluster begins, machines join it, and one command changes them all', { timeout: WHOLE_MS }, async () => {
  const [dir1, dir2, rs1] = [
    new Machine('dir1', '10.10.0.1'),
    new Machine('dir2', '10.10.0.2'),
    new Machine('rs1', '10.10.0.3'),
  ]
  await ethernet(dir1, dir2, rs1)

  const secret = join(home, 'password')
  writeFileSync(secret, 'correct horse\n')
  expect(await dir1.setUp('init', '--cluster', 'lab', '--password-file', secret)).toMatch(
    /cluster lab begins here, on dir1/,
  )
  const first = dir1.coordinate()
  await says(first, /leads the coordinators/)
  const directors = tokenOf(await dir1.lvsm('token', 'create', '--role', 'director'))
  const second = (await dir2.setUp('join', directors, '--role', 'director')).trim()
  expect(second).toMatch(/dir2 is a node of cluster lab, at revision 2\n[^]*dir2 is one of the coordinators/)
  const other = dir2.coordinate()
  await says(other, /follows coordinator 1/)
  await eventually(async () => expect(await dir2.lvsm('coordinators')).toMatch(/dir2 .*learner/), SLOW_MS)

  // Asked of the second: it has the authority's key too.
  const realservers = tokenOf(await dir2.lvsm('token', 'create', '--role', 'realserver'))
  const nft = (words: string): void =>
    void execFileSync('nsenter', [`--net=/proc/${rs1.pid}/ns/net`, 'nft', ...words.split(' ')])
  nft('add table inet firewall')
  nft('add chain inet firewall input { type filter hook input priority 0 ; }')
  nft('add rule inet firewall input udp dport 6940 drop')
  const closed = await rs1.tried(...rs1.settingUp('join', realservers))
  expect(closed.said).toMatch(
    /a port is closed: UDP from 10\.10\.0\.[12] to 10\.10\.0\.3:6940: nothing arrived\n.*open it/,
  )
  expect([closed.code, existsSync(rs1.at('state'))]).toEqual([1, false])
  nft('delete table inet firewall')
  expect(await rs1.setUp('join', realservers)).toMatch(/rs1 is a node of cluster lab, at revision 3/)
  expect(existsSync(rs1.at('coordinator'))).toBe(false)
  const agents = [dir1, dir2, rs1].map((machine) => machine.act())
  for (const agent of agents) await says(agent, /runs, revision 3/)

  // Where no coordinator is, the agent passes on what is asked, as far as its node's word is good.
  expect(await rs1.lvsm('config', 'history')).toMatch(/ 3 .*rs1 joined/)
  expect((await rs1.tried('token', 'create')).said).toMatch(/on rs1 is viewer, and this is for admins[^]*on a director/)
  expect(await rs1.lvsm('drain', 'rs1', '--yes')).toMatch(/rs1/)
  expect(await dir2.lvsm('intents')).toMatch(/rs1.* on rs1/)

  const changed = await dir1.lvsm('node', 'set', 'rs1', 'coordinator=true', '--yes', '-m', 'may vote')
  expect(changed).toMatch(/revision 4/)
  expect(changed).toMatch(/all 3 nodes use it/)
  expect(await dir2.lvsm('config', 'history')).toMatch(/ 4 .*may vote[^]* 3 .*rs1 joined[^]* 2 .*dir2 joined/)

  // Who is removed is out at once, and a token that was used lets nobody in.
  await dir1.lvsm('node', 'remove', 'rs1', '--yes', '--no-wait')
  await says(agents[2] ?? expect.fail(), /does not know this node|no coordinator/i)
})
