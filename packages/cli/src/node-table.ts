/** The nodes of a status: what each does and why, how old that is, and which of them are under maintenance. */
import { nodeNotes, type NodeReport, type NodeState, nodeWord } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'
import { table } from './table.ts'
import { timeText } from './wanted-text.ts'

const TONES: Readonly<Partial<Record<NodeState, Tone>>> = {
  late: 'warn',
  unknown: 'warn',
  starting: 'warn',
  troubled: 'bad',
  dead: 'bad',
}

export function nodeTable(nodes: readonly NodeReport[], paint: Paint): string {
  const rows = nodes.map((node) => [
    node.name,
    node.roles.join(',') + (node.voter ? ' +vote' : ''),
    paint(TONES[node.state] ?? (node.standby ? 'warn' : 'good'), nodeWord(node)),
    node.reason +
      nodeNotes(node, timeText)
        .map((text) => paint('warn', ` [${text}]`))
        .join(''),
  ])
  return table(['node', 'roles', 'state', 'why'], rows, paint)
}
