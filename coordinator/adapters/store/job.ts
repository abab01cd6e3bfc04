/** What the two threads say to each other. */
import type { Entry, Fault, HardState, Snapshot, Stored } from '@lvsm/raft'
import type { Refusal } from '@lvsm/base'

export interface Changes {
  /** Key and body. */
  readonly set: readonly (readonly [key: string, body: string])[]
  readonly gone: readonly string[]
}
/** One transaction. */
export interface Write {
  readonly write: number
  /** How many faults its sender knew of: what it sent before it heard of one is void. */
  readonly faults: number
  readonly hardState: HardState | null
  readonly install: Snapshot | null
  readonly truncateFrom: number | null
  readonly append: readonly Entry[]
  readonly compact: Snapshot | null
  readonly lastApplied: number
  readonly changes: Changes
}
/** Where to. */
export interface Copy {
  readonly kind: 'copy'
  readonly to: string
}
/** To a thread of its own: which copy is to be made whole, and what else is put into it. */
export interface Finishing {
  readonly finish: string
  readonly files: readonly (readonly [name: string, content: string])[]
}
/** `fault`: what the system said; null: it is there. */
export interface Copied {
  readonly kind: 'copied'
  readonly fault: string | null
}
export interface Answer {
  readonly kind: 'answer'
  readonly write: number
  readonly fault: Fault | null
  /** Of a fault, what the system said. */
  readonly reason: string
}
export interface Found {
  readonly identity: string
  readonly stored: Stored
  readonly parts: ReadonlyMap<string, string>
}
export type Opened =
  | { readonly kind: 'opened'; readonly found: Found }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
export interface Beginning {
  readonly path: string
  /** Of the database, at most; null: what fits on the disk. */
  readonly pages: number | null
}
