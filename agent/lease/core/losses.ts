/**
 * Loss between nodes (packages/heartbeat/src/loss.ts): what this node sent to each start of a peer, of which its heartbeats tell, and
 * what of a peer's datagrams does not arrive here. Whoever does not get them knows it: so each tells of one direction, the one to itself.
 */
import type { Heartbeat, Incarnation, LeaseView, SentCount } from '@lvsm/protocol'
import { after, NEVER_BEFORE, type Trouble } from '@lvsm/base'
import { linksFor, type Loss, LossMeter, lossWordMs, type Route, type SentOver, type SentTo } from '@lvsm/heartbeat'
import type { Envelope } from './events.ts'
import { isPillar } from './entitled.ts'
import { isSilent, isUnbound, namesOf, type SharedLink, sharedLinks } from './links.ts'
import type { LeaseState } from './state.ts'

/** In one heartbeat. With more nodes each hears its own more seldom: packages/heartbeat/README.md says up to how many loss is measured. */
const MOST_COUNTS = 12
/** Of a count and of each of its links, as many bytes as they need. */
const BYTES = { count: 25, links: 5, perLink: 4 } as const

/** The link of ours over which a heartbeat of its own goes, of those that can be used; null: they have one only. */
export function triedLink(state: LeaseState, view: LeaseView, name: string, route: Route): number | null {
  const shared = sharedLinks(view, name)
  if (shared.length < 2) return null
  const bound = shared.filter((one) => !isUnbound(state, one))
  const chosen = linksFor(
    bound.map(({ index }) => index),
    route,
  )
  return chosen.length === 1 ? (chosen[0] ?? null) : null
}

export function countSent(state: LeaseState, node: string, to: Incarnation | null, tried: number | null): void {
  if (to === null) return
  const known = state.sentTo.get(node)
  const one: SentTo = known?.to === to ? known : { to, count: 0, byLink: [], toldAt: NEVER_BEFORE }
  one.count += 1
  if (tried !== null) one.byLink[tried] = (one.byLink[tried] ?? 0) + 1
  if (one !== known) state.sentTo.set(node, one)
}

/** For a heartbeat to these nodes, with room for so many: of those that were not told for longest. */
export function sentCounts(
  state: LeaseState,
  view: LeaseView,
  names: readonly string[],
  room: number,
): Pick<Heartbeat, 'sent'> {
  const due = names.flatMap((name) => {
    const known = state.sentTo.get(name)
    return known && state.now >= after(known.toldAt, lossWordMs(view.timing)) ? [{ name, known }] : []
  })
  due.sort((one, other) => one.known.toldAt - other.known.toldAt)
  const sent: SentCount[] = []
  let left = room
  for (const { name, known } of due) {
    if (left <= 0 || sent.length === MOST_COUNTS) break
    const { to, count } = known
    const links = sharedLinks(view, name).map(({ index }) => known.byLink[index] ?? 0)
    const needs = 1 + Math.ceil((BYTES.links + BYTES.perLink * links.length) / BYTES.count)
    const isSaid = links.length > 1 && needs <= left
    sent.push({ to, count, ...(isSaid ? { byLink: links } : {}) })
    left -= isSaid ? needs : 1
    known.toldAt = state.now
  }
  return sent.length === 0 ? {} : { sent }
}

/** A datagram that counts came. */
export function noteLoss(state: LeaseState, view: LeaseView, envelope: Envelope): void {
  const { from, incarnation, link, message, piggybacked } = envelope
  const meter = state.losses.get(from) ?? new LossMeter()
  state.losses.set(from, meter)
  const heartbeat = message.kind === 'heartbeat' ? message : piggybacked
  const said = heartbeat?.sent?.find(({ to }) => to === state.incarnation)
  const mayBegin = said !== undefined && hearsAll(state, view, from)
  const over = said?.byLink && heartbeat?.revision === view.revision ? saidOver(view, from, said.byLink) : null
  const alone = message.kind === 'heartbeat'
  meter.arrive({ incarnation, link, alone, sent: said?.count ?? null, over, mayBegin }, state.now, view.timing)
}

/** As its links come in the configuration, which is one for both. */
function saidOver(view: LeaseView, from: string, byLink: readonly number[]): SentOver[] | null {
  const shared = sharedLinks(view, from)
  const theirs = view.nodes.find(({ name }) => name === from)?.links ?? []
  const inTheirs = theirs.flatMap(({ name }) => shared.find(({ own }) => own.name === name)?.index ?? [])
  return inTheirs.length === byLink.length ? inTheirs.map((link, place) => ({ link, count: byLink[place] ?? 0 })) : null
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

/** What is lost of a peer's datagrams: over one link; null: over all that we share, or nobody knows over which. */
interface Lossy {
  readonly name: string
  readonly way: SharedLink | null
  readonly loss: Loss
  readonly shared: readonly SharedLink[]
}
/** A link that is silent is said otherwise; what is lost over others beside it is known only where the peer says what goes over each. */
function lossesOf(state: LeaseState, view: LeaseView, name: string): Lossy[] {
  const meter = state.losses.get(name)
  if (!meter) return []
  const shared = sharedLinks(view, name)
  const known = shared.length > 1 ? meter.byLink(state.now, view.timing) : null
  const speaking = shared.filter(({ index }) => !isSilent(state, view, name, index))
  const loss = meter.loss(state.now, view.timing)
  if (!known) {
    const [way = null] = shared.length === 1 ? shared : []
    return loss && speaking.length === shared.length ? [{ name, way, loss, shared }] : []
  }
  const measured = speaking.flatMap((way) =>
    known.filter(({ link }) => link === way.index).map((one) => ({ way, one })),
  )
  const lossy = measured.filter(({ one }) => one.isLossy)
  const isOfAll = lossy.length > 0 && measured.length === shared.length && measured.every(({ one }) => one.isSome)
  if (isOfAll) return [{ name, way: null, loss: sumOf(measured.map(({ one }) => one.loss)), shared }]
  return lossy.map(({ way, one }) => ({ name, way, loss: one.loss, shared }))
}
const sumOf = (losses: readonly Loss[]): Loss => {
  const sum = (of: (loss: Loss) => number): number => losses.reduce((total, one) => total + of(one), 0)
  return {
    ...{ sent: sum(({ sent }) => sent), lost: sum(({ lost }) => lost) },
    overMs: Math.max(...losses.map(({ overMs }) => overMs)),
    byLink: [],
  }
}
/** In steps, so that it is not told anew each second. */
const STEP = 5
const percentOf = ({ lost, sent }: Loss): number => STEP * Math.round((100 * lost) / sent / STEP)

/** Over the links that are not silent. */
export function lostPercent(state: LeaseState, view: LeaseView, name: string): number | null {
  const found = lossesOf(state, view, name)
  return found.length === 0 ? null : percentOf(sumOf(found.map(({ loss }) => loss)))
}

/** One for each link of ours over which much is lost, and one of peers that lose over all of several: a bad port is one cause. */
export function lossTroubles(state: LeaseState, view: LeaseView): Trouble[] {
  const found = view.nodes.flatMap(({ name }): Lossy[] => {
    // Nothing depends on what two nodes hear of each other that neither vote nor direct.
    const matters = isPillar(view, state.node) || isPillar(view, name)
    return matters ? lossesOf(state, view, name) : []
  })
  const byWay = new Map<string, Lossy[]>()
  for (const one of found) {
    const way = one.way?.own.name ?? ''
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
      ? `look for errors and drops on the way from ${only} to ${own}: first what lvsm status says on ${only}, then on both: ${look}`
      : `look for errors and drops on the way to ${own}, which is the same of all: on ${own}: ${look}`,
  }
}
const MOST_SHOWN = 2
function evidenceOf({ way, loss, shared }: Lossy): string {
  const of = `of ${loss.sent} datagrams in ${Math.round(loss.overMs / 1000)} s ${loss.lost} did not arrive`
  if (loss.byLink.length === 0) return way ? `${of} over ${way.own.name}` : of
  const came = shared.map(({ own, index }) => `${loss.byLink[index] ?? 0} over ${own.name}`).join(', ')
  return `${of}; those that did came ${came}`
}
