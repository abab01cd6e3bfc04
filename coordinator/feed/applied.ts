/** Which revision the agent of each node uses, as it said itself; forgotten when this coordinator ends. */
import { type Instant } from '@lvsm/base'

export interface AppliedRevision {
  readonly revision: number
  /** Of the lease's voters, which its lease process acts on; undefined: it did not say. */
  readonly epoch?: number | undefined
  /** Of the heartbeat keys that its lease process accepts; undefined: it did not say. */
  readonly ring?: number | undefined
  /** Number of the change of facts that it acts on; undefined: it did not say. */
  readonly facts?: number | undefined
  /** When it was first heard here. */
  readonly since: Instant
}

export class AppliedRevisions {
  readonly #nodes = new Map<string, AppliedRevision>()

  note(node: string, { revision, epoch, ring, facts }: Omit<AppliedRevision, 'since'>, now: Instant): void {
    const known = this.#nodes.get(node)
    const since = known?.revision === revision ? known.since : now
    const said = {
      ...(epoch === undefined ? {} : { epoch }),
      ...(ring === undefined ? {} : { ring }),
      ...(facts === undefined ? {} : { facts }),
    }
    this.#nodes.set(node, { revision, since, ...said })
  }
  /** All others are in the cluster no more. */
  keep(names: ReadonlySet<string>): void {
    for (const node of this.#nodes.keys()) if (!names.has(node)) this.#nodes.delete(node)
  }
  all(): ReadonlyMap<string, AppliedRevision> {
    return this.#nodes
  }
}
