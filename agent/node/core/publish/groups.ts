/** A group as this node sees it: who owns it, and who else could have it. That nobody owns it is said only where it is known. */
import { barOf, byItsWord, type CouldTake, mayHold, votersFor, wantedOfGroup } from '@lvsm/changes'
import { type ConfigGroup, differences, disagreements, isForVotes, type Subject } from '@lvsm/model'
import { type GroupReport, type NodeReport, type PingReport, saidAndStep, type TakerReport } from '@lvsm/protocol'
import { reachedPings } from '../check/pings.ts'
import { hearsIn, votersIn } from '../hearing.ts'
import { agreementOf, differsIn } from '../disagreement.ts'
import { leaseStatus, noLease, ownership } from '../lease.ts'
import { blindAt, readyHere, whyNotByOrder } from '../willing.ts'
import { readyOf, stateOf } from '../peers.ts'
import { type NodeState } from '../state.ts'
import { establishedOf } from '../synchronised.ts'
import { cutOffText } from './nodes.ts'

export function reportGroup(state: NodeState, group: ConfigGroup, nodes: readonly NodeReport[]): GroupReport {
  const { name, addresses, directors } = group
  const known = ownership(state, name)
  const owner = known?.owner ?? null
  const moving = known?.role === 'acquiring' || known?.role === 'releasing'
  const blind = !known ? noLease(state.node) : owner !== null || moving ? null : blindFor(state, group)
  return {
    name,
    owner,
    number: known?.number ?? 0,
    leftMs: Math.round(known?.leftMs ?? 0),
    addresses: addresses.map((entry) => entry.address),
    directors,
    pings: reportPings(state, group),
    takers: directors
      .filter((node) => node !== owner)
      .map((node) =>
        takerOf(
          state,
          nodes.find((one) => one.name === node),
          { node, owner, group: name },
        ),
      ),
    state: blind !== null ? 'unknown' : moving ? 'moving' : owner === null ? 'nobody' : 'owned',
    reason: blind ?? known?.reason ?? noLease(state.node),
    ...establishedOf(state, name, directors),
    ...(known ? wantedOfGroup(state.facts, name, owner ?? (moving ? state.node : null)) : {}),
  }
}

/** Heartbeats in a row of which none came: who renews its lease meanwhile is not heard. */
const MISSED = 2

/** Why somebody may own it of whom this node does not hear; null: nobody does. */
function blindFor(state: NodeState, { directors }: ConfigGroup): string | null {
  const status = leaseStatus(state)
  if (status?.quorum !== true) return cutOffText(state)
  const hears = hearsIn(state)
  const voters = votersIn(state)
  const longMs = MISSED * (state.config?.timing.keepaliveMs ?? 0)
  const isHeardNow = (node: string): boolean => {
    const silentMs = status.peers.find((peer) => peer.name === node)?.silentMs ?? -1
    return hears(state.node, node) === true && silentMs >= 0 && silentMs < longMs
  }
  const may = directors.filter((node) => node !== state.node && !isHeardNow(node) && mayHold(node, voters, hears))
  return may.length === 0 ? null : `${may.join(', ')} may: ${state.node} does not hear it`
}

function takerOf(
  state: NodeState,
  report: NodeReport | undefined,
  { node, owner, group }: { readonly node: string; readonly owner: string | null; readonly group: string },
): TakerReport {
  const said = couldTake(state, report, { group, owner })
  if (said.could !== true) return { node, ...said }
  const voters = votersFor(node, owner, votersIn(state), hearsIn(state))
  const other = owner === null ? [] : otherServices(state, owner, node)
  const why =
    other.length > 0
      ? `has other ${other.join(', ')} in its configuration than ${owner}`
      : whyNotByOrder(state, node, group)
  const refused = owner === null || why === null ? {} : { refused: why }
  const blind = blindAt(state, node, group)
  return {
    ...{ node, ...said, ...refused },
    ...(voters === undefined ? {} : { voters }),
    ...(blind === 0 ? {} : { blind }),
  }
}

/** In what a director would serve otherwise than the owner, and not only while a change is on its way. */
function otherServices(state: NodeState, owner: string, node: string): Subject[] {
  if (differsIn(state, node).length + differsIn(state, owner).length === 0) return []
  const [own, theirs] = [agreementOf(state, owner), agreementOf(state, node)]
  return own && theirs ? differences(own, theirs).filter((subject) => !isForVotes(subject)) : []
}

/** Its own word, where nothing stands in the way that this node knows better. */
function couldTake(
  state: NodeState,
  report: NodeReport | undefined,
  { group, owner }: { readonly group: string; readonly owner: string | null },
): CouldTake {
  if (!report || !leaseStatus(state)) return { could: null, reason: noLease(state.node) }
  const { name, state: is, reason } = report
  const bar = barOf(report) ?? agentlessText(state, name)
  if (bar !== null) return { could: false, reason: bar }
  const [own, theirs] = [agreementOf(state, name), agreementOf(state, owner ?? '') ?? agreementOf(state, state.node)]
  const subjects = own && theirs ? disagreements(theirs, own) : []
  if (subjects.length > 0)
    return { could: false, reason: `has other ${subjects.join(', ')} in its configuration than ${owner ?? state.node}` }
  const why = name === state.node ? (readyHere(state).get(group) ?? null) : readyOf(state, name, group)
  return byItsWord(own === null ? null : why, is === 'unknown' ? reason : undefined)
}

/** Without an agent its lease process stands for nothing; null: it has one, or that is not known. */
function agentlessText(state: NodeState, name: string): string | null {
  const peer = leaseStatus(state)?.peers.find((one) => one.name === name)
  if (peer?.agentless === undefined || stateOf(state, name)) return null
  return `no agent is at work there: ${saidAndStep(peer.agentless).said}`
}

function reportPings(state: NodeState, { directors, ping }: ConfigGroup): PingReport[] {
  const own = reachedPings(state.pings)
  return ping.map((address) => ({
    address,
    directors: directors.map((node) => {
      const said = node === state.node ? own : stateOf(state, node)?.pings
      return { node, reached: said?.[address] ?? null }
    }),
  }))
}
