/** What a node is to say of what was planted, and whether it does: a trouble, a line of the head, and no line that nothing explains. */
import { judge, type NodeTrouble, type Status, troubleKind, verdictLines } from '@lvsm/protocol'

/** Lines of the head, and a trouble with its node, its words and its next step. Each that is given must be there. */
export interface Said {
  readonly code?: string
  /** Whose it is, by whoever says it; not there: of whichever. */
  readonly of?: string
  readonly words?: RegExp
  /** Of its next step. */
  readonly next?: RegExp
  /** A line of the head: `not served`, `not serving`, `impaired`, `cannot move`, `not redundant`, `not known`. */
  readonly line?: RegExp
  /** Lines that may stand beside it. What the trouble itself makes of the head is among them; any other line is false, and fails the row. */
  readonly also?: readonly RegExp[]
}
const isTrouble = (one: NodeTrouble, { code, of, words, next }: Said): boolean =>
  one.code === code &&
  (of === undefined || one.node === of || one.object === `node ${of}`) &&
  (words === undefined || words.test(`${one.message}; ${one.evidence ?? ''}`)) &&
  (one.hint ?? '') !== '' &&
  (next === undefined || next.test(one.hint ?? ''))

/** Null: it is all said. */
export function missing(said: Status, expected: Said): string | null {
  const verdict = judge(said)
  const lines = verdictLines(verdict)
  if (expected.line && !lines.some((line) => expected.line?.test(line)))
    return `no line ${expected.line}: ${lines.join(' | ')}`
  if (expected.code === undefined) return verdict.health === 'healthy' ? 'it says healthy' : null
  if (!said.troubles.some((one) => isTrouble(one, expected)))
    return `no ${expected.code} of ${expected.of}: ${said.troubles.map(({ node, code, message }) => `${node} ${code} ${message}`).join(' | ')}`
  return verdict.health === 'healthy' && verdict.warnings === 0 ? 'it says healthy, and counts no warning' : null
}
/** Lines of the head that nothing of what was planted explains; null: none. */
export function unexpected({ troubles, ...said }: Status, { code = '', line, also = [] }: Said): string | null {
  const kind = troubleKind(code)
  const one = kind?.severity === 'critical' ? [/^1 critical trouble$/] : []
  const own = troubles.filter((trouble) => trouble.code === code).map(({ message }) => message)
  const isOwn = (text: string): boolean =>
    kind?.costs !== undefined &&
    /^(not redundant|not serving|impaired): /.test(text) &&
    own.some((message) => text.endsWith(`: ${message}`))
  const expected = [...(line ? [line] : []), ...also, ...one]
  const strange = verdictLines(judge({ troubles, ...said })).filter(
    (text) => !isOwn(text) && !expected.some((each) => each.test(text)),
  )
  return strange.length === 0 ? null : `what was not planted: ${strange.join(' | ')}`
}

/** The trouble and the line are not there any more. */
export const isOver = (said: Status, { code, of, line, words }: Said): boolean =>
  (code === undefined ||
    !said.troubles.some((one) =>
      isTrouble({ ...one, hint: '-' }, { code, ...(of ? { of } : {}), ...(words ? { words } : {}) }),
    )) &&
  (!line || !verdictLines(judge(said)).some((text) => line.test(text)))
