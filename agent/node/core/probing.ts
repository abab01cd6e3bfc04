/** What this node asks of others: checks of realservers, pings of ping nodes; each from its own address on the link there. */
import type { Instant } from '@lvsm/base'
import { sourceFor } from '@lvsm/plan'
import type { Desk } from './desk.ts'

/** What is due now. */
export function askOthers(desk: Desk, now: Instant): void {
  const { checks, pings, emit } = desk
  const seen = desk.reconciler.observed()
  const own = desk.view.node.links.map((link) => link.address)
  const sourceOf = (address: string): string | null => (seen ? sourceFor(seen, address, own) : null)
  for (const { id, realserver, timeoutMs } of checks.due(now)) {
    const { address, port } = realserver
    emit({ kind: 'check', id, address, port, source: sourceOf(address), timeoutMs })
  }
  // Before the first look it is not known from which address to ask.
  const asked = seen && pings.due(now)
  if (!asked) return
  const targets = asked.addresses.map((address) => ({ address, source: sourceOf(address) }))
  emit({ kind: 'ping', round: asked.round, targets })
}

/** When something is due next. */
export const nextAsking = ({ checks, pings, reconciler }: Desk): readonly (Instant | null)[] => [
  checks.nextAt(),
  reconciler.observed() ? pings.nextAt() : null,
]
