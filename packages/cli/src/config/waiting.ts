/** After a write: until the nodes use it, or which of them do not. */
import type { NodesReport } from '@lvsm/protocol'
import { type Terminal, withProgress } from '../terminal.ts'
import { tryAsk } from './ask.ts'

/** A node that was heard of takes a revision within a second; what takes longer than this is named, and not waited for. */
const PATIENCE_MS = 15_000
const AGAIN_MS = 100

export interface Used {
  readonly nodes: number
  /** Heard of, and behind. */
  readonly behind: readonly string[]
  readonly silent: readonly string[]
}

export function usedBy({ nodes }: NodesReport, revision: number): Used {
  const behind = nodes.flatMap((node) =>
    node.revision !== null && node.revision < revision ? [`${node.name} (revision ${node.revision})`] : [],
  )
  const silent = nodes.flatMap((node) => (node.revision === null ? [node.name] : []))
  return { nodes: nodes.length, behind, silent }
}

/** Of the coordinator that was asked. What is known of the nodes is news, and never makes a failure of a write that is done. */
export async function waitForNodes(paths: readonly string[], revision: number, terminal: Terminal): Promise<void> {
  const used = await withProgress('waiting for the nodes', until(paths, revision))
  if (used && used.nodes > 0) terminal.complain(usedText(used, revision))
}

async function until(paths: readonly string[], revision: number): Promise<Used | null> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const told = await tryAsk(paths, { route: 'nodes', body: null }).catch(() => null)
    if (told?.kind !== 'ok') return null
    const used = usedBy(told.value, revision)
    if (used.behind.length === 0 || performance.now() > deadline) return used
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

export function usedText({ nodes, behind, silent }: Used, revision: number): string {
  const missing = behind.length + silent.length
  if (missing === 0) return nodes === 1 ? 'the node uses it\n' : `all ${nodes} nodes use it\n`
  const lines = [`${nodes - missing} of ${nodes} nodes use revision ${revision}`]
  if (behind.length > 0) lines.push(`  not yet: ${behind.join(', ')}`)
  if (silent.length > 0) lines.push(`  not heard of: ${silent.join(', ')}`)
  return `${lines.join('\n')}\n  → they take it over when they can; why not yet: lvsm status, and there journalctl -u lvsm-agent\n`
}
