/** The nodes of a status: what each does and why, how old that is, and which of them are under maintenance. */
import type { NodeReport, NodeState } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'
import { table } from './table.ts'
import { ageText, wordsText } from './wanted-text.ts'

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

export function nodeTable(nodes: readonly NodeReport[], paint: Paint): string {
  const rows = nodes.map((node) => [
    node.name,
    node.roles.join(',') + (node.voter ? ' +vote' : ''),
    paint(TONES[node.state] ?? (node.standby ? 'warn' : 'good'), node.state),
    node.reason +
      (node.standby ? paint('warn', ` [maintenance; lvsm standby off ${node.name} ends it]`) : '') +
      (node.words ? paint('warn', ` [${wordsText(node.words)}]`) : '') +
      heardText(node, paint),
  ])
  return table(['node', 'roles', 'state', 'why'], rows, paint)
}
