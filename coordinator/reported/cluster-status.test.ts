/** What the coordinators make of reports: who owns what, who lives, and who is not believed. */
import type { NodeTrouble } from '@lvsm/protocol'
import { applyEntry, beginState, parseDocument, type State } from '@lvsm/changes'
import type { AgentReport } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { believedEvents, clusterStatusOf } from './cluster-status.ts'
import { Reported } from './reported.ts'

const parsed = parseDocument(SAMPLE_DOCUMENT).document
if (!parsed) throw new Error('the sample has faults')
const STATE: State = beginState(parsed, { at: 0, author: 'init', comment: '' })
const { groups, services, nodes } = STATE.config
const [group] = groups
const [service] = services
const [dir1 = '', dir2 = ''] = group?.directors ?? []
const realserver = nodes.find(({ roles }) => !roles.includes('director'))?.name ?? ''
const [first] = service?.realservers ?? []
const key = `${first?.address}:${first?.port}`

type Lease = Exclude<AgentReport['lease'], undefined | null>
const leaseOf = (role: Lease['groups'][number]['role'], owner: string | null, number = 7): Lease => ({
  quorum: true,
  groups: [
    { name: group?.name ?? '', role, owner, number, leftMs: role === 'owner' ? 500 : 0, reason: `${role} of it` },
  ],
  peers: [],
})
const tableOf = (active: number) => ({
  [service?.name ?? '']: [{ key, weight: 3, healthy: true, active, inactive: 1, reason: 'answered' }],
})

class Bench {
  readonly reported = new Reported()
  troubles: Omit<NodeTrouble, 'node'>[] = []
  others: NodeTrouble[] = []
  state = STATE
  now = 10_000
  says(node: string, more: Partial<AgentReport> = {}): this {
    const self = {
      revision: 1,
      state: 'owner',
      reason: `${node} says so`,
      standby: false,
      versions: { 'lvsm-agent': '1' },
    } as const
    const tables = more.tables ?? {}
    this.reported.take(
      node,
      { boot: node, number: 1, whole: true, self, lease: null, services: Object.keys(tables), events: [], ...more },
      { now: this.now, wall: { now: '', latest: '', msOf: () => 0 } },
    )
    return this
  }
  get status() {
    const { state, now, troubles, others } = this
    return clusterStatusOf({
      state,
      records: this.reported.all(),
      now,
      node: dir1,
      troubles,
      others,
      counters: { 'drop-feed-long': 1 },
    })
  }
  get group() {
    return this.status.groups[0]
  }
  node(name: string) {
    return this.status.nodes.find((one) => one.name === name)
  }
  get server() {
    return this.status.services[0]?.realservers[0]
  }
}
/** What a node's lease process hears of the others. */
const hears = (life: Lease['peers'][number]['life'], ...names: string[]): Lease => ({
  ...leaseOf('standby', null),
  peers: names.map((name) => ({ name, life, standby: false })),
})

test('the owner says what it owns, and its table is the one that is shown', () => {
  const bench = new Bench()
    .says(dir1, {
      lease: leaseOf('owner', dir1),
      tables: tableOf(4),
      counters: { 'drop-mac': 2, 'drop-feed-long': 9, nonsense: 1 },
    })
    .says(dir2, { lease: leaseOf('standby', dir1), tables: tableOf(9) })
  expect(bench.group).toMatchObject({ owner: dir1, number: 7, leftMs: 500, state: 'owned', reason: 'owner of it' })
  expect(bench.server).toMatchObject({ weight: 3, active: 4, inactive: 1, healthy: true, reason: 'answered' })
  expect(bench.status).toMatchObject({ quorum: true, node: dir1, counters: { 'drop-mac': 2, 'drop-feed-long': 1 } })
  expect(bench.status.counters).not.toHaveProperty('nonsense')
  expect(bench.node(dir1)).toMatchObject({ state: 'owner', agent: true, ageMs: 0, versions: { 'lvsm-agent': '1' } })
})

test('a table is told where it is the one of the owner, and it is known of each server in which one it is', () => {
  const bench = new Bench().says(dir1, { lease: leaseOf('owner', dir1), tables: tableOf(4) })
  expect(bench.status.services[0]).toMatchObject({ told: true })
  expect(bench.server).toMatchObject({ configured: first?.weight })
  expect(bench.status.services[0]?.realservers[1]).toMatchObject({
    weight: 0,
    reason: `${dir1} does not have it in its table yet`,
  })
  const untold = new Bench()
    .says(dir1, { lease: leaseOf('owner', dir1) })
    .says(dir2, { lease: leaseOf('standby', dir1), tables: tableOf(9) })
  expect(untold.status.services[0]).toMatchObject({ told: false })
  expect(untold.server).toMatchObject({ weight: 0, reason: `${dir1} did not report its table` })
  expect(new Bench().says(dir2, { tables: tableOf(9) }).status.services[0]).toMatchObject({ told: false })
})

test('who could take a group is known by its own word and by that of its lease process', () => {
  const web = group?.name ?? ''
  const taker = (said: Partial<AgentReport>, other: Partial<AgentReport> = {}) =>
    new Bench().says(dir1, { lease: leaseOf('owner', dir1), ...other }).says(dir2, said).group?.takers
  const standby = leaseOf('standby', dir1)
  const no = (reason: string) => [{ node: dir2, could: false, reason }]
  expect(taker({ lease: standby, ready: { [web]: '' } })).toEqual([{ node: dir2, could: true, reason: '' }])
  expect(taker({ lease: standby, ready: { [web]: 'no IPVS' } })).toEqual(no('no IPVS'))
  expect(taker({ lease: null, ready: { [web]: '' } })).toEqual(no('its lease process does not answer'))
  expect(taker({ lease: { ...standby, quorum: false }, ready: { [web]: '' } })).toEqual(
    no('hears no majority of the voters'),
  )
  const self = { revision: 1, state: 'maintenance', reason: '', standby: true, versions: {} } as const
  expect(taker({ self, lease: standby, ready: { [web]: '' } })).toEqual(
    no(expect.stringMatching(/^under maintenance; lvsm standby off \S+ ends it$/)),
  )
  for (const ready of [undefined, {}, { other: '' }])
    expect(taker({ lease: standby, ...(ready ? { ready } : {}) })).toEqual([
      { node: dir2, could: null, reason: 'its agent did not say' },
    ])
  const alone = (life: Lease['peers'][number]['life']) =>
    new Bench().says(dir1, { lease: { ...leaseOf('owner', dir1), peers: hears(life, dir2).peers } }).group?.takers
  expect(alone('dead')).toEqual(no(`${dir1} does not hear it`))
  expect(alone('alive')).toMatchObject([
    { node: dir2, could: null, reason: expect.stringMatching(/lease process lives/) },
  ])
})

test('of two that say that they own it, the newer lease counts', () => {
  const bench = new Bench()
    .says(dir1, { lease: leaseOf('owner', dir1, 7) })
    .says(dir2, { lease: leaseOf('owner', dir2, 8) })
  expect(bench.group).toMatchObject({ owner: dir2, number: 8 })
})

test('a realserver is not believed in what only directors do', () => {
  const bench = new Bench().says(realserver, { lease: leaseOf('owner', realserver, 99), tables: tableOf(4) })
  expect(bench.group).toMatchObject({ owner: null, state: 'unknown' })
  expect(bench.server).toMatchObject({ weight: 0, reason: 'nobody owns the group' })
  expect(bench.node(realserver)).toMatchObject({ state: 'unknown' })
  const event = { at: '', group: group?.name ?? '', number: 1, reason: '' }
  const told = [realserver, dir1].flatMap((node, at) =>
    ['took', 'renumbered', 'note'].map((kind, place) => ({ ...event, node, kind, clock: 10 * at + place })),
  )
  expect(believedEvents(told, STATE.config).map(({ node, kind }) => `${node} ${kind}`)).toEqual([
    `${realserver} note`,
    `${dir1} took`,
    `${dir1} renumbered`,
    `${dir1} note`,
  ])
})

test('a director is not believed of who may not own the group, and nobody of itself as others hear it', () => {
  const bench = new Bench()
    .says(dir1, { lease: leaseOf('standby', realserver, 9) })
    .says(dir2, { lease: hears('dead', dir2) })
    .says('gone', { troubles: [{ code: 'old', severity: 'critical', message: 'x' }] })
  expect(bench.group).toMatchObject({ owner: null, state: 'nobody' })
  expect(bench.node(dir2)).toMatchObject({ agent: true, reason: `${dir2} says so` })
  // It is no node of the cluster.
  expect(bench.status.troubles).toEqual([])
})

test('who is silent is said to be, with the age of its last word, and its word counts no more', () => {
  const bench = new Bench().says(dir1, { lease: leaseOf('owner', dir1), tables: tableOf(4) })
  bench.now += 11_000
  expect(bench.node(dir1)).toMatchObject({ state: 'unknown', agent: false, ageMs: 11_000 })
  expect(bench.group).toMatchObject({ owner: null, state: 'unknown' })
  expect(bench.node(dir2)).toMatchObject({ state: 'unknown', agent: false, ageMs: null })
  bench.says(dir2, { lease: hears('dead', dir1) })
  expect(bench.node(dir1)).toMatchObject({ state: 'dead', reason: `${dir2} does not hear it` })
  bench.says(dir2, { number: 2, lease: hears('alive', dir1) })
  expect(bench.node(dir1)).toMatchObject({ state: 'unknown', reason: expect.stringMatching(/lease process lives/) })
})

test('a realserver makes no other node dead, alive or standing by, and no quorum', () => {
  const bench = new Bench().says(dir1, { lease: { ...leaseOf('owner', dir1), quorum: false } }).says(realserver, {
    lease: { ...hears('dead', dir1, dir2), peers: [dir1, dir2].map((name) => ({ name, life: 'dead', standby: true })) },
  })
  expect(bench.node(dir1)).toMatchObject({ state: 'owner', agent: true, standby: false })
  expect(bench.node(dir2)).toMatchObject({ state: 'unknown', standby: false, reason: expect.stringMatching(/never/) })
  expect(bench.status.quorum).toBe(false)
  bench
    .says(dir1, { number: 2, lease: hears('dead', dir2) })
    .says(realserver, { number: 2, lease: hears('alive', dir2) })
  expect(bench.node(dir2)).toMatchObject({ state: 'dead', reason: `${dir1} does not hear it` })
})

test('who speaks for itself is not dead where others do not hear it: that is said beside', () => {
  const bench = new Bench().says(dir1, { lease: hears('dead', dir2) }).says(dir2, { lease: hears('dead', dir1) })
  expect(bench.node(dir2)).toMatchObject({
    state: 'owner',
    agent: true,
    reason: `${dir2} says so; ${dir1} does not hear it`,
  })
  bench.now += 7000
  bench.says(dir1, { number: 2, lease: hears('dead', dir2) })
  expect(bench.node(dir2)).toMatchObject({ state: 'dead', agent: false })
})

test('one that hears nobody does not make the others dead', () => {
  const bench = new Bench()
    .says(dir1, { lease: hears('alive', dir2) })
    .says(dir2, { lease: hears('dead', dir1, realserver) })
    .says(realserver, { lease: hears('alive', dir1) })
  expect(bench.node(dir1)).toMatchObject({ state: 'owner', agent: true })
})

test('a node with hundreds of troubles does not fill the status: its worst are shown, and the others counted', () => {
  const troubles = Array.from({ length: 256 }, (_, at) => ({
    code: `t${at}`,
    severity: at === 255 ? ('critical' as const) : ('info' as const),
    message: 'x',
  }))
  const { troubles: shown } = new Bench()
    .says(realserver, { troubles })
    .says(dir1, { troubles: troubles.slice(0, 1) }).status
  expect(shown).toHaveLength(34)
  expect(shown[0]).toMatchObject({ node: realserver, code: 't255', severity: 'critical' })
  expect(shown[32]).toMatchObject({
    node: realserver,
    code: 'more-troubles',
    message: expect.stringMatching(/^224 more/),
  })
  expect(shown[33]).toMatchObject({ node: dir1, code: 't0' })
})

test('what only follows from what another node says of itself is not told beside it', () => {
  const down = {
    ...{ code: 'interface-down', severity: 'critical' as const, object: `node ${dir2}` },
    message: 'interface outside is down, needed for heartbeat link outside',
  }
  const silent = {
    ...{ code: 'link-silent', severity: 'warning' as const, object: 'link outside' },
    message: `over the heartbeat link outside nothing comes from ${dir2} to ${dir1}, but over another one`,
  }
  const shown = (bench: Bench) => bench.status.troubles.map(({ node, code }) => [node, code])
  expect(shown(new Bench().says(dir1, { troubles: [silent] }))).toEqual([[dir1, 'link-silent']])
  const both = new Bench().says(dir1, { troubles: [silent] }).says(dir2, { troubles: [down] })
  expect(shown(both)).toEqual([[dir2, 'interface-down']])
})

test('the epoch is the newest that a voter acts on, and no newer than the one of the configuration', () => {
  const told = (epoch: number): Lease => ({ ...leaseOf('standby', null), epoch })
  const [voter = '', other = ''] = nodes.flatMap(({ name, voter: votes }) => (votes ? [name] : []))
  const stranger = nodes.find(({ voter: votes }) => !votes)?.name ?? ''
  const bench = new Bench().says(stranger, { lease: told(1) })
  expect(bench.status).not.toHaveProperty('epoch')
  bench.state = { ...STATE, config: { ...STATE.config, epoch: 4 } }
  bench.says(voter, { lease: told(2) }).says(other, { lease: told(3) })
  expect(bench.status.epoch).toBe(3)
  bench.says(stranger, { number: 2, lease: told(4) })
  expect(bench.status.epoch).toBe(3)
  bench.says(other, { number: 2, lease: told(9) })
  expect(bench.status.epoch).toBe(4)
})

test('whether a silent node is on standby is what others hear now, before what it said then', () => {
  const bench = new Bench().says(dir2, { lease: hears('alive', dir1) }).says(dir1)
  expect(bench.node(dir1)).toMatchObject({ standby: false })
  bench.now += 11_000
  const peers = [{ name: dir1, life: 'alive', standby: true } as const]
  bench.says(dir2, { number: 2, lease: { ...hears('alive'), peers } })
  expect(bench.node(dir1)).toMatchObject({ agent: false, standby: true })
})

test('what operators want is shown as the coordinators have it, where the owner has done it', () => {
  const bench = new Bench().says(dir1, { lease: leaseOf('owner', dir1), tables: tableOf(4) })
  const subject = { kind: 'server', node: first?.node ?? '', service: null } as const
  const command = { verb: 'drain', subject, forMs: null, comment: '', model: 1 } as const
  const { state, outcome } = applyEntry(STATE, { kind: 'intent', command, author: 'a', at: 1 })
  expect(outcome.kind).not.toBe('refused')
  bench.state = state
  expect(bench.server).toMatchObject({ state: 'draining' })
  expect(bench.status.wanted).toHaveLength(1)
})

test('what is wrong with another coordinator is shown as its word, once, and not what is said where the coordinators are', () => {
  const bench = new Bench()
  const disk = { code: 'coordinator-disk', severity: 'critical', object: `node ${dir2}`, message: 'no room' } as const
  bench.troubles = [{ code: 'clock-differs', severity: 'warning', object: `node ${dir2}`, message: 'of dir2' }]
  bench.others = [
    { ...disk, node: dir2, hint: 'make room there' },
    { code: 'clock-differs', severity: 'warning', object: `node ${dir2}`, message: 'said here, too', node: dir2 },
    { code: 'coordinator-absent', severity: 'warning', object: 'node wit', message: 'not there', node: dir2 },
    { ...disk, node: 'wit' },
  ]
  expect(bench.status.troubles.map(({ node, code, hint }) => [node, code, hint])).toEqual([
    [dir1, 'clock-differs', undefined],
    [dir2, 'coordinator-disk', 'make room there'],
  ])
})
