/** Of whom `status` and `events` are asked: the coordinator of this node where it knows the cluster, else an agent. */
import { type Events, type Status } from '@lvsm/protocol'
import { afterEach, expect, test } from 'vitest'
import { MemoryConfiguration, serveConfiguration } from '../../../test/kit/configuration.ts'
import { clusterStatus } from '../src/cluster.ts'
import { placesOfCluster } from '../src/sockets.ts'
import { cleanUp, lvsm, lvsmSaying, scratchPath, startAgent, STATUS, without } from './agent.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
  cleanUp()
})

function coordinator(status: Status | null, events: Events): string {
  const path = scratchPath('coordinator.sock')
  const known = { clusterStatus: () => status, clusterEvents: () => events }
  const server = serveConfiguration(path, Object.assign(new MemoryConfiguration(), known))
  closers.push(() => server.close())
  return path
}
const event = (reason: string): Events => ({
  events: [{ at: '2026-11-27T20:00:00.000Z', node: 'dir1', group: 'web', kind: 'took', number: 7, reason }],
})
const [first] = STATUS.nodes
if (!first) throw new Error('the status has no node')
const CLUSTER = without({ node: 'rs2', nodes: [{ ...first, ageMs: 12, versions: { 'lvsm-agent': '9.9.9' } }] })
const agent = (cluster = false) =>
  startAgent(({ path }) => {
    if (path === '/v1/events') return { body: event('an agent says it') }
    if (path === '/v1/status') return { body: STATUS }
    if (!cluster) return { code: 503, body: { refusals: [{ code: 'no-coordinator', message: 'none answers' }] } }
    return { body: path === '/v1/cluster/events' ? event('by way of an agent') : CLUSTER }
  })

test('the coordinator answers for the cluster, with the age of what it knows', async () => {
  const { socketPath, heard } = await agent()
  const environment = {
    LVSM_SOCKET: socketPath,
    LVSM_COORDINATOR_SOCKET: coordinator(CLUSTER, event('the coordinators know it')),
  }
  const status = await lvsm(['status', '-o', 'json'], environment)
  expect(JSON.parse(status.out)).toMatchObject(CLUSTER)
  expect((await lvsm(['events'], environment)).out).toContain('the coordinators know it')
  // On a slow machine it is asked as well, but not for what it knows itself.
  expect(heard.filter(({ path }) => !path.startsWith('/v1/cluster/'))).toEqual([])
})

test.each<[string, Status | null]>([
  ['has no configuration yet', null],
  ['has heard of no agent', without({ nodes: [{ ...first, agent: false }] })],
])('where the coordinator %s an agent answers', async (_, known) => {
  const { socketPath } = await agent()
  const environment = { LVSM_SOCKET: socketPath, LVSM_COORDINATOR_SOCKET: coordinator(known, { events: [] }) }
  expect(JSON.parse((await lvsm(['status', '-o', 'json'], environment)).out)).toMatchObject(STATUS)
  expect((await lvsm(['events'], environment)).out).toContain('an agent says it')
})

test('on a node without a coordinator the agent asks the one that it follows', async () => {
  const { socketPath } = await agent(true)
  const environment = { LVSM_SOCKET: socketPath, LVSM_COORDINATOR_SOCKET: scratchPath('nobody.sock') }
  const isRs2 = /"node": "rs2"/
  expect(JSON.parse((await lvsmSaying(isRs2, ['status', '-o', 'json'], environment)).out)).toMatchObject(CLUSTER)
  expect((await lvsmSaying(/by way/, ['events'], environment)).out).toContain('by way of an agent')
})

test.each(['json', 'yaml', 'table'])(
  'a name that paints is shown without its paint, also as a key: -o %s',
  async (format) => {
    const paint = '\u009b31m\u202e'
    const painted = without({
      nodes: [{ ...first, versions: { [`${paint}one`]: paint } }],
      counters: { [`drop-${paint}two`]: 1 },
    })
    const environment = { LVSM_COORDINATOR_SOCKET: coordinator(painted, { events: [] }) }
    const { out } = await lvsmSaying(/two/, ['status', '-o', format], environment)
    expect(out).toContain('two')
    expect(out).not.toMatch(/[\u009b\u202e]/)
  },
)

test('coordinators and agents that are frozen, also several, leave a status in less than a second', async () => {
  const frozen = async () => (await startAgent(() => undefined)).socketPath
  const coordinators = [await frozen(), await frozen(), await frozen()]
  const slow = await startAgent(({ path }) =>
    path === '/v1/status'
      ? { body: STATUS }
      : { code: 503, body: { refusals: [{ code: 'none', message: '' }] }, afterMs: 350 },
  )
  const timed = async (places: Parameters<typeof clusterStatus>[0], node: string) => {
    const begun = performance.now()
    expect((await clusterStatus(places)).node).toBe(node)
    expect(performance.now() - begun).toBeLessThan(900)
  }
  await timed({ coordinators, socketPaths: [slow.socketPath] }, 'dir1')
  await timed(
    { coordinators: [...coordinators, coordinator(CLUSTER, event(''))], socketPaths: [await frozen()] },
    'rs2',
  )
})

test('who names an agent hears that one, unless a coordinator is named too', () => {
  const [named, both] = [{ LVSM_SOCKET: '/a' }, { LVSM_SOCKET: '/a', LVSM_COORDINATOR_SOCKET: '/c' }]
  expect(placesOfCluster({}, {})).toEqual(['/run/lvsm-coordinator/coordinator.sock'])
  expect(placesOfCluster({}, named)).toEqual([])
  expect(placesOfCluster({ socket: '/a' }, {})).toEqual([])
  expect(placesOfCluster({}, both)).toEqual(['/c'])
  expect(placesOfCluster({ socket: '/a', coordinatorSocket: '/c' }, {})).toEqual(['/c'])
  expect(placesOfCluster({ node: 'dir1' }, named)).toEqual(['/run/lvsm-coordinator/dir1/coordinator.sock'])
})
