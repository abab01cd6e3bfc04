/** A cluster with coordinators as scenarios use it: they are asked as `lvsm` asks them, and a machine comes in and goes. */
import { entriesOf } from '@lvsm/changes'
import type { CoordinatorsReport, RevisionHeading, Status } from '@lvsm/protocol'
import { clusterStatus } from '../../packages/cli/src/cluster.ts'
import { ask } from '../../packages/cli/src/config/ask.ts'
import { isCoordinator } from '../../scripts/lab/coordinated.ts'
import { placesOf } from '../../scripts/lab/places.ts'
import { clusterNodes } from '../../scripts/lab/topology.ts'
import { topologyNamed } from '../../scripts/lab/topologies/index.ts'
import { attempt, lab, on, PORT, status, until, VIP } from './harness.ts'
import { ipvsService } from './tables.ts'
import {
  AFTERMATH_MS,
  demandNoMove,
  demandNoneFailed,
  demandOneOwner,
  lasting,
  served,
  told,
  watched,
} from './witness.ts'

const topology = topologyNamed(process.env['LAB_TOPOLOGY'] ?? '')
const nodes = topology ? clusterNodes(topology) : []
/** Names of the nodes that have one. */
export const COORDINATORS: readonly string[] = nodes.filter(isCoordinator).map(({ name }) => name)
/** The machine that is in no cluster at first. */
export const NEWCOMER: string = nodes.find(({ empty }) => empty)?.name ?? ''
/** The one service of the topology. */
export const SERVICE = 'http'

/** Voters of the lease that a cluster gets by itself. */
export const GROWN: number = Math.min(3, COORDINATORS.length)

const CAUGHT_UP_MS = 60_000
const NEWS_MS = 10_000
const ANSWERS_MS = 15_000

export const socketOf = (node: string): string => `${placesOf(node).coordinatorRun}/coordinator.sock`

/** The cluster as `lvsm status` shows it on a node: with what only the coordinators are told. */
export const shownOn = (node: string): Promise<Status> =>
  clusterStatus({ socketPaths: [`${placesOf(node).run}/agent.sock`], coordinators: [socketOf(node)] })

/** A command of an operator on a node, with both of its streams: progress and warnings are on the second. */
export const lvsm = (node: string, words: string): Promise<string> => on(node, `lvsm ${words} 2>&1`)

export const coordinatorAt = (node: string): Promise<CoordinatorsReport> =>
  ask([socketOf(node)], { route: 'coordinators', body: null })

/** All revisions as this coordinator has them, the newest or not; the oldest first. */
export const historyOf = (node: string): Promise<RevisionHeading[]> => historyAt(socketOf(node))
export async function historyAt(socket: string): Promise<RevisionHeading[]> {
  const found: RevisionHeading[] = []
  for (let before: number | undefined; ; ) {
    const query = { limit: 200, before, stale: true }
    const page = await ask([socket], { route: 'history', query, body: null })
    found.push(...page.revisions)
    if (page.next === null) return found.toReversed()
    before = page.next
  }
}

/**
 * Until all coordinators follow one leader, they and every agent have what is the newest now, and the lease's voters have grown as far
 * as they grow by themselves: whoever looks at a lease number meanwhile sees it go on. Gives that revision.
 */
export async function agreed(): Promise<number> {
  let newest = 0
  await until(
    async () => {
      const said = await Promise.all(COORDINATORS.map(coordinatorAt))
      if (newest === 0) newest = Math.max(...said.map(({ revision }) => revision ?? 0))
      const { leader = null } = said[0] ?? {}
      if (leader === null || said.some((one) => one.leader !== leader || one.disk !== 'ok')) return false
      const present = (await status()).nodes
      const used = await Promise.all(present.map(async ({ name }) => (await status(name)).revision))
      return (
        present.filter(({ voter }) => voter).length === GROWN &&
        [...said.map(({ revision }) => revision ?? 0), ...used].every((revision) => revision >= newest)
      )
    },
    CAUGHT_UP_MS,
    'coordinators and agents agree',
  )
  return newest
}

/** All of them run again. */
export async function backAgain(): Promise<void> {
  for (const node of COORDINATORS) await lab('start', node, 'coordinator')
}

const entries = async (noun: 'node' | 'server', which: Readonly<Record<string, string>>) => {
  const paths = COORDINATORS.map(socketOf)
  return entriesOf((await ask(paths, { route: 'document', query: {}, body: null })).file, noun, which)
}

/** The newcomer is in, and serves. */
export async function joined(): Promise<void> {
  const [first = ''] = COORDINATORS
  if ((await entries('node', { node: NEWCOMER })).length === 0) await lab('join', NEWCOMER)
  if ((await entries('server', { service: SERVICE, server: NEWCOMER })).length === 0) {
    const address = nodes.find(({ name }) => name === NEWCOMER)?.addresses['outside']
    await lvsm(first, `server add ${NEWCOMER} service=${SERVICE} address=${address} forward=dr weight=1 --yes`)
  }
}

/** The same under traffic, of which none fails; in the end it answers requests. */
export async function joinedUnnoticed(): Promise<void> {
  const seen = await watched(async () => {
    await joined()
    await until(async () => (await answer()) === NEWCOMER, ANSWERS_MS, `${NEWCOMER} answers`)
    await lasting(AFTERMATH_MS)
  })
  told(`${NEWCOMER} joins`, seen)
  demandOneOwner(seen)
  demandNoMove(seen)
  demandNoneFailed(seen)
}

/** The newcomer is an empty machine, as at the start; where a scenario is tried again. */
export async function emptied(): Promise<void> {
  const [first = ''] = COORDINATORS
  if ((await entries('server', { service: SERVICE, server: NEWCOMER })).length > 0)
    await lvsm(first, `server remove ${NEWCOMER} service=${SERVICE} --yes`)
  if ((await entries('node', { node: NEWCOMER })).length > 0)
    await lvsm(first, `node remove ${NEWCOMER} --yes --no-wait`)
  await lab('wipe', NEWCOMER)
}

/** Which realserver answers a client. */
export async function answer(): Promise<string> {
  const get = `busybox timeout 2 busybox wget -q -O - http://${VIP}:${PORT}/`
  return (await attempt(`ip netns exec client ${get}`)).out.trim()
}

/** What the kernel of a node has for a realserver; undefined: it is not in the table. */
export async function weightOn(node: string, server: string): Promise<number | undefined> {
  const address = (await status()).services
    .find(({ name }) => name === SERVICE)
    ?.realservers.find((one) => one.node === server)
  const key = `${address?.address}:${address?.port}`
  return (await ipvsService(node, `${VIP}:${PORT}`))?.destinations.find((one) => one.address === key)?.weight
}

/** An operator changes a realserver's weight on a node: all use it, and the kernels of both directors have it. */
export async function changed(node: string, server: string, directors: readonly string[]): Promise<void> {
  const weight = (((await weightOn(directors[0] ?? '', server)) ?? 0) % 5) + 2
  const said = await lvsm(
    node,
    `server set ${server} service=${SERVICE} weight=${weight} --yes -m 'more for ${server}'`,
  )
  const count = (await status()).nodes.length
  if (!said.includes(`all ${count} nodes use it`)) throw new Error(said)
  for (const director of directors)
    await until(
      async () => (await weightOn(director, server)) === weight,
      NEWS_MS,
      `weight ${weight} in the kernel of ${director}`,
    )
  await served()
}
