/**
 * Which of the links that a peer shares with this node fell silent while others work. Heartbeats of their own take turns over the
 * links (route.ts): several in a row over one link, in their pace, with none over another between them, are as many that were lost there.
 * Time alone would not do: who stood still himself, or whose peer did, has heard nothing over any link.
 */
import { after, between, type Instant, NEVER_BEFORE, type Timing } from '@lvsm/base'

/** Without heartbeats in their pace a link is silent when nothing came over it for so many deadtimes, or heartbeats, whichever is longer. */
const SILENT = { deadtimes: 5, heartbeats: 20 } as const
/**
 * So many in a row over another link, between which as many less one were lost; and no sooner than a deadtime. Where single ones are
 * lost, or nobody knows yet, it takes more: by a loss of 5 % on both links not once a year in a cluster of ten nodes (link-watch.test.ts).
 */
const IN_A_ROW = { clean: 4, lossy: 9 } as const
/** For so long after a loss more of it is likely: rare losses are to be known, too. */
const LOSS_MS = 3_600_000
/** So many heartbeats in which none was lost prove that a link is clean. */
const PROOF = 120
/** So many are one lost heartbeat: where that was, there is loss, and more of it in a row is no silence yet. */
const LOST_ONE = 2
/** Of two heartbeats over one link, in parts of what lies between them where nothing is lost: nearer ones are one, farther ones begin anew. */
const PACE = { least: 1 / 4, most: 1.75 } as const

/** How its sender speaks: between two heartbeats of its own, over so many links by turns. */
export interface Pace {
  readonly intervalMs: number
  readonly links: number
}

interface Link {
  heardAt: Instant
  /** Null: it is just coming, here or there. */
  firstAt: Instant | null
  /** The last heartbeats in their pace. */
  beats: readonly Instant[]
}

/** Of one peer; links are indexes of our own. */
export class LinkWatch {
  readonly #links: readonly Link[]
  #lossAt: Instant = NEVER_BEFORE
  /** Of its user: which were silent when that was told last, as the bits of a number. */
  told = 0

  constructor(links: number, now: Instant) {
    this.#links = Array.from({ length: links }, () => ({ heardAt: now, firstAt: null, beats: [] }))
  }

  heardAt(link: number): Instant {
    return this.#links[link]?.heardAt ?? NEVER_BEFORE
  }

  /** A datagram that counts came; `alone`: a heartbeat of its own. */
  heard(index: number, alone: boolean, now: Instant, pace: Pace): void {
    const link = this.#links[index]
    if (!link) return
    // More than that is no loss, but a cut that is over.
    const isLoss = this.#hasOthers(index, LOST_ONE) && !this.#hasOthers(index, IN_A_ROW.clean)
    if (link.firstAt !== null && isLoss) this.#lossAt = now
    link.heardAt = now
    link.firstAt ??= now
    if (alone) beat(link, now, pace)
  }

  isSilent(index: number, now: Instant, timing: Timing, pace: Pace): boolean {
    const silentMs = between(this.heardAt(index), now)
    const { firstAt = null } = this.#links[index] ?? {}
    if (firstAt !== null && silentMs >= timing.deadtimeMs) {
      const isClean = now >= after(this.#lossAt, LOSS_MS) && now >= after(firstAt, PROOF * pace.intervalMs * pace.links)
      if (this.#hasOthers(index, isClean ? IN_A_ROW.clean : IN_A_ROW.lossy)) return true
    }
    return silentMs > Math.max(SILENT.deadtimes * timing.deadtimeMs, SILENT.heartbeats * pace.intervalMs)
  }

  /** So many came in a row over some other link since this one was heard. */
  #hasOthers(index: number, count: number): boolean {
    const since = this.heardAt(index)
    return this.#links.some(({ beats }, at) => at !== index && (beats.at(-count) ?? NEVER_BEFORE) > since)
  }
}

function beat(link: Link, now: Instant, { intervalMs, links }: Pace): void {
  const gapMs = between(link.beats.at(-1) ?? NEVER_BEFORE, now)
  const paceMs = intervalMs * links
  if (gapMs < PACE.least * paceMs) return
  link.beats = gapMs > PACE.most * paceMs ? [now] : [...link.beats, now].slice(-IN_A_ROW.lossy)
}
