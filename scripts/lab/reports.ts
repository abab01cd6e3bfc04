/** What the observers report, as JSON. All times are milliseconds of the guest's monotonic clock. */
import { type Fields, readFields } from '../fields.ts'

/** A time in which one owner claimed an address without a silence longer than `quietMs`. */
export interface Reign {
  readonly owner: string
  readonly from: number
  readonly to: number
  readonly answers: number
  readonly announces: number
  readonly sources: number
}

export interface Overlap {
  readonly owners: readonly [string, string]
  readonly from: number
  readonly to: number
  /** The first frames in it and the last before it: a single late one is another thing than two that both answer. */
  readonly frames: readonly string[]
}

export interface Change {
  readonly from: string
  readonly to: string
  /** First claim of the new owner. */
  readonly at: number
  /** Since the last claim of the old one. */
  readonly gap: number
}

export interface Silence {
  readonly from: number
  readonly ms: number
}

export interface AddressReport {
  readonly address: string
  readonly asked: number
  readonly answered: number
  readonly longestSilenceMs: number
  readonly silences: readonly Silence[]
  /** Length of the union of all overlaps of directors. */
  readonly twoOwnersMs: number
  readonly overlaps: readonly Overlap[]
  readonly changes: readonly Change[]
  readonly reigns: readonly Reign[]
  /** ARP claims of nodes that are no directors. */
  readonly strangers: readonly Reign[]
}

/** Of `observe owners`. */
export interface OwnersReport {
  readonly began: number
  readonly ended: number
  readonly everyMs: number
  readonly quietMs: number
  /** Times that the capture lost frames: anything but 0 makes the report worthless. */
  readonly lostFrames: number
  readonly addresses: readonly AddressReport[]
}

/** What the observer could not see, as a sentence: where it says anything, no two owners means nothing. Null: it saw all. */
export function unseen({ lostFrames, addresses }: Pick<OwnersReport, 'lostFrames' | 'addresses'>): string | null {
  if (lostFrames > 0) return `the observer lost frames ${lostFrames} times`
  const mute = addresses.find(({ asked, answered }) => asked === 0 || answered === 0)
  if (mute) return `${mute.address} was asked for ${mute.asked} times and answered ${mute.answered} times`
  return addresses.length === 0 ? 'the observer watched no address' : null
}

/** Who claimed the first address last, before or at that time; null: nobody yet. */
export function ownerAt({ addresses }: Pick<OwnersReport, 'addresses'>, at: number): string | null {
  const begun = (addresses[0]?.reigns ?? []).filter(({ from }) => from <= at)
  return begun.reduce<Reign | null>((last, one) => (last && last.from > one.from ? last : one), null)?.owner ?? null
}

export interface Bucket {
  readonly at: number
  readonly begun: number
  readonly failed: number
  /** Longest request that began in it. */
  readonly longest: number
}

/** Of `observe http`. */
export interface StreamReport {
  readonly began: number
  readonly ended: number
  readonly everyMs: number
  readonly limitMs: number
  readonly requests: number
  readonly failed: number
  /** The first fifty. */
  readonly failures: readonly { readonly began: number; readonly ms: number; readonly error: string | undefined }[]
  /** Between the ends of two successes. */
  readonly longestGapMs: number
  readonly longestGapFrom: number
  readonly longestRequestMs: number
  readonly longestRequestAt: number
  readonly medianRequestMs: number
  /** Answers by server. */
  readonly servers: Readonly<Record<string, number>>
  readonly timeline: readonly Bucket[]
}

/** By what is observed: `observe owners`, `observe http`. */
export interface Reports {
  readonly owners: OwnersReport
  readonly http: StreamReport
}
const REPORTS: { readonly [What in keyof Reports]: Fields<Reports[What]> } = {
  owners: {
    began: 'number',
    ended: 'number',
    everyMs: 'number',
    quietMs: 'number',
    lostFrames: 'number',
    addresses: 'list',
  },
  http: {
    began: 'number',
    ended: 'number',
    everyMs: 'number',
    limitMs: 'number',
    requests: 'number',
    failed: 'number',
    failures: 'list',
    longestGapMs: 'number',
    longestGapFrom: 'number',
    longestRequestMs: 'number',
    longestRequestAt: 'number',
    medianRequestMs: 'number',
    servers: 'record',
    timeline: 'list',
  },
}
export const readReport = <What extends keyof Reports>(what: What, text: string): Reports[What] =>
  readFields<Reports[What]>(`the report of observe ${what}`, text, REPORTS[what])
