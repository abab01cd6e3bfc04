/** HAProxy as Debian has it, as the client of our agents: what it makes of the words of a real `lvsm-prober`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant } from '@lvsm/base'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import type { AgentFact } from '@lvsm/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startProber } from '../../agent/node/monitoring.ts'
import { eventually } from '../kit/eventually.ts'
import { freePort } from '../kit/free-port.ts'

const OWN = '127.0.0.1'
const SLOW_MS = 30_000
const CONFIG = checkConfig(SAMPLE).config as Config
const WELL: AgentFact = { service: 'http', admin: 'ready', up: true, percent: 100, why: '', listens: null }

const home = mkdtempSync(join(tmpdir(), 'lvsm-haproxy-'))
let haproxy: ChildProcess
let said: readonly AgentFact[] = [WELL]
let alive = ''
const prober = startProber({ clock: () => instant(performance.now()), say: () => undefined }, () => undefined, {
  well: () => ({ alive, ready: '', owners: {}, agent: said }),
  metrics: () => undefined,
})
afterAll(() => {
  prober.close()
  haproxy?.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

/** Of its statistics socket (HAProxy, management.txt). */
const ask = (command: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(join(home, 'stats.sock'), () => void socket.end(`${command}\n`))
    socket.on('data', (chunk) => (text += String(chunk)))
    socket.on('close', () => resolve(text))
    socket.on('error', reject)
  })
async function seen(backend: string): Promise<Readonly<Record<string, string>>> {
  const [head = '', ...rows] = (await ask('show stat')).split('\n')
  const names = head.replace(/^# /, '').split(',')
  const values = rows.find((row) => row.startsWith(`${backend},rs1,`))?.split(',') ?? []
  const all = Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
  return { status: all['status'] ?? '', weight: all['weight'] ?? '', agent: all['agent_status'] ?? '' }
}

beforeAll(async () => {
  const [agentPort, http, mail, node] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const nodes = CONFIG.nodes.map((one) => ({ ...one, links: one.links.map((link) => ({ ...link, address: OWN })) }))
  prober.configure('rs1', { ...CONFIG, nodes, agentCheck: { port: agentPort, link: null } })
  const backend = (name: string, port: number, send: string): string => `
backend ${name}
  server rs1 ${OWN}:${port} weight 100 agent-check agent-addr ${OWN} agent-port ${agentPort} agent-inter 100ms${send}`
  const configuration = `global
  stats socket ${join(home, 'stats.sock')} mode 600 level admin
defaults
  mode tcp
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout check 2s
${backend('http', http, ' agent-send "http\\n"')}
${backend('mail', mail, ' agent-send "mail\\n"')}
${backend('node', node, '')}
`
  writeFileSync(join(home, 'haproxy.cfg'), configuration)
  haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', join(home, 'haproxy.cfg')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await new Promise((resolve, reject) => haproxy.once('spawn', resolve).once('error', reject))
  await eventually(async () => expect(await ask('show info')).toMatch(/^Name: HAProxy/), SLOW_MS)
}, SLOW_MS)

test.each<[string, Partial<AgentFact>, { status: RegExp; weight?: string }]>([
  ['is well', {}, { status: /^(UP|no check)$/, weight: '100' }],
  ['has less weight', { percent: 40 }, { status: /^(UP|no check)$/, weight: '40' }],
  ['is drained', { admin: 'drain' }, { status: /^DRAIN/ }],
  ['serves again', { percent: 60 }, { status: /^(UP|no check)$/, weight: '60' }],
  ['is stopped', { admin: 'maint' }, { status: /^MAINT/ }],
  ['is back from there', {}, { status: /^(UP|no check)$/, weight: '100' }],
  ['failed', { up: false, why: 'connection refused' }, { status: /^DOWN \(agent\)/ }],
  ['is well again', {}, { status: /^(UP|no check)$/, weight: '100' }],
])('a server that %s', async (_, over, { status, weight }) => {
  said = [
    { ...WELL, ...over },
    { ...WELL, service: 'mail', percent: 80 },
  ]
  await eventually(
    async () => expect(await seen('http')).toMatchObject({ status: expect.stringMatching(status) }),
    SLOW_MS,
  )
  if (weight !== undefined) await eventually(async () => expect((await seen('http'))['weight']).toBe(weight), SLOW_MS)
  expect(await seen('mail'), 'each service for itself').toMatchObject({
    status: expect.stringMatching(/^(UP|no check)$/),
  })
})

test('of the node as a whole, where HAProxy sends no name', async () => {
  said = [WELL, { ...WELL, service: 'mail', percent: 30 }]
  await eventually(async () => expect((await seen('node'))['weight']).toBe('30'), SLOW_MS)
  said = [WELL, { ...WELL, service: 'mail', up: false, why: 'refused' }]
  await eventually(async () => expect(await seen('node')).toMatchObject({ weight: '100' }), SLOW_MS)
  said = said.map((one) => ({ ...one, up: false, why: 'refused' }))
  await eventually(async () => expect((await seen('node'))['status']).toMatch(/^DOWN/), SLOW_MS)
})

test('of a node that does not know how it stands nothing changes', async () => {
  said = [WELL, { ...WELL, service: 'mail', percent: 80 }]
  await eventually(async () => expect((await seen('http'))['status']).toMatch(/^(UP|no check)$/), SLOW_MS)
  alive = 'lvsm-lease: no socket'
  said = [{ ...WELL, up: false, why: 'not to be told' }]
  await eventually(async () => {
    const { agent = '' } = await seen('http')
    expect(agent).not.toMatch(/^L7OK/)
  }, SLOW_MS)
  expect((await seen('http'))['status']).toMatch(/^(UP|no check)$/)
  alive = ''
})
