/** What happens to whole nodes; each ends by itself or at the healing. */
import { ownLabel, randomBetween } from '@lvsm/base'
import { serviceKey } from '@lvsm/model'
import { type DataPlane, LOOPBACK, type Service } from '../../kit/data-plane.ts'
import { NETWORK } from '../faults.ts'
import { isDirector } from './draft.ts'
import type { Fleet } from './fleet.ts'
import type { Node } from './node.ts'
import { wantNothing } from './wants.ts'

export type Happening = (fleet: Fleet) => void

const draw = ({ cluster }: Fleet, least: number, most: number): number => randomBetween(cluster.random, least, most)
const anyNode = ({ cluster, nodes }: Fleet): Node => cluster.pick(nodes)
const director = ({ cluster, nodes }: Fleet): Node => cluster.pick(nodes.filter(({ name }) => isDirector(name)))
const realserver = ({ cluster, nodes }: Fleet): Node => cluster.pick(nodes.filter(({ name }) => !isDirector(name)))

/** Of every service one realserver is left alone: by direct routing it serves all. */
const SPARED = 'rs1'

const falters =
  (health: 'hung' | 'dead'): Happening =>
  (fleet) => {
    const { cluster, servers } = fleet
    const server = cluster.pick(servers.all.filter(({ node, health: is }) => node !== SPARED && is === 'alive'))
    if (!server) return
    const text = `the web server of ${server.node} is ${health}`
    cluster.note(text)
    server.become(health)
    cluster.afflictions.begin(text, draw(fleet, 300, 6000), () => server.become('alive'))
  }
export const CHECKS: Readonly<Record<string, Happening>> = {
  hangs: falters('hung'),
  dies: falters('dead'),
  /** Even the last one: the table stays as it was. */
  allDie(fleet) {
    const { cluster, servers } = fleet
    cluster.note('all web servers are dead')
    for (const server of servers.all) server.become('dead')
    const end = (): void => {
      for (const server of servers.all) server.become('alive')
    }
    cluster.afflictions.begin('all web servers are dead', draw(fleet, 300, 4000), end)
  },
}

/** Somebody changes what is ours. */
export const DRIFT: Readonly<Record<string, Happening>> = {
  alias(fleet) {
    const { plane, name } = realserver(fleet)
    fleet.cluster.note(`somebody takes our addresses from lo of ${name}`)
    plane.aliases = plane.aliases.filter(({ label }) => label !== ownLabel('lo'))
  },
  extraAlias(fleet) {
    const { plane, name } = anyNode(fleet)
    fleet.cluster.note(`somebody adds an address with our label on ${name}`)
    plane.aliases.push({ index: LOOPBACK, address: '10.11.0.99', prefix: 32, label: ownLabel('lo') })
  },
  setting(fleet) {
    const { plane, name } = anyNode(fleet)
    const path = fleet.cluster.pick(['net/ipv4/conf/all/arp_ignore', 'net/ipv4/vs/expire_nodest_conn'])
    fleet.cluster.note(`somebody sets ${path} of ${name} to 0`)
    plane.settings.set(path, '0')
  },
  destination(fleet) {
    const { plane, name } = director(fleet)
    for (const service of ours(plane)) {
      const [key] = [...service.dests.keys()].filter(() => fleet.cluster.random.next() < 0.5)
      if (key === undefined || plane.strangers.has(`${serviceKey(service)} ${key}`)) continue
      fleet.cluster.note(`somebody removes ${key} on ${name}`)
      service.dests.delete(key)
    }
  },
  weight(fleet) {
    const { plane, name } = director(fleet)
    fleet.cluster.note(`somebody changes weights on ${name}`)
    for (const service of ours(plane))
      for (const [key, dest] of service.dests)
        if (!plane.strangers.has(`${serviceKey(service)} ${key}`)) service.dests.set(key, { ...dest, weight: 7 })
  },
  service(fleet) {
    const { plane, name } = director(fleet)
    const [key] = [...plane.services.keys()].filter((one) => isFree(plane.strangers, one))
    fleet.cluster.note(`somebody removes service ${key} on ${name}`)
    if (key !== undefined) plane.services.delete(key)
  },
  natRules(fleet) {
    const { plane, name, agent } = anyNode(fleet)
    fleet.cluster.note(`somebody changes our rules on ${name}`)
    plane.natRulesSpoilt = true
    agent?.put({ kind: 'changed' })
  },
  route(fleet) {
    const { plane, name } = realserver(fleet)
    fleet.cluster.note(`somebody removes our default route on ${name}`)
    plane.defaults = plane.defaults.filter(({ protocol }) => protocol !== 76)
  },
}
const ours = ({ services, strangers }: DataPlane): Service[] =>
  [...services].filter(([key]) => !strangers.has(key)).map(([, service]) => service)
const isFree = (strangers: ReadonlySet<string>, key: string): boolean =>
  ![...strangers].some((one) => one === key || one.startsWith(`${key} `))

const FOREIGN = { protocol: 'tcp', address: '10.11.0.77', port: 80 } as const
const FOREIGN_DEST = { address: '10.11.0.50', port: 80, forward: 'dr', weight: 1 } as const

/** Somebody puts something of his own there; it must stay. */
export const STRANGERS: Readonly<Record<string, Happening>> = {
  foreignAddress(fleet) {
    strange(fleet, anyNode(fleet), ({ plane }) =>
      plane.aliases.push({ index: LOOPBACK, address: `10.99.0.${plane.aliases.length}`, prefix: 32, label: 'lo' }),
    )
  },
  foreignService(fleet) {
    strange(fleet, director(fleet), ({ plane }) => {
      const key = `tcp ${FOREIGN.address}:${FOREIGN.port}`
      plane.strangers.add(key)
      const dests = new Map([['10.11.0.50:80', FOREIGN_DEST]])
      plane.services.set(key, { ...FOREIGN, spec: { scheduler: 'sh', flags: [] }, dests, connections: new Map() })
    })
  },
  foreignDestination(fleet) {
    strange(fleet, director(fleet), ({ plane }) => {
      for (const [key, { dests }] of plane.services) {
        if (plane.strangers.has(key) || dests.has('10.11.0.50:80')) continue
        plane.strangers.add(`${key} 10.11.0.50:80`)
        dests.set('10.11.0.50:80', { ...FOREIGN_DEST, weight: 0 })
      }
    })
  },
  foreignRoute(fleet) {
    strange(fleet, director(fleet), ({ plane }) =>
      plane.defaults.push({ gateway: '10.11.0.1', index: 3, protocol: 3, metric: 100 + plane.defaults.length }),
    )
  },
  foreignSetting(fleet) {
    strange(fleet, anyNode(fleet), ({ plane }) => plane.settings.set('net/ipv4/conf/all/rp_filter', '1'))
  },
}
function strange(fleet: Fleet, node: Node, change: (node: Node) => void): void {
  fleet.cluster.note(`somebody puts something of his own on ${node.name}`)
  change(node)
  fleet.law.strangerChanged(node)
}

export const PROCESSES: Readonly<Record<string, Happening>> = {
  agentKilled(fleet) {
    const node = anyNode(fleet)
    node.kill()
    fleet.cluster.afflictions.begin(`the agent of ${node.name} is down`, draw(fleet, 50, 4000), () => node.start())
  },
  agentFrozen(fleet) {
    const node = anyNode(fleet)
    const ms = draw(fleet, 50, 3000)
    fleet.cluster.note(`the agent of ${node.name} is frozen for ${ms.toFixed(0)} ms`)
    node.agent?.freeze(ms)
    node.disturbed(ms)
  },
  leaseKilled(fleet) {
    const { machine } = anyNode(fleet)
    machine.kill()
    const end = (): void => machine.start()
    fleet.cluster.afflictions.begin(`the lease process of ${machine.label} is down`, draw(fleet, 50, 1500), end)
  },
  powerCut(fleet) {
    const node = director(fleet)
    node.machine.cutPower()
    fleet.cluster.afflictions.begin(`${node.name} has no power`, draw(fleet, 500, 5000), () => {
      node.machine.start()
      node.start()
    })
  },
}

/** Links that fail, or are slow: the messages of both halves go over them. */
export const LINKS: readonly Happening[] = Object.values(NETWORK).map(
  (fault): Happening =>
    (fleet) =>
      fault(fleet.cluster, anyNode(fleet).machine),
)

export const TALK: Readonly<Record<string, Happening>> = {
  relaysLost(fleet) {
    const node = anyNode(fleet)
    node.faults.lostRelays = draw(fleet, 0.3, 1)
    const end = (): void => void (node.faults.lostRelays = 0)
    fleet.cluster.afflictions.begin(`${node.name} loses relayed messages`, draw(fleet, 500, 5000), end)
  },
  kernelRefuses(fleet) {
    const node = anyNode(fleet)
    node.faults.refusal = draw(fleet, 0.05, 0.7)
    const end = (): void => {
      node.faults.refusal = 0
      node.disturbed(0)
    }
    fleet.cluster.afflictions.begin(`the kernel of ${node.name} refuses`, draw(fleet, 200, 3000), end)
  },
  kernelSlow(fleet) {
    const node = anyNode(fleet)
    const { callMs } = node.faults
    node.faults.callMs = [1, draw(fleet, 2, 30)]
    const end = (): void => void (node.faults.callMs = callMs)
    fleet.cluster.afflictions.begin(`the kernel of ${node.name} is slow`, draw(fleet, 500, 4000), end)
  },
  switchover(fleet) {
    const group = fleet.cluster.pick(fleet.cluster.groups)
    if (group) fleet.operators.ask(anyNode(fleet).name, { verb: 'switchover', group: group.name })
  },
  standby(fleet) {
    const { name } = director(fleet)
    const on = fleet.cluster.random.next() < 0.5
    fleet.operators.ask(anyNode(fleet).name, { verb: 'standby', name, on })
  },
  misspelt(fleet) {
    fleet.operators.ask(anyNode(fleet).name, { verb: 'switchover', group: 'wbe', to: 'dri1' })
  },
}

/** The newest configuration but one reaches the nodes one after the other. */
export const reconfigure: Happening = (fleet) => {
  const { cluster, nodes, drafts } = fleet
  if (cluster.revision + 1 >= drafts.length) return
  cluster.revision += 1
  const { revision } = cluster
  cluster.note(`revision ${revision + 1} is on its way`)
  for (const { machine } of nodes)
    cluster.schedule.in(draw(fleet, 0, 2000), () => {
      if (machine.revision < revision) machine.adopt(revision)
    })
}

export function heal(fleet: Fleet): void {
  const { cluster, nodes, servers } = fleet
  cluster.note('all faults end')
  cluster.afflictions.cure()
  for (const server of servers.all) server.become('alive')
  for (const node of nodes) {
    node.faults.refusal = 0
    node.faults.lostRelays = 0
    node.machine.start()
    node.start()
    if (node.machine.revision !== cluster.revision) node.machine.adopt(cluster.revision)
  }
  wantNothing(fleet)
}
