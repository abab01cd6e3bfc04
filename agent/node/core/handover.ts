/**
 * The successor's side of a planned move: packets of connections that the former owner still serves go back to it.
 * IPVS would keep those that it takes for its own: for two minutes it remembers a client's address and port from an
 * earlier reign, and clients use their ports again. So the group's connections are forgotten first.
 */
import { after, between, type Instant } from '@lvsm/base'
import { inNetwork } from '@lvsm/model'
import type { Desk } from './desk.ts'

/** Longest time for old connections to go; without it some packets would be taken for theirs. */
const FORGETS_MS = 2000
/** The move must begin within this time, and the rule ends so long after the former owner stopped serving. */
const WAITS_MS = 10_000
const TAIL_MS = 300

interface Handover {
  readonly from: string
  readonly id: string
  readonly since: Instant
  ownedSince: Instant | null
  /** Its rule was part of what was last planned. */
  planned: boolean
  told: boolean
  /** Until this node said that it is prepared: what comes later begins here. */
  forgets: boolean
}
export interface Handovers {
  /** `prepare` was heard. Again from the same move: the answer got lost. */
  prepare(group: string, from: string, id: string, now: Instant): void
  /** Group → address of the former owner, in the network of the group's VIP where it has one. */
  current(): ReadonlyMap<string, string>
  /** Groups of which this node must not know any connection now. */
  forgetting(): ReadonlySet<string>
  /** After a look at the kernel, or operations that went well: tells the former owner once our rules stand. */
  looked(standing: boolean): void
  step(now: Instant): void
  nextAt(): Instant | null
}

export function createHandovers(desk: Desk): Handovers {
  const all = new Map<string, Handover>()
  const addressOf = (group: string, node: string): string | undefined => {
    const links = desk.config.nodes.find((entry) => entry.name === node)?.links ?? []
    const vips =
      desk.config.groups.find((entry) => entry.name === group)?.addresses.filter((entry) => entry.kind === 'vip') ?? []
    return (links.find((link) => vips.some((vip) => inNetwork(link.address, vip))) ?? links[0])?.address
  }
  const endOf = ({ since, ownedSince }: Handover): Instant =>
    ownedSince === null ? after(since, WAITS_MS) : after(ownedSince, desk.config.timing.drainMs + TAIL_MS)
  return {
    prepare(group, from, id, now) {
      if (!desk.view.directs.some((entry) => entry.name === group)) return
      const known = all.get(group)
      if (known?.id === id) known.told = false
      else all.set(group, { from, id, since: now, ownedSince: null, planned: false, told: false, forgets: true })
    },
    current: () =>
      new Map(
        [...all].flatMap(([group, handover]): [string, string][] => {
          const address = addressOf(group, handover.from)
          handover.planned = true
          return address === undefined ? [] : [[group, address]]
        }),
      ),
    forgetting: () => new Set([...all].filter(([, { forgets }]) => forgets).map(([group]) => group)),
    looked(standing) {
      const changed = desk.reconciler
        .pending()
        .filter(({ kind }) => kind === 'dest-forget' || kind === 'dest-add')
        .map(desk.reconciler.groupOf)
      for (const [group, handover] of all) {
        if (!standing || !handover.planned || handover.told || changed.includes(group)) continue
        handover.told = true
        handover.forgets = false
        desk.emit({ kind: 'word', to: handover.from, text: JSON.stringify({ w: 'prepared', id: handover.id, group }) })
      }
    },
    step(now) {
      for (const [group, handover] of all) {
        const role = desk.status()?.groups.find((entry) => entry.name === group)?.role
        if (role === 'owner' || between(handover.since, now) >= FORGETS_MS) handover.forgets = false
        if (role === 'owner') handover.ownedSince ??= now
        if (between(endOf(handover), now) >= 0) all.delete(group)
      }
    },
    nextAt: () =>
      [...all.values()]
        .map(endOf)
        .reduce<Instant | null>((least, at) => (least === null || at < least ? at : least), null),
  }
}
