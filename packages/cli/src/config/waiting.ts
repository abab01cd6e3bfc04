/** After a write: until the nodes use it, or act on it, or which of them do not, and why. */
import type { Exit, NodesReport, NodeTrouble } from '@lvsm/protocol'
import { type Terminal, withProgress } from '../terminal.ts'
import { tryAsk } from './ask.ts'

/** A node that was heard of takes a revision within a second; what takes longer than this is named, and not waited for. */
const PATIENCE_MS = 15_000
const AGAIN_MS = 100
/** The whole status, which grows with the configuration, is asked for more seldom than who uses it. */
const WHY_MS = 1000
/** A coordinator that has just started has heard of nobody: agents call again, and the others tell what they know, within this. */
const SILENT_MS = 5000
/** A node's agent says so of what it does not take over. */
const REFUSING: ReadonlySet<string> = new Set([
  'revision-refused',
  'revision-damaged',
  'revision-not-kept',
  'configuration-refused',
])

/** What is waited for: a revision of the configuration, or a change of what operators want. */
export interface Awaited {
  readonly what: 'revision' | 'facts'
  readonly number: number
}
interface Behind {
  readonly name: string
  /** What it uses in its place. */
  readonly number: number
}
export interface Used {
  readonly nodes: number
  /** Heard of, and behind. */
  readonly behind: readonly Behind[]
  readonly silent: readonly string[]
}
type Reason = Pick<NodeTrouble, 'node' | 'message' | 'hint'>

/** An agent of an older version does not say on which facts it acts: it is not waited for. */
export function usedBy({ nodes }: NodesReport, { what, number }: Awaited): Used {
  const behind = nodes.flatMap((node) => {
    const used = node[what] ?? null
    return used !== null && used < number ? [{ name: node.name, number: used }] : []
  })
  const silent = nodes.flatMap((node) => (node.revision === null ? [node.name] : []))
  return { nodes: nodes.length, behind, silent }
}

/**
 * Of the coordinator that was asked. What is known of the nodes makes no failure of a write that is done; that some which are there do
 * not use it, a script learns all the same.
 */
export async function waitForNodes(paths: readonly string[], awaited: Awaited, terminal: Terminal): Promise<Exit> {
  const found = await withProgress('waiting for the nodes', until(paths, awaited))
  if (!found || found.used.nodes === 0) return 'ok'
  terminal.complain(usedText(found.used, awaited, found.reasons))
  return found.used.behind.length > 0 ? 'behind' : 'ok'
}

/** Who refuses it does not take it for being waited for. */
async function until(
  paths: readonly string[],
  awaited: Awaited,
): Promise<{ readonly used: Used; readonly reasons: readonly Reason[] } | null> {
  const began = performance.now()
  let [reasons, whyAt]: [readonly Reason[], number] = [[], 0]
  for (;;) {
    const told = await tryAsk(paths, { route: 'nodes', body: null }).catch(() => null)
    if (told?.kind !== 'ok') return null
    const used = usedBy(told.value, awaited)
    const waitedMs = performance.now() - began
    // Of nobody at all: that says more of this coordinator than of the nodes.
    const isDeaf = used.nodes > 0 && used.silent.length === used.nodes && waitedMs < SILENT_MS
    if (used.behind.length === 0 && !isDeaf) return { used, reasons: [] }
    const isOver = waitedMs > PATIENCE_MS
    if (isOver || waitedMs >= whyAt) {
      reasons = await refusals(paths)
      whyAt = waitedMs + WHY_MS
    }
    const own = reasons.filter(({ node }) => used.behind.some(({ name }) => name === node))
    const isFinal = ({ name }: Behind): boolean =>
      awaited.what === 'revision' &&
      own.some(({ node, message }) => node === name && message.startsWith(`revision ${awaited.number} `))
    if ((!isDeaf && used.behind.every(isFinal)) || isOver) return { used, reasons: own }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

/** Of all nodes. */
async function refusals(paths: readonly string[]): Promise<readonly Reason[]> {
  const told = await tryAsk(paths, { route: 'status', body: null }).catch(() => null)
  return told?.kind === 'ok' ? told.value.troubles.filter(({ code }) => REFUSING.has(code)) : []
}

export function usedText(
  { nodes, behind, silent }: Used,
  { what, number }: Awaited,
  reasons: readonly Reason[] = [],
): string {
  const missing = behind.length + silent.length
  const [use, uses, it] = what === 'revision' ? ['use', 'uses', `revision ${number}`] : ['act on', 'acts on', 'it']
  if (missing === 0) return nodes === 1 ? `the node ${uses} it\n` : `all ${nodes} nodes ${use} it\n`
  const lines = [`${nodes - missing} of ${nodes} nodes ${use} ${it}`]
  const before = (one: Behind): string => (what === 'revision' ? `${one.name} (revision ${one.number})` : one.name)
  if (behind.length > 0) lines.push(`  not yet: ${behind.map(before).join(', ')}`)
  if (silent.length > 0) lines.push(`  not heard of: ${silent.join(', ')}`)
  for (const { node, message, hint } of reasons)
    lines.push(`  ${node}: ${message}`, ...(hint === undefined ? [] : [`    → ${hint}`]))
  return `${lines.join('\n')}\n  → they take it over when they can; why not yet: lvsm status, and there journalctl -u lvsm-agent\n`
}
