/** What is told once it stood for a while: since when, as looks find it. */
import { between } from '@lvsm/base'
import type { NodeState } from '../state.ts'

type Looked = Pick<NodeState, 'now'> & { readonly kernel: Pick<NodeState['kernel'], 'standing'> }

/** All of its kind that a look found. */
export function noteStanding({ kernel: { standing }, now }: Looked, kind: string, found: readonly string[]): void {
  const keys = new Set(found.map((one) => `${kind} ${one}`))
  for (const key of standing.keys()) if (key.startsWith(`${kind} `) && !keys.has(key)) standing.delete(key)
  for (const key of keys) if (!standing.has(key)) standing.set(key, now)
}
export function stoodFor({ kernel: { standing }, now }: Looked, kind: string, found: string, ms: number): boolean {
  const since = standing.get(`${kind} ${found}`)
  return since !== undefined && between(since, now) >= ms
}
