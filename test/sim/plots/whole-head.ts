/**
 * What the head of a status says, in whole nodes: under each kind of trouble it is true after a while on every node that works, and
 * whoever it says could take a group takes it when its owner dies then.
 */
import { suppose, type TakerReport, type Verdict } from '@lvsm/protocol'
import { type Draft, draftOf, isDirector, shapeFrom } from '../nodes/draft.ts'
import { Fleet } from '../nodes/fleet.ts'
import { heal } from '../nodes/happenings.ts'
import type { Node } from '../nodes/node.ts'
import { want } from '../nodes/wants.ts'
import type { Plot } from '../plot.ts'

/** A check that fails, a word that was said before and counts still, and what comes of the two. */
export const KNOWN_MS = 9000
/** A lease that ends, a candidate that wins, a kernel that is busy. */
const TAKES_MS = 3000
const TIMES = 3

/** Begins it; it lasts until the healing. */
type Trouble = (fleet: Fleet) => void

const director = ({ cluster, nodes }: Fleet): Node => cluster.pick(nodes.filter(({ name }) => isDirector(name)))
const anyNode = ({ cluster, nodes }: Fleet): Node => cluster.pick(nodes)
const ownerIn = ({ cluster, nodes }: Fleet): Node | undefined => {
  const owner = cluster.ownerOf(cluster.pick(cluster.groups))
  return nodes.find(({ machine }) => machine === owner)
}
function standbyIn(fleet: Fleet): Node {
  const owners = new Set(fleet.cluster.groups.map((group) => fleet.cluster.ownerOf(group)?.name))
  const others = fleet.nodes.filter(({ name }) => isDirector(name) && !owners.has(name))
  return others.length > 0 ? fleet.cluster.pick(others) : director(fleet)
}
function lasting(fleet: Fleet, text: string, end: () => void): void {
  fleet.cluster.note(text)
  fleet.cluster.afflictions.begin(text, Number.MAX_SAFE_INTEGER, end)
}
function deaf(fleet: Fleet, from: Node | null, to: Node | null): void {
  const text = `${to?.name ?? 'nobody'} does not hear ${from?.name ?? 'anybody'}`
  const { cluster } = fleet
  const spell = cluster.network.cut(
    (way) => (from === null || way.from === from.name) && (to === null || way.to === to.name),
  )
  lasting(fleet, text, spell.end)
}

export const TROUBLES: Readonly<Record<string, Trouble>> = {
  nothing: () => undefined,
  serverDies: (fleet) => fleet.cluster.pick(fleet.servers.all).become('dead'),
  allServersDie(fleet) {
    for (const server of fleet.servers.all) server.become('dead')
  },
  powerCut: (fleet) => anyNode(fleet).machine.cutPower(),
  standbyHasNoPower: (fleet) => standbyIn(fleet).machine.cutPower(),
  voterHasNoPower: (fleet) => fleet.node('rs1').machine.cutPower(),
  agentDies: (fleet) => anyNode(fleet).kill(),
  leaseProcessDies: (fleet) => anyNode(fleet).machine.kill(),
  ownersAgentDiesThenServers(fleet) {
    ownerIn(fleet)?.kill()
    TROUBLES['allServersDie']?.(fleet)
  },
  deafToOne: (fleet) => deaf(fleet, anyNode(fleet), anyNode(fleet)),
  standbyDeafToVoter: (fleet) => deaf(fleet, fleet.node('rs1'), standbyIn(fleet)),
  voterDeafToStandby: (fleet) => deaf(fleet, standbyIn(fleet), fleet.node('rs1')),
  hearsNobody: (fleet) => deaf(fleet, null, anyNode(fleet)),
  unheard: (fleet) => deaf(fleet, anyNode(fleet), null),
  maintenance: (fleet) => want(fleet, 'standby', { kind: 'node', node: director(fleet).name }),
  standbysKernelRefuses(fleet) {
    const node = standbyIn(fleet)
    node.faults.refusal = 1
    lasting(fleet, `the kernel of ${node.name} refuses all`, () => void (node.faults.refusal = 0))
  },
  /** The first in order does not reach the ping node: who does comes before it. */
  standbyLosesPing(fleet) {
    const { cluster, nodes } = fleet
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)?.name
    const first = group?.directors.find((name) => name !== owner)
    const node = nodes.find(({ name }) => name === first) ?? standbyIn(fleet)
    node.faults.unpinged = true
    lasting(fleet, `${node.name} does not reach the ping node`, () => void (node.faults.unpinged = false))
  },
  /** Another list of addresses on one director. */
  otherAddresses: (fleet) => standbyIn(fleet).machine.adopt(1),
}

/** A second revision, in which the first group has another VIP. */
export function moved(draft: Draft): Draft {
  const groups = draft.groups.map((group, at) => (at === 0 ? { ...group, vip: '10.11.0.29' } : group))
  return { ...draft, groups }
}

export const WHOLE_HEAD: Plot = {
  name: 'whole: what the head of a status says',
  shape(random) {
    const draft = draftOf(random)
    return shapeFrom([draft, moved(draft)], random)
  },
  play(cluster) {
    const fleet = new Fleet(cluster)
    fleet.start()
    const asleep = fleet.settles('after the start')
    if (asleep !== null) return asleep
    fleet.headLaw.longestMs = KNOWN_MS
    for (let left = TIMES; left > 0; left--) {
      const name = cluster.pick(Object.keys(TROUBLES))
      cluster.note(`trouble: ${name}`)
      TROUBLES[name]?.(fleet)
      // What is false begins when a word is too old, and is found when it has lasted.
      cluster.run(2 * KNOWN_MS)
      const broken = promised(fleet)
      if (broken !== null) return `${name}: ${broken}`
      heal(fleet)
      cluster.run(cluster.quarantineMs())
      const restless = fleet.settles(`after ${name}`)
      if (restless !== null) return restless
      const doubtful = unhealthy(fleet)
      if (doubtful !== null) return `after ${name}: ${doubtful}`
    }
    return fleet.headLaw.asked === 0 ? 'no head was compared' : null
  },
}

/** Of a cluster in which nothing is wrong, every node says so. */
function unhealthy({ nodes, headLaw, cluster }: Fleet): string | null {
  const said = (node: Node): Verdict | null => headLaw.verdictOf(node)
  cluster.runUntil(() => nodes.every((node) => said(node)?.health === 'healthy'), KNOWN_MS, 100)
  const doubtful = nodes.find((node) => said(node)?.health !== 'healthy')
  return doubtful ? `${doubtful.name} says: ${JSON.stringify(said(doubtful))}` : null
}

/** Somebody says who could take a group: one of those has it when its owner dies. */
function promised(fleet: Fleet): string | null {
  const { cluster, nodes } = fleet
  const asked = nodes.filter(({ works }) => works)
  const node = asked.length > 0 ? cluster.pick(asked) : undefined
  if (!node) return null
  const movable = fleet.headLaw.verdictOf(node)?.movable ?? new Map<string, boolean | null>()
  const group = cluster.groups.find(({ name }) => movable.get(name) === true)
  if (!group) return null
  const owner = cluster.ownerOf(group)
  if (!owner) return `${node.name} says that ${group.name} could move, and nobody owns it`
  const takers = takersOf(node, group.name).flatMap(({ node: name, could }) => (could === true ? [name] : []))
  const told = supposedOwner(node, group.name, owner.name)
  const could = told === null ? takers : [told]
  const [words, died] = [`by ${node.name}, ${group.name} could move to ${could.join(', ')}`, owner.name]
  cluster.note(words)
  owner.cutPower()
  const taken = (): boolean => could.includes(cluster.ownerOf(group)?.name ?? '')
  if (cluster.runUntil(taken, TAKES_MS, 50)) return null
  return `${words}; ${died} lost its power, and ${cluster.ownerOf(group)?.name ?? 'nobody'} has it ${TAKES_MS} ms later`
}
const takersOf = ({ agent }: Node, group: string): readonly TakerReport[] =>
  agent?.status().groups.find(({ name }) => name === group)?.takers ?? []

/** Who has the group if its owner dies, as `lvsm simulate` says it; null: it does not say. */
function supposedOwner({ agent }: Node, group: string, owner: string): string | null {
  const status = agent?.status()
  if (!status) return null
  return (
    suppose(status, { dead: [owner], failed: [] }, (_, service) => service).groups.find(({ name }) => name === group)
      ?.owner ?? null
  )
}
