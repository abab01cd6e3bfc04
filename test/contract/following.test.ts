/** One command changes a node: through a coordinator and its database to an agent that follows, and into its kernel. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { encodeNodeIdentity } from '@lvsm/protocol'
import { fingerprintOf } from '@lvsm/trust'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openStore } from '../../coordinator/adapters/store/store.ts'
import { MACHINE } from '../../coordinator/core/machine.ts'
import { databaseOf, readHome } from '../../coordinator/home.ts'
import { alone } from '../kit/alone.ts'
import { enrolled } from '../kit/enrolled.ts'
import { killAll, spawned, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'
import { program } from '../kit/programs.ts'

/** Processes of their own on a machine that has much else to do. */
const SLOW_MS = 60_000

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-following-'))
  writeFileSync(join(home, 'key'), 'ab'.repeat(32), { mode: 0o600 })
  write('lvsm.yaml', SAMPLE)
})
afterEach(() => {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
})
const write = (name: string, text: string): string => {
  const path = join(home, name)
  const quiet = text.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')
  writeFileSync(path, quiet.replace(/secret: "\w+"/, `file: ${join(home, 'key')}`), { mode: 0o600 })
  return path
}
const dirs = (name: string): string[] => ['--run-dir', join(home, name), '--state-dir', join(home, `${name}-state`)]
const socket = (): string => join(home, 'coordinator', 'coordinator.sock')
const says = (one: Started, words: RegExp): Promise<void> =>
  eventually(() => expect(one.said()).toMatch(words), SLOW_MS)
/** Whoever has its network namespace lives as long as the test. */
async function machine(): Promise<number> {
  const { pid } = spawned(['unshare', '--net', '--', 'sleep', '3600'], { PATH: process.env['PATH'] })
  // It is in a namespace of its own when it has become what it was started for.
  await eventually(() => expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n'), SLOW_MS)
  ip(pid, 'link set lo up')
  return pid
}
const ip = (pid: number, words: string): string =>
  execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...words.split(' ')], { encoding: 'utf8' })
/** Two machines with the addresses of rs1 and rs2, and a cable for each of their networks. */
async function machines(): Promise<readonly [rs1: number, rs2: number]> {
  const [one, other] = [await machine(), await machine()]
  for (const [name, network] of [
    ['outside', '10.11.0'],
    ['inside', '10.12.0'],
  ] as const) {
    ip(one, `link add ${name} type veth peer name ${name} netns ${other}`)
    for (const [pid, host] of [
      [one, 11],
      [other, 12],
    ] as const) {
      ip(pid, `address add ${network}.${host}/24 dev ${name}`)
      ip(pid, `link set ${name} up`)
    }
  }
  return [one, other]
}
/** Aliases on its lo. */
const addresses = (pid: number): string[] => {
  const [lo]: { addr_info: { local: string }[] }[] = JSON.parse(ip(pid, '-j addr show lo'))
  return lo?.addr_info.map(({ local }) => local).filter((local) => !/^127\.|^::/.test(local)) ?? []
}
const bothHave = (pids: readonly number[], address: string): Promise<void> =>
  eventually(() => expect(pids.map(addresses)).toEqual([[address], [address]]), SLOW_MS)
async function lvsm(...words: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], LVSM_COORDINATOR_SOCKET: socket() }
  const one = spawned([process.execPath, program('lvsm'), ...words], env)
  expect([await one.ended, one.said()]).toEqual([0, expect.any(String)])
  return one.said()
}

/** As a token would let it in: into the log of a coordinator that does not run yet. */
async function enter(node: string): Promise<void> {
  const stateDir = join(home, 'coordinator-state')
  const read = readHome(stateDir)
  const opened = await openStore({ path: databaseOf(stateDir), machine: MACHINE })
  if (!read.ok || !opened.ok) throw new Error('no coordinator was founded')
  const { self, certificate } = read.home
  const coordinator = alone(opened.store, self.id)
  await eventually(() => expect(coordinator.status().raft.role).toBe('leader'), SLOW_MS)
  const authority = {
    certificate: read.home.authority,
    privateKey: readFileSync(join(stateDir, 'authority.key'), 'utf8'),
  }
  const place = { addresses: self.listen, key: fingerprintOf(certificate) }
  const identity = await enrolled(coordinator, authority, self.cluster, node, [place])
  await coordinator.stop()
  await opened.store.close()
  mkdirSync(join(home, `${node}-state`))
  writeFileSync(join(home, `${node}-state`, 'node.json'), encodeNodeIdentity(identity), { mode: 0o600 })
}

test('agents follow, with a coordinator of their own and without, and go on when it is dead', async () => {
  const [rs1, rs2] = await machines()
  const both = [rs1, rs2]
  const identity = ['--identity', join(home, 'rs1-state', 'node.json')]
  const founding = ['--found', join(home, 'lvsm.yaml'), '--node', 'rs1', '--listen', '10.12.0.11', ...identity]
  expect(await startDaemon('lvsm-coordinator', [...founding, ...dirs('coordinator')]).ended).toBe(0)
  await enter('rs2')
  const stranger = startDaemon('lvsm-agent', dirs('rs9'), { beside: rs2 })
  expect(await stranger.ended).toBe(78)
  expect(stranger.said()).toMatch(/in no cluster[^]*→ .*lvsm init.*lvsm join TOKEN/)
  const start = (name: string, beside: number): Started => startDaemon('lvsm-agent', dirs(name), { beside })
  const agents = [start('rs1', rs1), start('rs2', rs2)]
  for (const agent of agents) await says(agent, /waits for its first configuration/)
  const run = () => startDaemon('lvsm-coordinator', dirs('coordinator'), { beside: rs1 })
  let coordinator = run()
  for (const [at, agent] of agents.entries())
    await says(agent, new RegExp(`rs${at + 1} of cluster lab runs, revision 1`))
  await bothHave(both, '10.11.0.10')

  const moved = write('moved.yaml', SAMPLE.replaceAll('10.11.0.10', '10.11.0.20'))
  expect(await lvsm('config', 'apply', moved, '--yes', '-m', 'another address')).toMatch(/revision 2/)
  for (const agent of agents) await says(agent, /revision 2: the configuration was read again/)
  await bothHave(both, '10.11.0.20')
  await lvsm('config', 'rollback', '1', '--yes')
  await bothHave(both, '10.11.0.10')
  const uses = (node: string): RegExp => new RegExp(`the agent of ${node} uses revision 3`)
  // It says how it stands at that moment, and an agent tells what it uses a little later than its kernel shows it.
  const asked = (): void => {
    coordinator.child.kill('SIGUSR1')
    for (const node of ['rs1', 'rs2']) expect(coordinator.said()).toMatch(uses(node))
  }
  await vi.waitFor(asked, { interval: 200, timeout: SLOW_MS })

  coordinator.child.kill('SIGKILL')
  await coordinator.ended
  for (const agent of agents) {
    await says(agent, /no coordinator can be followed .*revision 3 stays in use/)
    agent.child.kill('SIGTERM')
    expect(await agent.ended).toBe(0)
  }
  const again = [start('rs1', rs1), start('rs2', rs2)]
  for (const [at, agent] of again.entries())
    await says(agent, new RegExp(`rs${at + 1} of cluster lab runs, revision 3`))
  await bothHave(both, '10.11.0.10')
  coordinator = run()
  await eventually(() => lvsm('config', 'rollback', '2', '--yes'), SLOW_MS)
  await bothHave(both, '10.11.0.20')
})
