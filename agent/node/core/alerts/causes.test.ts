/** Which causes a node says: what the coordinators say of themselves is told where nobody has said it better. */
import type { Trouble } from '@lvsm/base'
import {
  type CoordinatorTrouble,
  listedTroubles,
  judge,
  meansOf,
  type NodeTrouble,
  type Status,
  withoutEchoes,
} from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { node } from '../fixture.ts'
import { causesOf } from './causes.ts'

const STATUS: Status = node('dir1').core.status(node('dir1').now())
const dead = (name: string): Status => ({
  ...STATUS,
  nodes: [
    { name, roles: ['director'], voter: true, state: 'dead', reason: 'nobody hears it', standby: false, agent: false },
  ],
})
const absent = (name: string): CoordinatorTrouble => ({
  ...{ code: 'coordinator-absent', severity: 'warning', object: `node ${name}` },
  message: `lvsm-coordinator of ${name} is not there: the others do not hear it`,
})
const disk: CoordinatorTrouble = {
  ...{ code: 'coordinator-disk', severity: 'critical', object: 'node dir2', message: 'the disk is full' },
}
const none = new Set<string>()
const keys = (...[status, troubles, coordinators]: [Status, readonly Trouble[], CoordinatorTrouble[]]) =>
  causesOf(known(status, troubles), none, coordinators).map(({ code, object }) => `${code} ${object}`)
const quiet: Status = { ...STATUS, nodes: [], groups: [], services: [], troubles: [] }

test('what the coordinators say is said, by every node under the same key', () =>
  expect(keys(quiet, [], [disk, absent('wit')])).toEqual(['coordinator-disk node dir2', 'coordinator-absent node wit']))

test('what is to be done about a coordinator goes into the alert as the coordinators say it; an older one says nothing', () => {
  const hint = 'start lvsm-coordinator there; where that machine is lost for good: lvsm coordinators remove wit'
  const said = causesOf(quiet, none, [{ ...absent('wit'), hint }, disk])
  expect(said.map(({ code, next }) => [code, next])).toEqual([
    ['coordinator-absent', hint],
    ['coordinator-disk', undefined],
  ])
})

test('that a coordinator is not there follows from the death of its node; that its disk is full does not', () =>
  expect(keys({ ...dead('dir2'), groups: [], services: [] }, [], [absent('dir2'), disk])).toEqual([
    'node-dead node dir2',
    'coordinator-disk node dir2',
  ]))

test('of its own coordinator a node says it once, in its own words', () => {
  const own = { ...absent('dir1'), message: 'lvsm-coordinator of dir1 is not there: exit code 70' }
  const said = causesOf(known(quiet, [own]), none, [absent('dir1')])
  expect(said).toEqual([expect.objectContaining({ object: 'node dir1', summary: own.message })])
})

test('that no coordinator leads is one cause, whichever nodes find it', () => {
  const trouble = { code: 'no-leader', severity: 'warning', message: 'none of them leads' } as const
  expect(['dir1', 'rs1'].map((name) => keys({ ...quiet, node: name }, [trouble], []))).toEqual([
    ['no-leader coordinators'],
    ['no-leader coordinators'],
  ])
})

test('a group and a service each get their own sentence, though the name of another one begins with theirs', () => {
  const one = node('dir1')
  one.run(500)
  const { groups, services } = one.core.status(one.now())
  const [[group], [service]] = [groups, services]
  if (!group || !service) throw new Error('the sample has a group and a service')
  const of = (name: string, reason: string) => ({
    ...{ ...group, name, owner: 'dir1', state: 'owned' as const, directors: ['dir1', 'dir2'] },
    takers: [{ node: 'dir2', could: false, reason }],
  })
  const silent = {
    name: 'web',
    roles: [],
    voter: false,
    state: 'troubled',
    reason: 'no alias',
    standby: false,
    agent: true,
  } as const
  const serving = { ...service.realservers[0], node: 'web', weight: 1, configured: 1, healthy: true }
  const owner = { ...silent, name: 'dir1', state: 'owner', reason: '' } as const
  const status: Status = {
    ...STATUS,
    ...{ node: 'dir1', quorum: true, nodes: [owner, silent], troubles: [] },
    groups: [of('web2', 'no disk'), of('web', 'no link')],
    services: [
      { ...service, name: 'web', group: 'web', told: true, realservers: [serving] as typeof service.realservers },
    ],
  }
  const said = causesOf(status, new Set(['web', 'web2']))
  expect(said.map(({ code, object, summary }) => [`${code} ${object}`, summary])).toEqual([
    ['group-immovable group web2', 'nobody could take web2: dir2: no disk'],
    ['group-immovable group web', 'nobody could take web: dir2: no link'],
  ])
})

test('that all checks of a service fail, and its realservers are kept, is critical: nobody knows whether it is served', () => {
  const one = node('dir1')
  one.run(500)
  const { groups, services, nodes } = one.core.status(one.now())
  const status: Status = {
    ...quiet,
    nodes: nodes.map((each) => ({ ...each, agent: true })),
    groups: groups.map((group) => ({ ...group, owner: 'dir1', state: 'owned' as const, directors: ['dir1'] })),
    services: services.map((service) => ({
      ...{ ...service, told: true },
      realservers: service.realservers.map((each) => ({ ...each, weight: 1, healthy: false, kept: 'last' as const })),
    })),
  }
  const cause = causesOf(status, new Set(['web'])).find(({ object }) => object === 'service http')
  expect(cause).toMatchObject({
    ...{ code: 'service-doubtful', severity: 'critical', object: 'service http' },
    summary: expect.stringContaining('nobody knows whether it is served'),
  })
})

/** What the list of `lvsm status` says, as a cause has it. */
const listed = (status: Status) =>
  listedTroubles(status).map((entry) => ({
    ...{ code: entry.code, object: entry.object, severity: entry.severity },
    ...{ summary: entry.message, means: meansOf(entry, status.nodes), next: entry.hint },
  }))
const known = (status: Status, troubles: readonly Trouble[]): Status => ({
  ...status,
  troubles: troubles.map((one) => ({ ...one, node: status.node })),
})

test('of a dead node, of a group without an owner and of what a node finds at itself: the words of lvsm status', () => {
  const nodes = (role: string, voter: boolean): Status['nodes'] => [
    { name: 'dir1', roles: [role], voter, state: 'idle', reason: '', standby: false, agent: true },
    { name: 'dir2', roles: ['director'], voter, state: 'dead', reason: 'silent', standby: false, agent: false },
  ]
  const group = {
    ...{ name: 'web', owner: null, number: 0, leftMs: 0, addresses: ['10.0.0.1'], directors: ['dir1'], pings: [] },
    ...({ state: 'nobody', reason: 'no majority' } as const),
  }
  const late: Trouble = { code: 'late', severity: 'critical', message: 'late', object: 'node dir1', hint: 'top' }
  for (const [role, voter] of [
    ['director', true],
    ['realserver', true],
    ['realserver', false],
  ] as const) {
    const status = known({ ...quiet, node: 'dir1', nodes: nodes(role, voter), groups: [group] }, [late])
    const said = causesOf(status, none)
    expect(said).toHaveLength(3)
    expect(said).toEqual(expect.arrayContaining(listed(status)))
  }
})

test('of a service that is not served: what the head says, and the next step of the list', () => {
  const one = node('dir1')
  one.run(500)
  const { groups, services, nodes } = one.core.status(one.now())
  const status: Status = {
    ...quiet,
    ...{ node: 'dir1', nodes: nodes.map((each) => ({ ...each, agent: true, state: 'idle' as const })) },
    groups: groups.map((group) => ({ ...group, owner: 'dir1', state: 'owned' as const, directors: ['dir1'] })),
    services: services.slice(0, 1).map((service) => ({
      ...{ ...service, told: true },
      realservers: service.realservers.map((each) => ({ ...each, weight: 0, healthy: false, reason: 'refused' })),
    })),
  }
  const cause = causesOf(status, new Set(groups.map(({ name }) => name))).find(
    ({ code }) => code === 'service-unserved',
  )
  const [service] = status.services
  expect(cause?.summary).toBe(judge(status).unserved[0])
  expect(cause?.next).toMatch(
    new RegExp(`^lvsm check run ${service?.name}/${service?.realservers[0]?.node} --explain: .*; lvsm explain `),
  )
  expect(listed(status)).toContainEqual(expect.objectContaining({ next: cause?.next, means: cause?.means }))
})

test('what the product advises for a group that could not move names it', () => {
  const group = {
    ...{ name: 'web', owner: 'dir1', number: 1, leftMs: 100, addresses: ['10.0.0.1'], directors: ['dir1', 'dir2'] },
    ...{ pings: [], state: 'owned' as const, reason: '', takers: [{ node: 'dir2', could: false, reason: 'no link' }] },
  }
  const [cause] = causesOf({ ...quiet, quorum: true, groups: [group] }, new Set(['web']))
  expect(cause).toMatchObject({ code: 'group-immovable', next: expect.stringMatching(/^lvsm explain group web: /) })
})

test('what lvsm status says is over is no cause any more', () => {
  const late: Trouble = { code: 'late', severity: 'critical', message: 'late', object: 'node dir1' }
  expect(keys(quiet, [late], [])).toEqual(['late node dir1'])
  expect(keys(quiet, [{ ...late, pastMs: 20_000 }], [])).toEqual([])
})

test('what only follows from the trouble of another node, and is not in the status, is no cause', () => {
  const silent: Trouble = {
    ...{ code: 'link-silent', severity: 'warning', object: 'link outside' },
    message: 'over the heartbeat link outside nothing comes from dir2 to dir1, but over another one',
  }
  const down: NodeTrouble = {
    ...{ node: 'dir2', code: 'interface-down', severity: 'warning' },
    message: 'interface outside is down, needed for heartbeat link outside',
  }
  const status = known(quiet, [silent])
  expect(keys(status, [silent], [])).toEqual(['link-silent link outside'])
  const left = withoutEchoes([...status.troubles, down])
  expect(causesOf({ ...quiet, troubles: left }, none)).toEqual([])
})

test('by what was seen of it the nodes that hear of it know what follows from it', () => {
  const evidence = 'who asks for 10.11.0.10 is answered by 02:00:00:00:00:12'
  const answers: Trouble = { code: 'vip-answers', severity: 'critical', message: 'VIP 10.11.0.10 answers', evidence }
  expect(causesOf(known(quiet, [answers]), none)).toEqual([expect.objectContaining({ evidence })])
})
