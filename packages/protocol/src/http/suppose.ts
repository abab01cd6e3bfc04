/**
 * What a cluster would be if something failed in it now: from a status, the status that would be told a while later. Who takes a group
 * follows from what its directors say of themselves, and from the votes that would be left: by the same rules as the head of a status
 * (`movable.ts`). What follows from something that is not known is not known.
 */
import { byRank } from '../rank.ts'
import { majorityOf, NO_MAJORITY, votes } from './movable.ts'
import { rankedTakers, rankIn } from './takers.ts'
import { serviceAt } from './taken-over.ts'
import type { GroupReport, NodeReport, RealserverReport, ServiceReport, Status, TakerReport } from './status.ts'

export interface Supposed {
  /** These lose their power. */
  readonly dead: readonly string[]
  /** Checks of these fail; in each service, where none is named. */
  readonly failed: readonly { readonly node: string; readonly service: string | null }[]
}

/** What its director would make of a service of which some realservers fail that did not before: whom it has in its table, by its own rule. */
export type Refill = (before: ServiceReport, after: ServiceReport) => ServiceReport

export function suppose(status: Status, supposed: Supposed, refill: Refill): Status {
  const dead = new Set(supposed.dead)
  const nodes = status.nodes.map((node) => (dead.has(node.name) ? deadNode(node) : node))
  // What a dead node says of itself nobody hears any more.
  const troubles = status.troubles.filter(({ node }) => !dead.has(node))
  const quorum = majorityIn({ ...status, nodes, troubles })
  const world = { dead, quorum, status }
  const groups = status.groups.map((group) => groupAfter(group, world))
  const services = status.services.map((service) => serviceAfter(service, supposed, { groups, status, refill }))
  return { ...status, nodes, troubles, quorum: quorum === true, groups, services }
}

interface World {
  readonly dead: ReadonlySet<string>
  /** Null: not known. */
  readonly quorum: boolean | null
  /** Before. */
  readonly status: Status
}

const SUPPOSED = 'supposed'
const deadNode = (node: NodeReport): NodeReport => ({ ...node, state: 'dead', reason: SUPPOSED, agent: false })

function majorityIn({ nodes, troubles, quorum }: Status): boolean | null {
  const voters = nodes.filter(({ voter }) => voter)
  const needed = majorityOf(voters.length)
  const lent = voters.map((node) => votes(node, troubles))
  if (!quorum || lent.filter((vote) => vote !== false).length < needed) return false
  return lent.filter((vote) => vote === true).length >= needed ? true : null
}

function groupAfter(group: GroupReport, world: World): GroupReport {
  const { owner, state } = group
  if (state === 'stopped' || (owner === null && state === 'unknown')) return group
  if (world.quorum === false) return { ...group, owner: null, number: 0, state: 'nobody', reason: NO_MAJORITY }
  if (world.quorum === null) return { ...group, owner: null, state: 'unknown', reason: 'do enough voters vote?' }
  const takers = (group.takers ?? []).map((taker) => takerAfter(taker, world, owner))
  if (owner === null || !world.dead.has(owner)) return { ...group, takers }
  return takenBy({ ...group, takers }, owner, world)
}

/** The first that could, as lease processes rank them. One before it of whom that is not known makes it not known. */
function takenBy(group: GroupReport, owner: string, world: World): GroupReport {
  const takers = group.takers ?? []
  const ranked = rankedTakers(group)
  const [first] = ranked
  const nobody = { ...group, owner: null, number: 0 }
  if (!first) {
    const why = takers.map(({ node, reason }) => `${node}: ${reason}`).join('; ')
    return { ...nobody, state: 'nobody', reason: why === '' ? 'it has no other director' : why }
  }
  if (first.could === null)
    return { ...nobody, state: 'unknown', reason: `whether ${first.node} takes it: ${first.reason}` }
  const rival = ranked
    .slice(1)
    .find(({ node }) => byRank(rankIn(group, node, true), rankIn(group, first.node, false)) < 0)
  if (rival)
    return { ...nobody, state: 'unknown', reason: `whether ${first.node} or ${rival.node} takes it: ${UNPINGED}` }
  const left = takers.filter((taker) => taker !== first).map((taker) => withoutVote(taker, isVoter(first.node, world)))
  const lost = { node: owner, could: false, reason: SUPPOSED_DEAD }
  const reason = `${first.node} takes it when ${owner} is silent`
  return { ...group, owner: first.node, number: group.number + 1, takers: [...left, lost], state: 'owned', reason }
}
const UNPINGED = 'which ping nodes they reach is not known'
const SUPPOSED_DEAD = 'it is supposed to be dead'
const isVoter = (node: string, { status }: World): boolean =>
  status.nodes.some(({ name, voter }) => name === node && voter)

/** Whether it could take the group then: it lives, and the votes that it would have are enough. The owner's was never counted. */
function takerAfter(taker: TakerReport, world: World, owner: string | null): TakerReport {
  if (world.dead.has(taker.node)) return { node: taker.node, could: false, reason: SUPPOSED_DEAD }
  if (taker.could !== true || taker.voters === undefined) return taker
  const voters = world.status.nodes.filter(({ voter }) => voter)
  const gone = voters.filter(({ name }) => world.dead.has(name) && name !== owner).length
  const others = voters.filter(({ name }) => name !== owner).length
  const needed = majorityOf(voters.length)
  // Where it does not hear all of them, nobody says which.
  const [least, most] = [Math.max(taker.voters - gone, 0), Math.min(taker.voters, others - gone)]
  if (least >= needed) return { ...taker, voters: least }
  const reason = `${needed} of ${voters.length} voters must agree, and at most ${most} would hear it and be heard by it`
  return { ...taker, could: most < needed ? false : null, reason, voters: least }
}
const withoutVote = (taker: TakerReport, one: boolean): TakerReport =>
  taker.voters === undefined || !one ? taker : { ...taker, voters: Math.max(taker.voters - 1, 0) }

interface Served {
  readonly groups: readonly GroupReport[]
  /** Before. */
  readonly status: Status
  readonly refill: Refill
}
function serviceAfter(service: ServiceReport, supposed: Supposed, { groups, status, refill }: Served): ServiceReport {
  const fails = (one: RealserverReport): boolean =>
    supposed.dead.includes(one.node) ||
    supposed.failed.some(({ node, service: name }) => node === one.node && (name === null || name === service.name))
  const owner = ownerIn(groups, service)
  const from = ownerIn(status.groups, service)
  const before = inTableOf(service, { from, to: owner })
  const group = status.groups.find(({ name }) => name === service.group)
  const there =
    owner === null || owner === from ? before : serviceAt(before, owner, { group, troubles: status.troubles })
  const realservers = there.realservers.map((one) => (fails(one) ? failed(one) : one))
  return refill(before, { ...there, realservers, ...(owner === null ? { told: false } : {}) })
}
const ownerIn = (groups: readonly GroupReport[], { group }: ServiceReport): string | null =>
  groups.find(({ name }) => name === group)?.owner ?? null

/** Directors that serve themselves alone come and go with the group; of the new one nobody else knows whether it serves. */
function inTableOf(service: ServiceReport, { from, to }: { from: string | null; to: string | null }): ServiceReport {
  if (to === null || from === to) return service
  const { alone, realservers } = service
  // An older agent does not tell who they are.
  if (!alone) return realservers.some(({ forward }) => forward === LOCAL) ? { ...service, told: false } : service
  const leave = alone.filter(({ node }) => node !== to)
  const stay = realservers.filter((one) => !leave.some(({ node, port }) => node === one.node && port === one.port))
  const come = alone.filter(
    ({ node, port }) => node === to && !stay.some((one) => one.node === node && one.port === port),
  )
  const rows = come.map(
    (one): RealserverReport => ({
      ...one,
      ...{ weight: one.configured, healthy: null, active: 0, inactive: 0 },
      reason: `${to} serves itself alone, and nobody else knows whether it does`,
    }),
  )
  return { ...service, realservers: [...stay, ...rows] }
}
const LOCAL = 'local'

/** Whom no check asks stays where it is, and nobody learns that it does not serve. */
function failed(realserver: RealserverReport): RealserverReport {
  const isUnasked = realserver.healthy === null || realserver.basis === 'no-check'
  if (isUnasked) return { ...realserver, healthy: null, reason: 'no check tells whether it serves' }
  return { ...realserver, healthy: false, reason: SUPPOSED }
}
