/** One sentence for operators: what this node does now, and why. */
import { factAbout, type Standing } from '@lvsm/changes'
import { type Facts, isOfNode, type LeaseStatus, type NodeState, troubleKind } from '@lvsm/protocol'
import { MARKS, type Trouble } from '@lvsm/base'
import { namesOf, type NodeView, PLACEMENTS } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'

export interface Saying {
  readonly state: NodeState
  readonly reason: string
}

export interface Known {
  readonly view: NodeView
  readonly status: LeaseStatus | null
  readonly observed: Observed | null
  readonly troubles: readonly Trouble[]
  /** Group → why this node could not take it now; empty text: it could. */
  readonly ready: Readonly<Record<string, string>>
  /** Group → why it takes it when its owner fails, and by no order; null: it does both. */
  readonly notByOrder: (group: string) => string | null
  /** What it has otherwise in its configuration than other voters and directors. */
  readonly other: readonly string[]
  readonly facts: Facts
  readonly standing: Standing | null
}

export function sayState(known: Known): Saying {
  const { view, status, observed, troubles } = known
  const owned = status?.groups.filter((group) => group.role === 'owner') ?? []
  const all = troubles.filter(({ severity, pastMs }) => severity === 'critical' && pastMs === undefined)
  if (owned.length > 0) {
    const groups = owned.map((group) => `${group.name} (lease ${group.number})`).join(', ')
    const but = all.find((trouble) => !isOfAnother(trouble, view.node.name))
    return { state: 'owner', reason: `owns ${groups}${but ? `, but ${but.message}` : ''}` }
  }
  // What it says of others, and of what everybody shares, keeps it from nothing.
  const own = all.find((trouble) => isOfNode(troubleKind(trouble.code)) && !isOfAnother(trouble, view.node.name))
  if (own) return { state: 'troubled', reason: own.message }
  if (!observed || !status)
    return { state: 'starting', reason: !status ? 'waits for its lease process' : 'reads the kernel' }
  // Also of one that directs no group yet: it was told, and takes none.
  if (status.standby && view.node.roles.includes('director')) return sayStandby(known.standing)
  if (view.directs.length > 0) return sayDirector(known, status)
  const votes = view.node.voter
    ? status.quarantineMs > 0
      ? `, votes in ${Math.ceil(status.quarantineMs / 1000)} s`
      : ', votes'
    : ''
  const serves = sayServing(view, observed)
  if (serves !== null) return { state: 'serving', reason: serves + votes }
  if (view.node.roles.includes('director')) return { state: 'idle', reason: `directs no group${votes}` }
  return view.node.voter
    ? {
        state: 'witness',
        reason: `only votes${status.quarantineMs > 0 ? `, in ${Math.ceil(status.quarantineMs / 1000)} s` : ''}`,
      }
    : { state: 'idle', reason: 'has nothing to do in this configuration' }
}

const isOfAnother = ({ object = '' }: Trouble, node: string): boolean =>
  object.startsWith('node ') && object !== `node ${node}`

function sayStandby(standing: Standing | null): Saying {
  const author = standing?.on ? standing.author : 'an operator'
  return { state: 'maintenance', reason: `under maintenance by ${author} (lvsm standby on): takes nothing over` }
}

function sayDirector({ view, ready, notByOrder, other, facts }: Known, status: LeaseStatus): Saying {
  const parts = view.directs.map((group) => {
    const stop = factAbout(facts, { kind: 'group', group: group.name })
    if (stop) return `${group.name} is stopped by ${stop.author}`
    const known = status.groups.find((entry) => entry.name === group.name)
    const why = ready[group.name] ?? 'the kernel was not read yet'
    if (why !== '') return `cannot take ${group.name}: ${why}`
    if (!known?.owner) return `${group.name}: ${known?.reason ?? 'nobody owns it'}`
    const not =
      notByOrder(group.name) ?? (other.length === 0 ? null : `has other ${other.join(', ')} in its configuration`)
    return not === null
      ? `ready to take ${group.name} from ${known.owner}`
      : `takes ${group.name} if ${known.owner} fails, and by no order: it ${not}`
  })
  return { state: 'standby', reason: parts.join('; ') }
}

/** What it is set up for: whether its servers answer, checks say. */
function sayServing(view: NodeView, observed: Observed): string | null {
  const standing = sayStanding(view, observed)
  const answers = [...(standing.length > 0 ? [`for ${standing.join(', ')}`] : []), ...sayGateways(view)]
  const parts = [
    ...(answers.length > 0 ? [`is set up to answer ${answers.join(', and ')}`] : []),
    ...(view.tunnels.length > 0 ? [sayTunnels(view, observed)] : []),
  ]
  if (parts.length === 0 && view.answersFor.length > 0) return 'sets its aliases up'
  return parts.length > 0 ? parts.join(', ') : null
}

/** Each placement once, with what stands there. */
function sayStanding({ answersFor }: NodeView, { addresses, localRoutes = [] }: Observed): string[] {
  const stands = new Set([...addresses, ...localRoutes].map(({ address }) => address))
  return namesOf(PLACEMENTS).flatMap((name) => {
    const here = answersFor.filter(({ address, placement }) => placement === name && stands.has(address))
    return here.length === 0 ? [] : [`${here.map(({ address }) => address).join(', ')} (${PLACEMENTS[name].title})`]
  })
}

/** By its default route, and by rules for its answers alone. */
function sayGateways({ gateways, led }: Pick<NodeView, 'gateways' | 'led'>): string[] {
  const ruled = new Set(led.map((one) => one.gateway.address))
  const near = new Set(led.flatMap((one) => (one.reach === 'everybody' ? [one.gateway.address] : [])))
  return [...new Set([...gateways, ...ruled])].map(
    (one) =>
      `through NAT gateway ${one}${gateways.includes(one) ? '' : ' by a policy route'}${near.has(one) ? ', to its own network too' : ''}`,
  )
}

function sayTunnels({ tunnels }: NodeView, observed: Observed): string {
  const types = [...new Set(tunnels.map(({ tunnel }) => tunnel))].join(' and ')
  const up = observed.links.filter(
    ({ name, note, up }) => name !== MARKS.vipDevice && note === MARKS.deviceNote && up,
  ).length
  const addresses = `${tunnels.length} ${tunnels.length === 1 ? 'address' : 'addresses'} of directors`
  return up < tunnels.length ? `has ${up} of ${tunnels.length} tunnels` : `unwraps ${types} from ${addresses}`
}
