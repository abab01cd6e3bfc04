/**
 * Whether a history of one register with revisions is linearizable (Herlihy and Wing, 1990). Each write makes a revision of its
 * own, and every answer names the revision that it saw; so the order of the operations is known, and what is left to ask is
 * whether it agrees with real time: linear, where the general question is exponential.
 */
export interface Operation {
  readonly id: string
  readonly kind: 'write' | 'read'
  readonly invokedAt: number
  /** Infinite: its client never heard. */
  returnedAt: number
  outcome: Outcome | null
}
/** Null in `Operation`: nobody knows. */
export type Outcome =
  | { readonly kind: 'refused' }
  /** `wrote`: this operation made the revision; else it only saw it. */
  | { readonly kind: 'saw'; readonly revision: number; readonly value: string; readonly wrote: boolean }

type Seen = Operation & { readonly outcome: Extract<Outcome, { kind: 'saw' }> }

/** What is wrong with it; null: nothing. */
export function faultOf(history: readonly Operation[]): string | null {
  const byId = new Map(history.map((operation) => [operation.id, operation]))
  const seen = history.filter((operation): operation is Seen => operation.outcome?.kind === 'saw')
  return valuesFault(seen) ?? writersFault(seen, byId) ?? orderFault(seen)
}

/** A revision has one value, a value one revision. */
function valuesFault(seen: readonly Seen[]): string | null {
  const values = new Map<number, string>()
  for (const { id, outcome } of seen) {
    const { revision, value, wrote } = outcome
    const known = values.get(revision) ?? value
    if (known !== value) return `revision ${revision} was ${known} and, for ${id}, ${value}`
    if (wrote && value !== id) return `${id} was told that it wrote revision ${revision}, which holds ${value}`
    values.set(revision, value)
  }
  const distinct = new Set([...values.values()].filter((value) => value !== ''))
  const written = [...values.values()].filter((value) => value !== '').length
  return distinct.size === written ? null : 'one write made two revisions'
}

/** Nothing is seen that was not asked for before, or that was refused. */
function writersFault(seen: readonly Seen[], byId: ReadonlyMap<string, Operation>): string | null {
  for (const { id, outcome, returnedAt } of seen) {
    if (outcome.value === '') continue
    const writer = byId.get(outcome.value)
    if (!writer) return `${id} saw ${outcome.value}, which nobody wrote`
    if (writer.invokedAt > returnedAt) return `${id} saw ${outcome.value} before that was asked for`
    if (writer.outcome?.kind === 'refused') return `${outcome.value} was refused, and ${id} saw it`
    if (writer.outcome?.kind === 'saw' && !writer.outcome.wrote)
      return `${outcome.value} was told that it changed nothing, and ${id} saw it`
  }
  return null
}

/** Who began after another ended sees no less, and a later write makes more. */
function orderFault(seen: readonly Seen[]): string | null {
  const begun = seen.toSorted((a, b) => a.invokedAt - b.invokedAt)
  const ended = seen.toSorted((a, b) => a.returnedAt - b.returnedAt)
  let next = 0
  let newest: Seen | null = null
  for (const operation of begun) {
    for (let end = ended[next]; end && end.returnedAt < operation.invokedAt; end = ended[++next])
      if (!newest || end.outcome.revision > newest.outcome.revision) newest = end
    if (!newest) continue
    const { revision, wrote } = operation.outcome
    const before = newest.outcome.revision
    if (revision < before || (wrote && revision === before))
      return `${operation.id} ${wrote ? 'wrote' : 'saw'} revision ${revision}, after ${newest.id} had ended with ${before}`
  }
  return null
}
