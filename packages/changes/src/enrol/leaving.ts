/** A node that leaves the configuration is no coordinator any more by then: whoever is one has a vote, and lets machines in. */
import type { Refusal } from '@lvsm/base'
import type { Difference, MemberRecord } from '@lvsm/protocol'

/** Null: none of those that would be gone is one. */
export function refuseLeaving(members: Iterable<MemberRecord>, change: readonly Difference[]): Refusal | null {
  const gone = new Set(
    change.flatMap(({ path: [section, name, ...inside], to }) =>
      section === 'nodes' && inside.length === 0 && to === undefined ? [name] : [],
    ),
  )
  const left = [...members].find(({ name }) => gone.has(name))
  if (!left) return null
  const { name } = left
  return {
    code: 'still-coordinator',
    field: `nodes.${name}`,
    message: `node "${name}" is one of the coordinators: it would go on voting on every change, and letting machines in`,
    hint: `take it out of them first: lvsm coordinators remove ${name}`,
  }
}
