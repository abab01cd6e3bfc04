import { expect, it } from 'vitest'
import { lost } from './kept.ts'

const said = (number: number, comment: string) => ({ number, comment })
const history = [said(1, ''), said(2, 'one'), said(3, 'two'), said(4, 'four')]
const acknowledged = [
  { comment: 'one', revision: 2 },
  { comment: 'four', revision: 4 },
]

it('what nobody acknowledged may be there', () => expect(lost([history, history, history], acknowledged)).toBeNull())

it.each([
  ['a revision is gone', [history.slice(0, 3)], acknowledged, 'revision 4 was acknowledged as four, and is undefined'],
  ['it is another', [[...history.slice(0, 3), said(4, 'five')]], acknowledged, 'acknowledged as four, and is five'],
  ['one coordinator lags', [history, history.slice(0, 3)], acknowledged, 'different revisions'],
  ['a number is left out', [[...history.slice(0, 3), said(5, 'four')]], [], 'revision 5 is out of its order'],
  ['done twice', [[...history, said(5, 'two')]], acknowledged, 'two was done twice'],
  ['acknowledged out of order', [history], acknowledged.toReversed(), 'revision 2 was acknowledged after a later one'],
])('%s: that is told', (_, histories, memory, words) => expect(lost(histories, memory)).toContain(words))
