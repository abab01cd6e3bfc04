/** Datagram dispatch: replay check, then voter, holder or candidate. */
import { type Ack, type LeaseView, type Message } from '@lvsm/protocol'
import { after } from '@lvsm/base'
import { onMajority, onVote } from './candidate.ts'
import type { Asker, Envelope } from './events.ts'
import { heardOver } from './links.ts'
import { noteLoss } from './losses.ts'
import { checkClones, onHeartbeat, speaksNow } from './peers.ts'
import { sendHeartbeat } from './send.ts'
import type { GroupState } from './group-state.ts'
import { count, type LeaseState, touchAll } from './state.ts'
import { onAnswer, onOffer } from './transfer.ts'
import { isEntitled } from './entitled.ts'
import { passOn } from './relay-budget.ts'
import { onExtended } from './renew.ts'
import { onPoll, onRequest, onVoterRelease } from './voter.ts'
import { whyNotCandidate } from './eligibility.ts'

/** Part of a keepalive: a new incarnation gets a heartbeat at once, but no more often than this. */
const GREETING = 1 / 4

export function onDatagram(state: LeaseState, view: LeaseView, envelope: Envelope): void {
  const { from: node, incarnation, sequence, link, spread, message, piggybacked } = envelope
  const silent = !speaksNow(state, view, node)
  const judgement = state.peerTable.judge(envelope, state.now)
  if (judgement.kind === 'drop') count(state, `drop-${judgement.reason}`)
  else if (judgement.kind === 'copy') count(state, 'drop-copy')
  else if (judgement.kind === 'teaches') {
    count(state, message.kind === 'heartbeat' ? 'greeting' : 'drop-not-for-me')
    if (judgement.unheard) greet(state, view, node)
  } else {
    // A peer that is heard again may rank before this node, or be a successor.
    if (silent) touchAll(state)
    heardOver(state, view, { node, link, alone: message.kind === 'heartbeat', begun: silent })
    noteLoss(state, view, envelope)
    checkClones(state, node)
    if (piggybacked) onHeartbeat(state, view, { node, incarnation, sequence }, piggybacked)
    onMessage(state, view, { node, incarnation, sequence, spread }, message)
  }
}

/** Answers a new incarnation, rate-limited: replayed recordings must not make this node send as much as they bring. */
function greet(state: LeaseState, view: LeaseView, node: string): void {
  const last = state.greetedAt.get(node)
  if (last !== undefined && state.now < after(last, GREETING * view.timing.keepaliveMs)) return
  state.greetedAt.set(node, state.now)
  sendHeartbeat(state, view, [node])
}

/** Dispatches a message that passed the replay check, or that this node sent to itself. */
export function onMessage(state: LeaseState, view: LeaseView, sender: Asker, message: Message): void {
  if (message.kind === 'heartbeat') return onHeartbeat(state, view, sender, message)
  if (message.kind === 'relay') return passOn(state, sender.node, message.payload)
  if (message.kind === 'request') return onRequest(state, view, sender, message)
  if (message.kind === 'poll') return onPoll(state, sender, message)
  if (message.kind === 'release') onVoterRelease(state, sender, message)
  if (!isEntitled(view, sender.node, message)) return count(state, 'drop-not-entitled')
  if (message.kind === 'offer') return onOffer(state, view, sender, message)
  const instance = state.instances.get(message.group)
  if (!instance) return
  instance.touched = true
  // A voter that may be cloned could vote for two owners (packages/lease/PROTOCOL.md 3.9).
  if (message.kind === 'ack' || message.kind === 'free') {
    if (!state.rules.countsVote(state.peerTable.doubted(sender.node, state.now)))
      return count(state, 'drop-cloned-voter')
  }
  if (message.kind === 'ack') return onAck(state, view, instance, sender.node, message)
  if (message.kind === 'answer') return onAnswer(state, view, instance, sender.node, message)
  if (message.kind !== 'release') return onVote(state, view, instance, sender.node, message)
  if (sender.node === state.node) return
  if (message.successor === state.node && whyNotCandidate(state, view, instance.group) === null)
    instance.candidate.named(view.timing, state.now)
  else instance.candidate.pollSoon()
}

/** A voter granted what the holder or candidate of this node asked for: what that means is the phase's business. */
function onAck(state: LeaseState, view: LeaseView, instance: GroupState, from: string, ack: Ack): void {
  const verdict = instance.holder.acked(from, ack, state.now)
  if (verdict === 'stray') count(state, 'stray-ack')
  if (verdict !== 'extended') return
  if (instance.phase === 'active') onExtended(state, view, instance)
  else if (instance.phase === 'backup' && instance.candidate.asking) onMajority(state, view, instance)
}
