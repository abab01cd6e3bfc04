/**
 * Which of the links that a peer shares with this node fell silent while others work. Heartbeats of their own take turns over the
 * links (route.ts): several in a row over one link, in their pace, with none over another between them, are as many that were lost there.
 * Time alone would not do: who stood still himself, or whose peer did, has heard nothing over any link.
 */
import { after, between, type Instant, NEVER_BEFORE, type Timing } from '@lvsm/base'
import { lossWindowMs } from './loss.ts'

/** Without heartbeats in their pace a link is silent when nothing came over it for so many deadtimes, or heartbeats, whichever is longer. */
const SILENT = { deadtimes: 5, heartbeats: 20 } as const
/** So many in a row over another link, between which as many less one were lost; and no sooner than a deadtime. */
const IN_A_ROW = 4
/** So many are one lost heartbeat: where that was, there is loss, and more of it in a row is no silence yet. */
const LOST_ONE = 2
/** Of two heartbeats over one link, in parts of what lies between them where nothing is lost: nearer ones are one, farther ones begin anew. */
const PACE = { least: 1 / 4, most: 1.75 } as const

/** How its sender speaks: between two heartbeats of its own, over so many links by turns. */
export interface Pace {
  readonly intervalMs: number
  readonly links: number
}

/** Of one peer; links are indexes of our own. */
export class LinkWatch {
  readonly #heardAt: Instant[]
  /** The last heartbeats in their pace over each. */
  readonly #beats: Instant[][]
  #lossAt: Instant = NEVER_BEFORE
  /** Of its user: which were silent when that was told last, as the bits of a number. */
  told = 0

  constructor(links: number, now: Instant) {
    this.#heardAt = Array.from({ length: links }, () => now)
    this.#beats = Array.from({ length: links }, () => [])
  }

  heardAt(link: number): Instant {
    return this.#heardAt[link] ?? NEVER_BEFORE
  }

  /** A datagram that counts came; `alone`: a heartbeat of its own. */
  heard(link: number, alone: boolean, now: Instant, pace: Pace): void {
    if (this.#hasOthers(link, LOST_ONE)) this.#lossAt = now
    this.#heardAt[link] = now
    if (alone) this.#beat(link, now, pace)
  }

  isSilent(link: number, now: Instant, timing: Timing, { intervalMs }: Pace): boolean {
    const silentMs = between(this.heardAt(link), now)
    const hadLoss = now < after(this.#lossAt, lossWindowMs(timing))
    if (!hadLoss && silentMs >= timing.deadtimeMs && this.#hasOthers(link, IN_A_ROW)) return true
    return silentMs > Math.max(SILENT.deadtimes * timing.deadtimeMs, SILENT.heartbeats * intervalMs)
  }

  #beat(link: number, now: Instant, { intervalMs, links }: Pace): void {
    const beats = this.#beats[link] ?? []
    const gapMs = between(beats.at(-1) ?? NEVER_BEFORE, now)
    const paceMs = intervalMs * links
    if (gapMs < PACE.least * paceMs) return
    this.#beats[link] = gapMs > PACE.most * paceMs ? [now] : [...beats, now].slice(-IN_A_ROW)
  }

  /** So many came in a row over some other link since this one was heard. */
  #hasOthers(link: number, count: number): boolean {
    const since = this.heardAt(link)
    return this.#beats.some((beats, at) => at !== link && (beats.at(-count) ?? NEVER_BEFORE) > since)
  }
}
