/** Times and sizes of the links. */
import type { CounterName } from '@lvsm/protocol'
import type { Random, Trouble } from '@lvsm/base'
import type { Credentials } from '../../../agent/nodelink/dial.ts'
import type { Endpoint } from '../../../agent/process/tls-port.ts'

export interface LinkOptions {
  /** A link is asked for a sign of life so often, and given up when so many in a row were without. Milliseconds. */
  readonly probeMs: number
  readonly missedProbes: number
  /** From the first packet to the answer of the other coordinator. */
  readonly connectMs: number
  /** Between two rounds through a peer's addresses: doubles from the first to the last, and is spread. */
  readonly backoffMs: readonly [first: number, last: number]
  /** Bytes that may wait to leave over one link, one message aside. */
  readonly bufferBytes: number
  /** The same before what nodes report, which can wait: an election cannot. */
  readonly reportBytes: number
  /** A snapshot of which nothing moves for so long is given up. */
  readonly stallMs: number
  /** Of a state that is received. */
  readonly stateBytes: number
  /** Connections whose certificate is not known yet: of all, and of one address. */
  readonly waiting: readonly [all: number, one: number]
  /** Connections: of all, and of one key, whatever addresses it comes from, so that no node keeps the others out. */
  readonly open: readonly [all: number, one: number]
}

/** `electionMs`: silence after which Raft elects anew. A dead link is then gone before the second election. */
export const linkOptions = (electionMs: number): LinkOptions => ({
  probeMs: electionMs / 2,
  missedProbes: 3,
  connectMs: Math.max(2 * electionMs, 2000),
  backoffMs: [Math.max(electionMs / 10, 50), Math.max(2 * electionMs, 1000)],
  bufferBytes: 8 << 20,
  reportBytes: 1 << 19,
  stallMs: 30_000,
  stateBytes: 256 << 20,
  waiting: [64, 16],
  open: [2048, 32],
})

export type NodeIdentity = Credentials
/** Where the links tell what is not a message. */
export interface LinksTold {
  count(counter: CounterName): void
  /** About each subject there is one at most; null: it is over. One with `leftMs` ends by itself. */
  trouble(about: string, trouble: Trouble | null): void
}
/** What all links of a coordinator have in common. */
export interface LinkContext {
  readonly id: number
  readonly identity: NodeIdentity
  readonly options: LinkOptions
  readonly told: LinksTold
  /** Spreads attempts to connect. */
  readonly random: Random
  /** Where this one listens for nodes: said to whom it dials, whatever the records say. */
  readonly listen?: readonly Endpoint[]
}
