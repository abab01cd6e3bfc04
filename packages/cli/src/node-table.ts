/** The nodes of a status: what each does and why, how old that is, and which of them are under maintenance. */
import {
  nodeNotes,
  type NodeReport,
  type NodeState,
  nodeWord,
  NOT_SERVING,
  type Status,
  whyUnserving,
} from '@lvsm/protocol'
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

const toneOf = ({ state, standby }: NodeReport): Tone => TONES[state] ?? (standby ? 'warn' : 'good')

export function nodeTable(status: Status, paint: Paint): string {
  const rows = status.nodes.map((node) => {
    const why = whyUnserving(node, status)
    const notes = nodeNotes(node, timeText).map((text) => paint('warn', ` [${text}]`))
    return [
      node.name,
      node.roles.join(',') + (node.voter ? ' +vote' : ''),
      why === null ? paint(toneOf(node), nodeWord(node)) : paint('bad', NOT_SERVING),
      (why ?? node.reason) + notes.join(''),
    ]
  })
  return table(['node', 'roles', 'state', 'why'], rows, paint)
}
