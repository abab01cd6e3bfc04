/**
 * Loss between nodes (packages/heartbeat/src/loss.ts): what this node sent to each start of a peer, of which its heartbeats tell, and
 * what of a peer's datagrams does not arrive here. Whoever does not get them knows it: so each tells of one direction, the one to itself.
 */
import type { Heartbeat, Incarnation, LeaseView } from '@lvsm/protocol'
import { after, NEVER_BEFORE, type Trouble } from '@lvsm/base'
import { type Loss, LossMeter, lossWordMs } from '@lvsm/heartbeat'
import type { Envelope } from './events.ts'
import { isPillar } from './entitled.ts'
import { isSilent, namesOf, type SharedLink, sharedLinks } from './links.ts'
import type { LeaseState } from './state.ts'

/** In one heartbeat. With more nodes each hears its own more seldom: packages/heartbeat/README.md says up to how many loss is measured. */
const MOST_COUNTS = 12

export function countSent(state: LeaseState, node: string, to: Incarnation | null): void {
  if (to === null) return
  const known = state.sentTo.get(node)
  if (known?.to === to) known.count += 1
  else state.sentTo.set(node, { to, count: 1, toldAt: NEVER_BEFORE })
}

/** For a heartbeat to these nodes, with room for so many: of those that were not told for longest. */
export function sentCounts(
  state: LeaseState,
  { timing }: LeaseView,
  names: readonly string[],
  room: number,
): Pick<Heartbeat, 'sent'> {
  const due = names.flatMap((name) => {
    const known = state.sentTo.get(name)
    return known && state.now >= after(known.toldAt, lossWordMs(timing)) ? [known] : []
  })
  if (due.length === 0 || room <= 0) return {}
  const told = due.sort((a, b) => a.toldAt - b.toldAt).slice(0, Math.min(room, MOST_COUNTS))
  for (const one of told) one.toldAt = state.now
  return { sent: told.map(({ to, count }) => ({ to, count })) }
}

/** A datagram that counts came. */
export function noteLoss(state: LeaseState, view: LeaseView, envelope: Envelope): void {
  const { from, incarnation, link, message, piggybacked } = envelope
  const meter = state.losses.get(from) ?? new LossMeter()
  state.losses.set(from, meter)
  const heartbeat = message.kind === 'heartbeat' ? message : piggybacked
  const sent = heartbeat?.sent?.find(({ to }) => to === state.incarnation)?.count ?? null
  meter.arrive({ incarnation, link, sent, mayBegin: hearsAll(state, view, from) }, state.now, view.timing)
}

/** Deadtimes. */
const HEARD = 2.5
/** It came lately over each link that we share: else it is one link that falls silent (agent/lease/core/links.ts). */
function hearsAll(state: LeaseState, view: LeaseView, name: string): boolean {
  const heard = state.linksHeard.get(name)
  return sharedLinks(view, name).every(
    ({ index }) => state.now < after(heard?.heardAt(index) ?? NEVER_BEFORE, HEARD * view.timing.deadtimeMs),
  )
}
/** Null: little, or it is not known, or a link that it has, too, is silent, which is said otherwise. */
function lossOf(state: LeaseState, view: LeaseView, name: string): Loss | null {
  const loss = state.losses.get(name)?.loss(state.now, view.timing) ?? null
  return loss && sharedLinks(view, name).some(({ index }) => isSilent(state, view, name, index)) ? null : loss
}
/** In steps, so that it is not told anew each second. */
const STEP = 5
const percentOf = ({ lost, sent }: Loss): number => STEP * Math.round((100 * lost) / sent / STEP)

export function lostPercent(state: LeaseState, view: LeaseView, name: string): number | null {
  const loss = lossOf(state, view, name)
  return loss && percentOf(loss)
}

interface Lossy {
  readonly name: string
  readonly loss: Loss
  readonly shared: readonly SharedLink[]
}
/** One for each link of ours by which alone peers come here, and one of those that have several: a bad port is one cause. */
export function lossTroubles(state: LeaseState, view: LeaseView): Trouble[] {
  const found = view.nodes.flatMap(({ name }): Lossy[] => {
    const loss = lossOf(state, view, name)
    // Nothing depends on what two nodes hear of each other that neither vote nor direct.
    const matters = isPillar(view, state.node) || isPillar(view, name)
    return loss && matters ? [{ name, loss, shared: sharedLinks(view, name) }] : []
  })
  const byWay = new Map<string, Lossy[]>()
  for (const one of found) {
    const way = one.shared.length === 1 ? (one.shared[0]?.own.name ?? '') : ''
    byWay.set(way, [...(byWay.get(way) ?? []), one])
  }
  return [...byWay].map(([link, those]) => lossTrouble(state.node, link, those))
}

function lossTrouble(own: string, link: string, those: readonly Lossy[]): Trouble {
  const names = those.map(({ name }) => name)
  const percents = those.map(({ loss }) => percentOf(loss))
  const [least, most] = [Math.min(...percents), Math.max(...percents)]
  const part = least === most ? `${most}` : `${least} to ${most}`
  const where = link === '' ? '' : ` over the heartbeat link ${link}`
  const [only = ''] = names
  const isOne = names.length === 1
  const look = 'ip -s link show, nft list ruleset, tc qdisc show; cable and port of the switch'
  return {
    code: 'lossy-link',
    severity: 'warning',
    object: link === '' ? `node ${isOne ? only : own}` : `link ${link}`,
    message: `about ${part} % of what ${namesOf(names)} ${isOne ? 'sends' : 'send'} to ${own}${where} is lost`,
    evidence: those
      .slice(0, MOST_SHOWN)
      .map((one) => (isOne ? '' : `${one.name}: `) + evidenceOf(one))
      .join('; '),
    hint: isOne
      ? `look for errors and drops on the way from ${only} to ${own}: on both ${look}`
      : `look for errors and drops on the way to ${own}, which is the same of all: on ${own} ${look}`,
  }
}
const MOST_SHOWN = 2
function evidenceOf({ loss, shared }: Lossy): string {
  const came = shared.map(({ own, index }) => `${loss.byLink[index] ?? 0} over ${own.name}`).join(', ')
  return `of ${loss.sent} datagrams in ${Math.round(loss.overMs / 1000)} s ${loss.lost} did not arrive; those that did came ${came}`
}
