import {
  COORDINATOR_METRICS,
  counterOf,
  DELAY_BOUNDS_MS,
  type MetricName,
  type MetricsQuery,
  type Status,
} from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { MemoryConfiguration } from '../../test/kit/configuration.ts'
import { metricsText } from './metrics.ts'

const CLUSTER: Status = {
  cluster: 'lab',
  node: 'dir1',
  revision: 1,
  quorum: true,
  groups: [],
  services: [],
  nodes: [
    { name: 'rs1', roles: [], voter: false, state: 'serving', reason: '', standby: false, agent: true, ageMs: 1500 },
    { name: 'rs2', roles: [], voter: false, state: 'unknown', reason: '', standby: false, agent: false, ageMs: null },
  ],
  troubles: [],
  counters: {},
}
const configuration = new MemoryConfiguration()
const VIEW: Parameters<typeof metricsText>[0] = {
  coordinator: configuration.status(),
  known: configuration.known(),
  cluster: CLUSTER,
  counters: { 'login-password': 3, 'drop-feed-flood': 2 },
  writes: { counts: [1, ...DELAY_BOUNDS_MS.map(() => 0)], sumMs: 0.5, worstMs: 0.5 },
  bytes: 4096,
  following: 2,
  applied: [['rs1', { revision: 7 }]],
}
const text = (cluster: Status | null = CLUSTER, coordinator = configuration.status()): string =>
  metricsText({ ...VIEW, coordinator, cluster })

/** Of the text format: a sample is a name, labels, and a number. */
const SAMPLE = /^([a-z_]+)(\{[a-z]+="(?:[^"\\]|\\.)*"(?:,[a-z]+="(?:[^"\\]|\\.)*")*\})? (-?[0-9.e+-]+)$/

const NAMES = ['plain', 'a"b', 'a\\', 'a\nb', '', '{}', 'näme, "x"="y"', '\u0000', '__proto__', '\ud800']
const STRANGE: Status = {
  ...CLUSTER,
  groups: NAMES.map((name) => ({
    name,
    owner: name,
    number: 2 ** 53 - 1,
    leftMs: 1e300,
    addresses: [],
    directors: [],
    pings: [],
    state: 'owned',
    reason: name,
  })),
  nodes: NAMES.flatMap((name) => (CLUSTER.nodes[0] ? [{ ...CLUSTER.nodes[0], name, ageMs: 1e21 }] : [])),
}
const { members, raft } = configuration.status()
/** Its machine was set up anew. */
const TWICE = { raft, members: new Map([...members, [9, { ...(members.get(2) ?? expect.fail('no member')) }]]) }

test.each([
  ['of a cluster', text()],
  ['of strange names and numbers', text(STRANGE)],
  ['of a node that has been two coordinators', text(CLUSTER, TWICE)],
])('%s it is the text format: each metric with help and type before its samples, and no sample twice', (_, told) => {
  const lines = told.trimEnd().split('\n')
  const seen = new Set<string>()
  let [help, type, kind] = ['', '', '']
  for (const line of lines) {
    const [, about] = /^# HELP ([a-z_]+) \S/.exec(line) ?? []
    const [, typed, its = ''] = /^# TYPE ([a-z_]+) (counter|gauge|histogram)$/.exec(line) ?? []
    if (about !== undefined) help = about
    else if (typed !== undefined) [type, kind] = [typed, its]
    else {
      const [, name = '', labels = ''] = SAMPLE.exec(line) ?? expect.fail(line)
      const base = kind === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name
      expect([help, type]).toEqual([base, base])
      expect(seen.has(name + labels), line).toBe(false)
      seen.add(name + labels)
    }
  }
  expect(lines.filter((line) => line.startsWith('# TYPE')).length).toBe(
    new Set(lines.filter((line) => line.startsWith('# TYPE'))).size,
  )
})
test('every metric of a coordinator has a sample', () => {
  const named = new Set([...text().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  for (const name of Object.keys(COORDINATOR_METRICS)) expect(named).toContain(name)
})
test('they say what there is', () => {
  const lines = text().split('\n')
  const expected = [
    'lvsm_raft_role{role="leader"} 1',
    'lvsm_raft_term 7',
    'lvsm_raft_commit_index 40',
    'lvsm_raft_log_entries 12',
    'lvsm_raft_members{role="voter"} 2',
    'lvsm_raft_peer_match_index{peer="dir2"} 41',
    'lvsm_raft_peer_silent_seconds{peer="9"} 65',
    'lvsm_disk_writable 1',
    'lvsm_store_bytes 4096',
    'lvsm_store_write_seconds_count 1',
    'lvsm_config_revision 1',
    'lvsm_feed_connections 2',
    'lvsm_applied_revision{node="rs1"} 7',
    'lvsm_report_age_seconds{node="rs1"} 1.5',
    'lvsm_node_up{node="rs1"} 1',
    'lvsm_failed_logins_total{how="password"} 3',
    'lvsm_failed_logins_total{how="token"} 0',
    'lvsm_dropped_total{what="feed",reason="flood"} 2',
    'lvsm_dropped_total{what="connection",reason="key"} 0',
  ]
  for (const line of expected) expect(lines).toContain(line)
  // Of nobody else: what it does not count is not 0.
  expect(text()).not.toContain('what="datagram"')
  expect(text()).not.toContain('lvsm_report_age_seconds{node="rs2"}')
  expect(text(null)).not.toContain('lvsm_quorum')
})
const [GROUP] = STRANGE.groups
const OWNED: Status = { ...CLUSTER, groups: GROUP ? [{ ...GROUP, name: 'web', owner: 'rs1' }] : [] }
test('realservers are told one by one where they are not too many, or that is wanted; how many of each service there are always', () => {
  const realserver = { forward: 'dr', weight: 1, active: 0, inactive: 0, healthy: true, reason: '' } as const
  const servicesOf = (count: number): Status['services'] => [
    {
      ...{ name: 'http', group: 'web', protocol: 'tcp', address: '10.11.0.10', port: 80, scheduler: 'wlc' },
      realservers: Array.from({ length: count }, (_, at) => ({
        ...realserver,
        node: `rs${at}`,
        address: '10.11.0.11',
        port: at,
      })),
    },
  ]
  const told = (count: number, wanted: MetricsQuery) => {
    const all = metricsText({ ...VIEW, cluster: { ...OWNED, services: servicesOf(count) } }, wanted)
    expect(all).toContain(`lvsm_service_realservers{group="web",service="http",state="healthy"} ${count}`)
    return all.split('\n').filter((line) => line.startsWith('lvsm_realserver_weight{')).length
  }
  expect([told(3, {}), told(3, { realservers: 'no' })]).toEqual([3, 0])
  expect([told(2001, {}), told(2001, { realservers: 'yes' })]).toEqual([0, 2001])
})
test('the name of what is counted is known', () => {
  const metric: MetricName | undefined = counterOf('login-token')?.metric
  expect(metric).toBe('lvsm_failed_logins_total')
})
