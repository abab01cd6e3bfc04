import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { placesOf } from '../places.ts'
import { clientOf, type LabNode, type Topology } from '../topology.ts'
import { call } from './api.ts'
import { busybox, command } from './command.ts'

/** Resolves when the networks stand; rejects when they could not be built. */
export async function networkStands(dir: string, patience = 300_000): Promise<void> {
  const until = Date.now() + patience
  while (!existsSync(`${dir}/network.done`)) {
    if (existsSync(`${dir}/network.failed`)) throw new Error('the networks could not be built; see the console')
    if (Date.now() > until) throw new Error(`the networks did not stand after ${patience / 1000} s; see the console`)
    await sleep(30)
  }
}

interface Listed {
  readonly address: string
  readonly port: number
  readonly realservers: readonly { readonly node: string; readonly forward: string }[]
}

/** Names of the realservers that a client is sure to reach through the VIP: of directors that serve themselves, only the owner answers. */
export function realserversOf({ services, vip, port }: Topology): string[] {
  const asked = (services as readonly Listed[]).filter((one) => one.address === vip && one.port === port)
  const reached = asked.flatMap(({ realservers }) => realservers.filter(({ forward }) => forward !== 'local'))
  return [...new Set(reached.map(({ node }) => node))]
}

export interface Watching {
  /** Milliseconds. */
  readonly patience: number
  /** A process that does not stay up, for which nobody should wait. */
  readonly crashing: () => string | undefined
}

/**
 * Asks the VIP from the client until every realserver has answered.
 * Throws with the names of those that did not when `patience` milliseconds are over.
 */
export async function clusterServes(topology: Topology, { patience, crashing }: Watching): Promise<void> {
  const began = Date.now()
  const client = clientOf(topology)
  if (!client) return
  const missing = new Set(realserversOf(topology))
  const all = missing.size
  const url = `http://${topology.vip}:${topology.port}/`
  const seconds = () => ((Date.now() - began) / 1000).toFixed(1)
  while (Date.now() - began < patience) {
    const broken = crashing()
    if (broken) throw new Error(`${broken} ends again and again`)
    // Its own -T ends in a segmentation fault in Debian 12's busybox-static.
    const argv = [busybox, 'timeout', '2', busybox, 'wget', '-q', '-O', '-', url]
    const { text } = await command(['ip', 'netns', 'exec', client.name, ...argv])
    missing.delete(text.trim())
    if (missing.size === 0) return
    await sleep(missing.size < all ? 200 : 500) // A process each time: seldom, because the nodes still start.
  }
  throw new Error(`after ${seconds()} s ${url} was not answered by ${[...missing].join(', ')}`)
}

/** Milliseconds for which the start of one process is awaited before the next. */
const turn = 20_000

/**
 * Starts lvsm on every node: the lease processes (they wait for their agent's view, idle), then the agents two at a
 * time, the voters last. All at once they would starve each other under emulation, and leases be lost for it.
 */
export async function startCluster(
  nodes: readonly LabNode[],
  start: (node: string, name: string) => void,
): Promise<void> {
  const stands = async (path: string) => {
    const until = Date.now() + turn
    while (!existsSync(path) && Date.now() < until) await sleep(30)
  }
  for (const { name } of nodes) start(name, 'lease')
  await Promise.all(nodes.map(({ name }) => stands(`${placesOf(name).run}/lease.sock`)))
  const queue = [...nodes].sort((a, b) => Number(a.voter ?? false) - Number(b.voter ?? false))
  const worker = async () => {
    for (let node = queue.shift(); node; node = queue.shift()) {
      start(node.name, 'agent')
      await stands(`${placesOf(node.name).run}/agent.sock`)
    }
  }
  await Promise.all([worker(), worker()])
}

/** Milliseconds for which a cluster that serves already is given to hear of all its nodes. */
const settling = 20_000

/** Waits until every agent answers and none of them knows of a node that it never heard; gives up quietly. */
export async function clusterSettles(nodes: readonly LabNode[]): Promise<void> {
  const until = Date.now() + settling
  const settled = async (): Promise<boolean> => {
    const said = await Promise.all(nodes.map(({ name }) => call(name, 'GET', '/v1/status').catch(() => undefined)))
    return said.every((one) => one?.status === 200 && !/"state":\s*"unknown"/.test(one.text))
  }
  while (Date.now() < until && !(await settled())) await sleep(500)
}
