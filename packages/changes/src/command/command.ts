/** What an operator asks for, as data: it goes through the log, and every coordinator makes the same of it. */
import type { Refusal, Warning } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import type { Document } from '../document/document.ts'
import type { ConfigCommand, Difference, Facts } from '@lvsm/protocol'

/** Which one: `{ service: 'http', server: 'rs1' }`. */
export type Which = Readonly<Record<string, string>>
type WithoutModel<T> = T extends unknown ? Omit<T, 'model'> : never
/** What is asked for, without the version of its meaning. */
export type Action = WithoutModel<ConfigCommand>

export interface Context {
  /** The newest model version that the cluster has agreed to speak. */
  readonly finalized: number
  /** Voters are exchanged by steps of their own: by all other changes they stay. */
  readonly voters: 'stay' | 'may-change'
  /** The document of an earlier revision; null when it is not kept. */
  readonly earlier: (revision: number) => Document | null
  /** What operators want for a while: who is drained serves nobody. Nothing by default. */
  readonly facts?: Facts
  /** Names of the nodes that are in: a whole document ends no membership by the way. Nobody by default. */
  readonly enrolled?: readonly string[]
}

export interface Applied {
  readonly document: Document
  /** Empty: everything was so before. */
  readonly change: readonly Difference[]
  readonly config: Config
  readonly warnings: readonly Warning[]
  readonly refusals?: never
}
/** Nothing was changed. */
export interface Refused {
  readonly refusals: readonly Refusal[]
  readonly document?: never
}

export const refused = (...refusals: readonly Refusal[]): Refused => ({ refusals })
