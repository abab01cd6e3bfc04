/** The nodes of a status: what each does and why, how old that is, and which of them are under maintenance. */
import type { NodeReport, NodeState } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'
import { table } from './table.ts'
import { ageText, periodText, timeText, wordsText } from './wanted-text.ts'

const TONES: Readonly<Partial<Record<NodeState, Tone>>> = {
  late: 'warn',
  unknown: 'warn',
  starting: 'warn',
  troubled: 'bad',
  dead: 'bad',
}

/** How old what is said of a node is, where that is no moment ago. */
function heardText(node: NodeReport, paint: Paint): string {
  const age = ageText(node)
  if (!node.agent) return paint('warn', ` [no word from its agent${age === '' ? '' : `; ${age}`}]`)
  return age === '' ? '' : paint('warn', ` [${age}]`)
}

/** Where the reason says who wants the maintenance, only since when, and what ends it. */
function standbyText({ name, state, standby, words }: NodeReport, paint: Paint): string {
  const { shared = null, local = null } = words ?? {}
  const since =
    shared === null ? local && ` since ${timeText(local.since)}` : local === null ? periodText(shared) : null
  const ends = `lvsm standby off ${name} ends it`
  const isSaid = standby && state === 'maintenance'
  const all =
    isSaid && since !== null
      ? [`${since.trim()}; ${ends}`]
      : [...(isSaid ? [ends] : standby ? [`maintenance; ${ends}`] : []), ...(words ? [wordsText(words)] : [])]
  return all.map((text) => paint('warn', ` [${text}]`)).join('')
}

export function nodeTable(nodes: readonly NodeReport[], paint: Paint): string {
  const rows = nodes.map((node) => [
    node.name,
    node.roles.join(',') + (node.voter ? ' +vote' : ''),
    paint(TONES[node.state] ?? (node.standby ? 'warn' : 'good'), node.state),
    node.reason + standbyText(node, paint) + heardText(node, paint),
  ])
  return table(['node', 'roles', 'state', 'why'], rows, paint)
}
