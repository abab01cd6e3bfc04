/** What the kernel of the asked agent's node counts, and beside it the rates of all nodes. */
import type { ClusterRates, StatsReport } from '@lvsm/protocol'
import { exchange } from '../agents.ts'
import { clusterRates, type Places } from '../cluster.ts'

/** Longer than the agent waits for its thread. */
export const PATIENCE_MS = 45_000

/** `others` is not there where one agent alone was asked for; null: no coordinator answers. */
export type Everywhere = StatsReport & { readonly others?: ClusterRates | null }

/** Both at once; the coordinators within half a second, or not at all. */
export async function askAll(session: Places): Promise<Everywhere> {
  const own = exchange(session.socketPaths, { route: 'stats', body: null, timeoutMs: PATIENCE_MS })
  if (session.coordinators.length === 0) return own
  const [report, others] = await Promise.all([own, clusterRates(session)])
  return { ...report, others }
}
