/** Metrics as Prometheus's own tool reads them: of a real agent, of a kernel with services, and of a coordinator. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SAMPLE } from '@lvsm/model'
import { METRIC_PARTS, type Metric } from '@lvsm/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { metricsOf } from '../../agent/counts/metrics.ts'
import { NAMES } from '../../agent/counts/fixture.ts'
import { namingOf } from '../../agent/counts/named.ts'
import { metricsText } from '../../coordinator/api/metrics.ts'
import { MemoryConfiguration } from '../kit/configuration.ts'
import { killAll, startDaemon } from '../kit/daemons.ts'
import { eventually } from '../kit/eventually.ts'

const SLOW_MS = 60_000
const QUIET = SAMPLE.replace(/ {4}ping: .*\n/, '').replace('type: tcp, interval', 'type: none, interval')
let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'lvsm-metrics-'))
})
afterEach(() => {
  killAll(home)
  rmSync(home, { recursive: true, force: true })
})

/** What `promtool check metrics` finds: faults, and names that are not as they should be. */
function foundBy(text: string): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  if (error) throw error
  return status === 0 ? '' : `${stdout}${stderr}`
}
const scrape = (socketPath: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics', agent: false }, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => (text += String(chunk)))
      incoming.on('end', () => (incoming.statusCode === 200 ? resolve(text) : reject(new Error(text))))
    })
    asked.on('error', reject)
    asked.end()
  })
const namesIn = (text: string): string[] => [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name)

test('the tool finds what is wrong', () => {
  expect(foundBy('a_total{x="1} 1\n')).not.toBe('')
  expect(foundBy('# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n')).not.toBe('')
})

test('an agent answers, and the tool finds nothing', async () => {
  const config = join(home, 'lvsm.yaml')
  writeFileSync(config, QUIET, { mode: 0o600 })
  const args = ['--config', config, '--node', 'rs1', '--run-dir', join(home, 'run'), '--state-dir', join(home, 'state')]
  const agent = startDaemon('lvsm-agent', args)
  await eventually(() => expect(agent.said()).toMatch(/rs1 of cluster lab runs/), SLOW_MS)
  const text = await scrape(join(home, 'run/agent.sock'))
  expect(foundBy(text)).toBe('')
  expect(text).toMatch(/^lvsm_node_info\{cluster="lab",node="rs1",version="[^"]+"\} 1$/m)
  expect(namesIn(text)).toEqual(
    expect.arrayContaining(['lvsm_dropped_total', 'lvsm_check_duration_seconds', 'lvsm_ipvs']),
  )
})

test('of services and realservers it finds nothing, nor in what a coordinator says', () => {
  const stats = {
    ...{ connections: 11, inPackets: 12, outPackets: 13, inBytes: 14, outBytes: 2 ** 40 },
    ...{
      connectionsPerSecond: 1,
      inPacketsPerSecond: 0,
      outPacketsPerSecond: 0,
      inBytesPerSecond: 0,
      outBytesPerSecond: 0,
    },
  }
  const destination = {
    ...{
      address: '10.11.0.11',
      port: 80,
      forward: 'dr' as const,
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      stats,
    },
    ...{ activeConnections: 1, inactiveConnections: 2, persistentConnections: 3 },
  }
  const readings = [{ key: 'tcp 10.11.0.10:80', stats, destinations: [destination] }]
  const question = { kind: 'metrics' as const, wanted: {}, samples: [], histograms: {}, health: [], found: [] }
  const text = metricsOf(namingOf(NAMES), readings, stats, question)
  const configuration = new MemoryConfiguration()
  const coordinator = metricsText({
    coordinator: configuration.status(),
    known: configuration.known(),
    cluster: null,
    counters: {},
    writes: { counts: [1], sumMs: 1, worstMs: 1 },
    bytes: 1,
    following: 1,
    applied: [['rs1', { revision: 1 }]],
  })
  for (const one of [text, coordinator]) expect(foundBy(one)).toBe('')
  const all = Object.keys({ ...METRIC_PARTS.node } satisfies Readonly<Record<string, Metric>>)
  const kernel = all.filter((name) => /^(node_ipvs|lvsm_(service|realserver))_/.test(name))
  expect(namesIn(text)).toEqual(expect.arrayContaining(kernel))
})
