/** What a director knows beside the answer of a check, for whoever wants it explained: heartbeats, the realserver's own words, and its own way there. */
import { netemAway, netemHarm } from '@lvsm/base'
import { interfaceFor } from '@lvsm/plan'
import type { PeerStatus, Trial } from '@lvsm/protocol'
import { sourceOf } from '../observe/interfaces.ts'
import { leaseStatus } from '../lease.ts'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { conclusionOf } from './conclusion.ts'
import type { Member } from './member.ts'

const MOST_TROUBLES = 3

/** The last line draws the conclusion, where one can be drawn. */
export function knownOf(state: NodeState, member: Member, { ok, reason }: Pick<Trial, 'ok' | 'reason'>): string[] {
  const peer = peerOf(state, member)
  return [
    lifeLines(state, member, peer),
    sightLines(member),
    wayLines(state, member),
    troubleLines(state, member),
    ok === false ? (conclusionOf(member, isOwn(state, member) ? 'own' : (peer?.life ?? null), reason) ?? []) : [],
  ].flat()
}

const isOwn = (state: NodeState, { realserver: { node } }: Member): boolean => node === state.node
const peerOf = (state: NodeState, { realserver: { node } }: Member): PeerStatus | undefined =>
  leaseStatus(state)?.peers.find(({ name }) => name === node)

/** Where no agent runs nobody sends heartbeats. */
function lifeLines(state: NodeState, member: Member, peer: PeerStatus | undefined): string[] {
  const { node, agent } = member.realserver
  if (isOwn(state, member) || agent === false) return []
  if (!peer) return [`heartbeats of ${node}: not known here`]
  const its = peer.agentless === undefined ? '' : `; its agent is not at work: ${peer.agentless}`
  return [`heartbeats of ${node}: ${peer.life}${its}`]
}

function sightLines({ sight, service, realserver }: Member): string[] {
  if (sight === null)
    return service.check.ownView && realserver.agent !== false ? ['its own agent does not say who listens there'] : []
  const { is, queue, most, load, stale } = sight
  const waits = most > 0 ? `, ${queue} wait to be accepted and ${most} may` : ''
  return [`its own agent${stale ? ', which is silent since,' : ''} says: ${WORDS[is]}${waits}; load ${load}`]
}
const WORDS = {
  listens: 'somebody listens there',
  closed: 'nobody listens there',
  full: 'nobody accepts there',
  unread: 'it cannot see who listens',
} as const

/** Routes of others may lead elsewhere: what is known is the interface in the network of that address. */
function wayLines(state: NodeState, { realserver: { address } }: Member): string[] {
  const { observed } = state.kernel
  const dev = observed && interfaceFor(observed, address)
  if (!observed || !dev)
    return [`no interface of ${state.node} is in the network of ${address}: ip route get ${address} shows the way`]
  const source = sourceOf(state, address)
  const fixed = observed.neighbours?.find((one) => one.address === address)
  const netem = observed.netem?.filter(({ index }) => index === dev.index) ?? []
  return [
    `asked by ${dev.name}${dev.up ? '' : ', which is down,'} from ${source ?? 'the address that the kernel chooses'}`,
    ...(fixed
      ? [
          `ip neigh: ${address} dev ${dev.name} lladdr ${fixed.mac ?? 'none'} PERMANENT: the kernel asks nobody where it is`,
        ]
      : []),
    ...netem.flatMap((one) => {
      const harm = netemHarm(one)
      return harm === null ? [] : [`${dev.name} ${harm.does}: ${netemAway(dev.name, one)}`]
    }),
  ]
}

/** In its own words. */
const troubleLines = (state: NodeState, { realserver: { node } }: Member): string[] =>
  (node === state.node ? [] : (stateOf(state, node)?.troubles ?? []))
    .filter(({ severity }) => severity !== 'info')
    .slice(0, MOST_TROUBLES)
    .map(({ severity, message }) => `${node} says of itself, ${severity}: ${message}`)
