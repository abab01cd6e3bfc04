/** What a director knows beside the answer of a check, for whoever wants it explained: heartbeats, the realserver's own words, and its own way there. */
import { endpointText, netemAway, netemHarm } from '@lvsm/base'
import { interfaceFor } from '@lvsm/plan'
import type { Trial } from '@lvsm/protocol'
import { sourceOf } from '../observe/interfaces.ts'
import { leaseStatus } from '../lease.ts'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import type { Member } from './member.ts'
import { speaksAgainst } from './sight.ts'

const MOST_TROUBLES = 3

/** The last line draws the conclusion, where one can be drawn. */
export function knownOf(state: NodeState, member: Member, { ok, reason }: Pick<Trial, 'ok' | 'reason'>): string[] {
  const life = lifeOf(state, member)
  return [
    life === null ? [] : [`heartbeats of ${member.realserver.node}: ${life}`],
    sightLines(member),
    wayLines(state, member),
    troubleLines(state, member),
    ok === false && /\bno answer\b(?! to ARP)/.test(reason) ? [conclusion(member, life)] : [],
  ].flat()
}

function lifeOf(state: NodeState, { realserver: { node } }: Member): string | null {
  if (node === state.node) return null
  const peer = leaseStatus(state)?.peers.find(({ name }) => name === node)
  if (!peer) return 'not known here'
  const agent = peer.agentless === undefined ? '' : `; its agent is not at work: ${peer.agentless}`
  return `${peer.life}${agent}`
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
      return harm === null ? [] : [`${dev.name} ${harm.does} what leaves by it: ${netemAway(dev.name, one)}`]
    }),
  ]
}

/** In its own words. */
const troubleLines = (state: NodeState, { realserver: { node } }: Member): string[] =>
  (node === state.node ? [] : (stateOf(state, node)?.troubles ?? []))
    .filter(({ severity }) => severity !== 'info')
    .slice(0, MOST_TROUBLES)
    .map(({ severity, message }) => `${node} says of itself, ${severity}: ${message}`)

function conclusion({ sight, realserver: { node, address, port } }: Member, life: string | null): string {
  const at = endpointText(address, port)
  if (life === 'dead')
    return `so: ${node} is not heard at all: see to that machine, and to the way there, before its server`
  if (sight && !sight.stale && speaksAgainst(sight))
    return `so: the server on ${node} is the cause, and not the way there`
  if (sight?.is === 'listens' && !sight.stale)
    return `so: nothing comes back from ${at} although somebody listens there: a packet filter there (nft list ruleset, iptables -S) or here, or the way between`
  if (life === 'alive')
    return `so: ${node} is heard, and ${at} is silent: a packet filter, a server that hangs (on ${node}: ss -ltnp; ps: state T or D), or the way to that address; lvsm doctor on both shows more`
  return 'so: what it is cannot be told from here: lvsm doctor on both machines shows more'
}
