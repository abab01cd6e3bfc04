/** Prometheus as Debian has it scrapes two real agents, and our rules fire on what it finds. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { killAll, spawned, startDaemon, type Started } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

const SLOW_MS = 90_000
const RULES = join(import.meta.dirname, '../../scripts/package/root/usr/share/lvsm/prometheus-rules.yml')
const PORT = 9464
const home = mkdtempSync(join(tmpdir(), 'lvsm-prometheus-'))
const env = { PATH: process.env['PATH'] }
afterAll(() => {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
})

const inside = (pid: number, ...command: readonly string[]): string =>
  execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, ...command], { encoding: 'utf8' })
const ip = (pid: number, words: string): string => inside(pid, 'ip', ...words.split(' '))
/** Whoever has its network namespace lives as long as the test. */
async function machine(): Promise<number> {
  const { pid } = spawned(['unshare', '--net', '--', 'sleep', '3600'], env)
  await eventually(() => expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sleep\n'), SLOW_MS)
  ip(pid, 'link set lo up')
  return pid
}
async function agent(node: string, beside: number): Promise<Started> {
  const dirs = ['--run-dir', join(home, node), '--state-dir', join(home, `${node}-state`)]
  const one = startDaemon('lvsm-agent', ['--config', join(home, 'lvsm.yaml'), '--node', node, ...dirs], { beside })
  await eventually(() => expect(one.said()).toMatch(new RegExp(`${node} of cluster lab runs`)), SLOW_MS)
  return one
}

let rs1 = 0
let other: Started
/** What a question to Prometheus brings: `labels => value`. */
const ask = (query: string): string[] =>
  inside(rs1, 'promtool', 'query', 'instant', 'http://127.0.0.1:9090', query)
    .split('\n')
    .filter((line) => line.includes('=>'))
    .map((line) => line.replace(/ @\[.*$/, ''))

beforeAll(async () => {
  const quiet = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')
  writeFileSync(join(home, 'lvsm.yaml'), quiet.replace('revision: 1', `revision: 1\nmonitoring-port: ${PORT}`), {
    mode: 0o600,
  })
  const machines = [await machine(), await machine()] as const
  rs1 = machines[0]
  ip(rs1, `link add inside type veth peer name inside netns ${machines[1]}`)
  for (const [at, pid] of machines.entries()) {
    ip(pid, `address add 10.12.0.${11 + at}/24 dev inside`)
    ip(pid, 'link set inside up')
  }
  await agent('rs1', rs1)
  other = await agent('rs2', machines[1])
  // The same rules, that need not last so long.
  writeFileSync(join(home, 'rules.yml'), readFileSync(RULES, 'utf8').replaceAll(/\bfor: \w+/g, 'for: 1s'))
  const targets = ['10.12.0.11', '10.12.0.12'].map((address) => `'${address}:${PORT}'`).join(', ')
  writeFileSync(
    join(home, 'prometheus.yml'),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: lvsm
    static_configs: [{ targets: [${targets}] }]
`,
  )
  mkdirSync(join(home, 'data'))
  const words = [`--config.file=${join(home, 'prometheus.yml')}`, `--storage.tsdb.path=${join(home, 'data')}`]
  const command = [
    'nsenter',
    `--net=/proc/${rs1}/ns/net`,
    'prometheus',
    ...words,
    '--web.listen-address=127.0.0.1:9090',
  ]
  spawned(command, env)
  await eventually(() => expect(ask('up')).toHaveLength(2), SLOW_MS)
}, 2 * SLOW_MS)

test('its tool finds nothing wrong with our rules', () =>
  expect(execFileSync('promtool', ['check', 'rules', RULES], { encoding: 'utf8' })).toMatch(
    /SUCCESS: 1[0-9] rules found/,
  ))

test('both agents are targets that are up, each under its own name', async () => {
  await eventually(() => expect(ask('up{job="lvsm"} == 1')).toHaveLength(2), SLOW_MS)
  await eventually(() => {
    const nodes = ask('lvsm_node_info').map((line) => /node="(\w+)"/.exec(line)?.[1])
    expect(new Set(nodes)).toEqual(new Set(['rs1', 'rs2']))
  }, SLOW_MS)
  expect(ask('lvsm_troubles{severity="critical", node="rs1"}')).toHaveLength(1)
})

test('a rule of ours fires where a node has a critical trouble, and where one is not reached any more', async () => {
  const firing = (): string[] =>
    ask('ALERTS{alertstate="firing"}').map((line) => {
      const [, name = ''] = /alertname="(\w+)"/.exec(line) ?? []
      const [, about = ''] = /(?:node|instance)="([^"]+)"/.exec(line) ?? []
      return `${name} ${about}`
    })
  // Neither has a lease process.
  await eventually(() => {
    expect(firing()).toEqual(expect.arrayContaining(['LvsmCriticalTrouble rs1', 'LvsmCriticalTrouble rs2']))
  }, SLOW_MS)
  expect(firing().filter((one) => one.startsWith('LvsmUnreached'))).toEqual([])
  other.child.kill('SIGKILL')
  await eventually(() => expect(firing()).toContain(`LvsmUnreached 10.12.0.12:${PORT}`), SLOW_MS)
  expect(firing()).toContain('LvsmCriticalTrouble rs1')
})
