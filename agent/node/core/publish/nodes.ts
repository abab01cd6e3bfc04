/** The other nodes as this one hears them, and as they say of themselves. Who is not heard is dead only where that is known. */
import { between } from '@lvsm/base'
import { wordsOf } from '@lvsm/changes'
import {
  heardElsewhere,
  type LeaseStatus,
  type LocalWord,
  NEVER_HEARD,
  type NodeReport,
  type PeerStatus,
  perhapsCutOff,
  saidAndStep,
} from '@lvsm/protocol'
import { heardBy, hearsIn, votersIn } from '../hearing.ts'
import { leaseStatus, noLease } from '../lease.ts'
import { stateOf } from '../peers.ts'
import { type NodeState } from '../state.ts'
import { type Saying } from './sentence.ts'

export function reportNode(state: NodeState, name: string, own: Saying): NodeReport {
  const status = leaseStatus(state)
  const node = state.config?.nodes.find((entry) => entry.name === name)
  const base = {
    name,
    roles: node?.roles ?? [],
    voter: node?.voter ?? false,
    ...wordsOf(state.facts, name, wordOf(state, name)),
  }
  if (name === state.node)
    return { ...base, ...own, standby: status?.standby ?? false, ...votesIn(status?.quarantineMs ?? 0), agent: true }
  const peer = status?.peers.find((entry) => entry.name === name)
  const word = stateOf(state, name)
  const heard = state.states.get(name)
  const more = {
    standby: peer?.standby ?? word?.standby ?? false,
    ageMs: heard ? Math.round(between(heard.at, state.now)) : null,
  }
  if (status && peer && (peer.life === 'late' || peer.life === 'dead'))
    return { ...base, ...unheardState(state, status, peer), ...more, agent: false }
  if (word) {
    const left = votesIn((word.votesInMs ?? 0) - (more.ageMs ?? 0))
    return { ...base, state: word.state, reason: word.reason, ...more, ...left, agent: true }
  }
  return { ...base, ...silentState(state, name, peer), ...more, agent: false }
}

const votesIn = (ms: number): Pick<NodeReport, 'votesInMs'> => (ms > 0 ? { votesInMs: Math.ceil(ms) } : {})

/** Whoever sends them: it may be somebody else, with its address. */
const unbelievedText = (why: string): string => `datagrams from its address come, and are not believed: ${why}`
const silentText = ({ silentMs }: PeerStatus): string => `silent for ${(silentMs / 1000).toFixed(1)} s`

/** It is not dead where it speaks and is not believed, where others hear it, and where this node may be the one that is cut off. */
function unheardState(state: NodeState, status: LeaseStatus, peer: PeerStatus): Saying {
  const silent = silentText(peer)
  if (peer.life === 'late') return { state: 'late', reason: silent }
  if (peer.unbelieved !== undefined) return { state: 'unknown', reason: unbelievedText(peer.unbelieved) }
  const others = heardBy(state, peer.name)
  if (others.length > 0) return { state: 'unknown', reason: heardElsewhere(silent, others) }
  return status.quorum
    ? { state: 'dead', reason: silent }
    : { state: 'unknown', reason: `${silent}; ${cutOffText(state)}` }
}

/** Of a node without a majority: what it does not hear may live. */
export function cutOffText(state: NodeState): string {
  const voters = votersIn(state)
  const hears = hearsIn(state)
  const heard = voters.filter((name) => hears(state.node, name) === true)
  return perhapsCutOff(state.node, heard.length, voters.length)
}

/** Where much is lost on the way it speaks, as far as anybody here knows. */
function agentText({ agentless, lostPercent }: PeerStatus): string {
  if (agentless !== undefined) return `its agent is silent: ${saidAndStep(agentless).said}`
  if (lostPercent === undefined) return 'its agent is silent'
  return `its agent was not heard lately: about ${lostPercent} % of what that node sends here is lost`
}

function silentState(state: NodeState, name: string, peer: PeerStatus | undefined): Saying {
  const status = leaseStatus(state)
  if (peer?.unbelieved !== undefined) return { state: 'unknown', reason: unbelievedText(peer.unbelieved) }
  if (!status) return { state: 'unknown', reason: noLease(state.node) }
  if (peer?.life !== 'alive') return { state: 'unknown', reason: NEVER_HEARD }
  const owns = status.groups.filter((group) => group.owner === name).map((group) => group.name)
  const what = owns.length > 0 ? `owns ${owns.join(', ')}; ` : ''
  const reason = `${what}its lease process lives, ${agentText(peer)}`
  return { state: owns.length > 0 ? 'owner' : 'unknown', reason }
}

/** On standby, as it was given at that node itself. */
const wordOf = (state: NodeState, name: string): LocalWord | null =>
  name === state.node ? state.word : (stateOf(state, name)?.word ?? null)
