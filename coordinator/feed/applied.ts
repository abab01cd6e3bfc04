/** Which revision the agent of each node uses, as it said itself; forgotten when this coordinator ends. */
import { type Instant } from '@lvsm/base'

export interface AppliedRevision {
  readonly revision: number
  /** When it was first heard here. */
  readonly since: Instant
}

export class AppliedRevisions {
  readonly #nodes = new Map<string, AppliedRevision>()

  note(node: string, revision: number, now: Instant): void {
    if (this.#nodes.get(node)?.revision !== revision) this.#nodes.set(node, { revision, since: now })
  }
  /** All others are in the cluster no more. */
  keep(names: ReadonlySet<string>): void {
    for (const node of this.#nodes.keys()) if (!names.has(node)) this.#nodes.delete(node)
  }
  all(): ReadonlyMap<string, AppliedRevision> {
    return this.#nodes
  }
}
