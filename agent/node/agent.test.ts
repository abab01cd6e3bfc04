/** The agent as a whole, on a kernel that does nothing: what is wired to what, and what a new configuration does. */
import { NO_FACTS } from '@lvsm/changes'
import { encodeKeptAlerts, ROUTES, type RouteName, readResponse } from '@lvsm/protocol'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { boottime } from '@lvsm/kernel'
import { checkConfig, SAMPLE } from '@lvsm/model'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../test/kit/eventually.ts'
import { Agent } from './agent.ts'
import type { Read } from './configuration.ts'
import { NO_COORDINATORS } from './machine.ts'
import type { Kernel } from './ports.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

function configuration(revision: number, more = ''): Extract<Read, { ok: true }> {
  // Nobody is pinged, and nobody checked, by a test.
  const text = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval') + more
  const { config, refusals } = checkConfig(text.replace('revision: 1', `revision: ${revision}`))
  if (!config) throw new Error(JSON.stringify(refusals))
  return { ok: true, config, secrets: new Map(), warnings: [], facts: NO_FACTS }
}

/** `during`: what the kernel says while it is looked at; `finds`: what is in its directories before. */
function started(
  during: (changed: () => void) => void = () => undefined,
  first = configuration(1),
  finds: (home: string) => void = () => undefined,
) {
  const home = mkdtempSync(join(tmpdir(), 'lvsm-agent-'))
  finds(home)
  const said: string[] = []
  const exits: number[] = []
  const calls: string[] = []
  let next: Read = configuration(2)
  let changed = (): void => undefined
  const kernel: Kernel = {
    observe({ sysctls, services }) {
      calls.push('observe')
      during(() => changed())
      const host = { links: [], addresses: [], defaults: [], natRules: null }
      return { ...host, services: services ? [] : null, sysctls: new Map(sysctls.map((path) => [path, '0'])) }
    },
    sockets: () => ({ kind: 'sockets', found: [], error: '', load: 0 }),
    apply() {
      calls.push('apply')
      return { message: 'not by a test' }
    },
    watch: (told) => void (changed = told),
    close: () => void calls.push('close'),
  }
  const agent = new Agent(
    {
      node: 'dir1',
      runDir: home,
      stateDir: home,
      pass: null,
      begun: { machine: 'm', sentence: 'starts', before: null, awayMs: null },
    },
    first,
    {
      clock: boottime,
      coordinators: NO_COORDINATORS,
      readConfiguration: () => next,
      readFence: () => [],
      mayListenAgain: () => true,
      say: (text) => void said.push(text),
      exit: (code) => void exits.push(code),
    },
    kernel,
  )
  ends.push(() => {
    if (exits.length === 0) agent.stop('the test is over')
    // A look at whether it can be written may be under way.
    rmSync(home, { recursive: true, maxRetries: 20 })
  })
  return {
    agent,
    said,
    exits,
    calls,
    reads: (read: Read) => void (next = read),
    changed: () => changed(),
    ask: asker(home),
  }
}

const asker =
  (home: string) =>
  (name: RouteName, body?: unknown): Promise<{ status: number; value: unknown }> =>
    new Promise((resolve, reject) => {
      const { method, path } = ROUTES[name]
      const outgoing = request({ socketPath: join(home, 'agent.sock'), method, path, agent: false }, (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => (text += chunk))
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, value: JSON.parse(text) }))
      })
      outgoing.on('error', reject)
      outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    })

test('answers for its status, its history and its fence by the table of routes', async () => {
  const { ask, calls, said } = started()
  expect(calls[0]).toBe('observe')
  expect(said[0]).toBe('dir1 of cluster lab runs, revision 1')
  for (const name of ['status', 'events', 'fence'] as const) {
    const { status, value } = await ask(name)
    expect(status, name).toBe(200)
    // Nothing of it is lost on the way.
    expect(readResponse(name, value), name).toEqual(value)
  }
})

test('what receivers were told before it started is known, though its lease process is seen before its configuration', async () => {
  const told = { ops: { what: 'firing', ageMs: 1000 } } as const
  const cause = {
    code: 'no-ipvs',
    object: 'node rs1',
    severity: 'critical',
    summary: 'this kernel has no IPVS',
  } as const
  const kept = { ...cause, startedMs: Date.now() - 5000, endedMs: null, ageMs: 5000, told }
  const receivers = 'receivers:\n  - { name: ops, type: webhook, url: "http://127.0.0.1:9/" }\n'
  const { ask } = started(undefined, configuration(1, receivers), (home) => {
    writeFileSync(join(home, 'lvsm-lease.life'), 'lvsm-life 1\nlife 4711.1\nversion 0.1.0\ncode 70\nline ends\n')
    writeFileSync(join(home, 'agent.alerts'), encodeKeptAlerts({ wallMs: Date.now(), told: [kept] }), { mode: 0o600 })
  })
  expect((await ask('events')).value, 'it was seen').toMatchObject({
    events: expect.arrayContaining([expect.objectContaining({ reason: expect.stringContaining('lvsm-lease') })]),
  })
  expect((await ask('alerts')).value).toMatchObject({
    alerts: [{ code: 'no-ipvs', object: 'node rs1', told: [{ receiver: 'ops', what: 'firing' }] }],
  })
})

test('answers commands once the core has: what went wrong has its own status', async () => {
  const { ask } = started()
  expect(await ask('switchover', { group: 'wbe' })).toMatchObject({
    status: 404,
    value: { refusals: [{ code: 'unknown-group' }] },
  })
  expect(await ask('switchover', { group: 'web' })).toMatchObject({
    status: 503,
    value: { refusals: [{ code: 'no-lease-process' }] },
  })
  expect(await ask('standby', { on: true, name: 'mars' })).toMatchObject({
    status: 404,
    value: { refusals: [{ code: 'unknown-node' }] },
  })
})

test('a configuration that would cut this node off the others is refused like one with faults', async () => {
  const { agent, ask, reads, said } = started()
  const next = configuration(2)
  reads({ ...next, config: { ...next.config, cluster: 'other' } })
  agent.reload('SIGHUP')
  const status = readResponse('status', (await ask('status')).value)
  expect(status?.revision).toBe(1)
  expect(status?.troubles).toContainEqual(
    expect.objectContaining({
      code: 'configuration-refused',
      evidence: expect.stringMatching(/^cluster: the cluster was called lab, /),
      hint: expect.stringMatching(/^stop every node/),
    }),
  )
  expect(said.some((line) => line.startsWith('cluster: the cluster was called lab'))).toBe(true)
})

test('a configuration that is read again is in use at once; one with faults changes nothing, and status says so', async () => {
  const { agent, ask, reads, said } = started()
  const seen = async () => {
    const status = readResponse('status', (await ask('status')).value)
    const refused = status?.troubles.find(({ code }) => code === 'configuration-refused')
    return { revision: status?.revision, refused: refused !== undefined, evidence: refused?.evidence }
  }
  expect(await seen()).toMatchObject({ revision: 1, refused: false })
  agent.reload('SIGHUP')
  expect(await seen()).toMatchObject({ revision: 2, refused: false })
  reads({ ok: false, faults: ['lvsm.yaml:3:1: groups: "groups" is missing', 'another'] })
  agent.reload('SIGHUP')
  const evidence = 'lvsm.yaml:3:1: groups: "groups" is missing'
  expect(await seen()).toEqual({ revision: 2, refused: true, evidence })
  expect(said).toContain('lvsm.yaml:3:1: groups: "groups" is missing')
  expect(said).toContain('the configuration was refused at SIGHUP: revision 2 stays in use')
  reads(configuration(3))
  agent.reload('SIGHUP')
  expect(await seen()).toMatchObject({ revision: 3, refused: false })
  const events = readResponse('events', (await ask('events')).value)?.events ?? []
  expect(events.filter(({ kind }) => kind === 'configured')).toHaveLength(2)
})

test('facts that cannot be read take nothing back that is known, and status says so until they can', async () => {
  const { agent, ask, reads } = started()
  const drain = { subject: { kind: 'server', node: 'rs1', service: null }, intent: 'drain', author: 'ann' } as const
  const fact = { ...drain, since: 5, until: null, comment: '', number: 1 }
  const seen = async () => {
    const { wanted = [], troubles = [] } = readResponse('status', (await ask('status')).value) ?? {}
    const trouble = troubles.find(({ code }) => code === 'facts-damaged')?.message ?? ''
    return [wanted.map(({ what }) => what), trouble.replace(/^.*: /, '')]
  }
  reads({ ...configuration(2), facts: null })
  agent.reload('revision 2')
  expect(await seen()).toEqual([[], 'none of it is known here, and all serve as configured'])
  reads({ ...configuration(2), facts: { number: 1, list: [fact], ends: [] } })
  agent.reload('facts 1')
  expect(await seen()).toEqual([['server rs1'], ''])
  reads({ ...configuration(2), facts: null })
  agent.reload('SIGHUP')
  expect(await seen()).toEqual([['server rs1'], 'what was known before holds on'])
  reads(configuration(2))
  agent.reload('SIGHUP')
  expect(await seen()).toEqual([[], ''])
})

test('warnings about the configuration are in the log and in status until one comes without them', async () => {
  const { agent, ask, reads, said } = started()
  const codes = async () => readResponse('status', (await ask('status')).value)?.troubles.map(({ code }) => code) ?? []
  const warned = (severity: 'warning' | 'info', code: string) => ({
    severity,
    code,
    line: 5,
    field: 'keys[0]',
    message: `a ${code} one`,
  })
  const many = Array.from({ length: 10 }, (_, at) => warned('warning', `weak-${at}`))
  reads({
    ...configuration(2),
    warnings: [warned('info', 'idle-node'), warned('warning', 'no-known-network'), ...many],
  })
  agent.reload('SIGHUP')
  expect(said).toContain('configuration:5: warning: keys[0]: a weak-0 one')
  expect(said).toContain('configuration:5: info: keys[0]: a idle-node one')
  const found = await codes()
  expect(found).toEqual(expect.arrayContaining(['weak-0', 'weak-7', 'more-warnings']))
  expect(found).not.toContain('weak-8')
  expect(found).not.toContain('idle-node')
  expect(found, 'the agent sees for itself').not.toContain('no-known-network')
  reads({ ...configuration(3), warnings: many.slice(1, 2) })
  agent.reload('SIGHUP')
  expect((await codes()).filter((code) => code.startsWith('weak') || code.startsWith('more'))).toEqual(['weak-1'])
})

test('a kernel that reports changes without end drops its own reports, and nothing else', async () => {
  const { calls, said } = started((changed) => {
    for (let times = 0; times < 5000; times++) changed()
  })
  await eventually(() => expect(calls).toContain('apply'))
  expect(said).toContainEqual('more than 4096 inputs wait: a changed was dropped, the first one')
})

test('a stop closes everything, and touches nothing', () => {
  const { agent, calls, exits } = started()
  const before = calls.filter((call) => call === 'apply').length
  agent.stop('SIGTERM')
  expect([exits, calls.at(-1)]).toEqual([[0], 'close'])
  expect(calls.filter((call) => call === 'apply')).toHaveLength(before)
})
