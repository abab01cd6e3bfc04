/** A datagram comes in: does it count, and whose business is it? */
import { after } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'
import { onAck, onVote } from './candidacy.ts'
import type { Asker, Envelope, Message } from './events.ts'
import { judgeDouble, noteBeat, speaksNow, unwilling } from './peers.ts'
import { beatTo } from './post.ts'
import { count, type Station, touchAll } from './station.ts'
import { onAnswer, onOffer } from './transfer.ts'
import { onPoll, onRequest, onVoterRelease } from './voting.ts'

/** Of a keepalive: a start that was not heard before is answered at once, but no more often. */
const GREETING = 1 / 4

export function onDatagram(station: Station, view: LeaseView, envelope: Envelope): void {
  const { from: node, incarnation, sequence, spread, message, rider } = envelope
  const silent = !speaksNow(station, view, node)
  const judgement = station.roster.judge(envelope, station.now)
  if (judgement.kind === 'drop') count(station, `drop-${judgement.reason}`)
  else if (judgement.kind === 'copy') count(station, 'drop-copy')
  else if (judgement.kind === 'teaches') {
    count(station, message.kind === 'beat' ? 'greeting' : 'drop-not-for-me')
    if (judgement.unheard) greet(station, view, node)
  } else {
    // Who speaks again may go before this node, or take what it has.
    if (silent) touchAll(station)
    judgeDouble(station, node)
    if (rider) noteBeat(station, view, { node, incarnation, sequence }, rider)
    onMessage(station, view, { node, incarnation, sequence, spread }, message)
  }
}

/** Recordings of many old starts must not make us send as much as they bring. */
function greet(station: Station, view: LeaseView, node: string): void {
  const last = station.greetedAt.get(node)
  if (last !== undefined && station.now < after(last, GREETING * view.timing.keepaliveMs)) return
  station.greetedAt.set(node, station.now)
  beatTo(station, view, [node])
}

/** A message that counts: from a peer, or from this node to itself. */
export function onMessage(station: Station, view: LeaseView, sender: Asker, message: Message): void {
  if (message.kind === 'beat') return noteBeat(station, view, sender, message)
  if (message.kind === 'relay') {
    station.effects.push({ kind: 'deliver', from: sender.node, payload: message.payload })
    return
  }
  if (message.kind === 'request') return onRequest(station, view, sender, message)
  if (message.kind === 'poll') return onPoll(station, sender, message)
  if (message.kind === 'offer') return onOffer(station, view, sender, message)
  if (message.kind === 'release') onVoterRelease(station, sender, message)
  const seat = station.seats.get(message.group)
  if (!seat) return
  seat.touched = true
  if (message.kind === 'ack') return onAck(station, view, seat, sender.node, message)
  if (message.kind === 'answer') return onAnswer(station, view, seat, sender.node, message)
  if (message.kind !== 'release') return onVote(station, view, seat, sender.node, message)
  if (sender.node === station.node) return
  if (message.successor === station.node && unwilling(station, view, seat.group) === null)
    seat.candidate.named(view.timing, station.now)
  else seat.candidate.pollSoon()
}
