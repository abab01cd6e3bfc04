/** One command changes a node: through a coordinator and its database to an agent that follows, and into its kernel. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { killAll, spawned, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

/** Processes of their own on a machine that has much else to do. */
const SLOW_MS = 60_000
const LVSM = join(import.meta.dirname, '../../packages/cli/src/main.ts')

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
/** A machine with the addresses of rs1: whoever has its network namespace lives as long as the test. */
function machine(): number {
  const { pid } = spawned(['unshare', '--net', '--', 'sleep', '3600'], { PATH: process.env['PATH'] })
  return pid
}
const ip = (pid: number, words: string): string =>
  execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...words.split(' ')], { encoding: 'utf8' })
async function furnish(pid: number): Promise<void> {
  // It is in a namespace of its own when it has become what it was started for.
  await eventually(() => expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n'), SLOW_MS)
  ip(pid, 'link set lo up')
  for (const [name, address] of [
    ['outside', '10.11.0.11/24'],
    ['inside', '10.12.0.11/24'],
  ] as const) {
    ip(pid, `link add ${name} type veth peer name ${name}-far`)
    ip(pid, `address add ${address} dev ${name}`)
    for (const end of [name, `${name}-far`]) ip(pid, `link set ${end} up`)
  }
}
const startAgent = (beside: number): Started =>
  startDaemon('lvsm-agent', ['--follow', socket(), '--node', 'rs1', ...dirs('agent')], { beside })
/** Aliases on its lo. */
const addresses = (pid: number): string[] => {
  const [lo]: { addr_info: { local: string }[] }[] = JSON.parse(ip(pid, '-j addr show lo'))
  return lo?.addr_info.map(({ local }) => local).filter((local) => !/^127\.|^::/.test(local)) ?? []
}
async function lvsm(...words: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], LVSM_COORDINATOR_SOCKET: socket() }
  const one = spawned([process.execPath, LVSM, ...words], env)
  expect([await one.ended, one.said()]).toEqual([0, expect.any(String)])
  return one.said()
}

test('an agent follows its coordinator, and goes on without it', async () => {
  const founding = ['--found', join(home, 'lvsm.yaml'), '--node', 'rs1', '--listen', '127.0.0.1']
  expect(await startDaemon('lvsm-coordinator', [...founding, ...dirs('coordinator')]).ended).toBe(0)
  const rs1 = machine()
  await furnish(rs1)
  const agent = startAgent(rs1)
  await says(agent, /waits for its first configuration/)
  const coordinator = startDaemon('lvsm-coordinator', dirs('coordinator'))
  await says(agent, /rs1 of cluster lab runs, revision 1/)
  await eventually(() => expect(addresses(rs1)).toEqual(['10.11.0.10']), SLOW_MS)

  const moved = write('moved.yaml', SAMPLE.replaceAll('10.11.0.10', '10.11.0.20'))
  expect(await lvsm('config', 'apply', moved, '--yes', '-m', 'another address')).toMatch(/revision 2/)
  await says(agent, /revision 2: the configuration was read again/)
  await eventually(() => expect(addresses(rs1)).toEqual(['10.11.0.20']), SLOW_MS)
  await lvsm('config', 'rollback', '1', '--yes')
  await eventually(() => expect(addresses(rs1)).toEqual(['10.11.0.10']), SLOW_MS)

  coordinator.child.kill('SIGKILL')
  await coordinator.ended
  await says(agent, /does not answer .*revision 3 stays in use/)
  agent.child.kill('SIGTERM')
  expect(await agent.ended).toBe(0)
  const again = startAgent(rs1)
  await says(again, /rs1 of cluster lab runs, revision 3/)
  await eventually(() => expect(addresses(rs1)).toEqual(['10.11.0.10']), SLOW_MS)
})
