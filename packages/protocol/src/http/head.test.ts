/** What the first line counts is what the list below it has. */
import { expect, test } from 'vitest'
import { troubleCodes, troubleKind } from '../troubles/table.ts'
import { listedTroubles } from '../unsaid/unsaid.ts'
import { group, nodes, server, service, status, trouble } from './fixture.ts'
import { headOf } from './head.ts'
import { judge } from './verdict.ts'
import type { Status } from './status.ts'

const headIn = (of: Status): string =>
  headOf(of, judge(of))
    .map(({ text }) => text)
    .join('; ')
const countIn = (of: Status, severity: string): number =>
  listedTroubles(of).filter((one) => one.severity === severity && one.pastMs === undefined).length

test('of each kind of trouble', () => {
  for (const code of troubleCodes()) {
    const severity = troubleKind(code)?.severity ?? 'warning'
    const of = status({ troubles: [trouble(severity, 'dir1', `it is ${code}`, code)] })
    const said = headIn(of)
    expect([code, / ?(\d+) critical/.exec(said)?.[1] ?? '0']).toEqual([code, String(countIn(of, 'critical'))])
    expect([code, / ?(\d+) warning/.exec(said)?.[1] ?? '0']).toEqual([code, String(countIn(of, 'warning'))])
    if (severity === 'warning') expect(said).toContain('1 warning')
  }
})
test('also of what no trouble says: a server that failed, a node that is dead, one that is not heard', () => {
  const failed = server('rs1', { weight: 0, healthy: false, reason: 'connection refused' })
  expect(headIn(status({ services: [service({ realservers: [failed, server('rs2')] })] }))).toBe('1 warning')
  expect(headIn(status({ nodes: nodes('rs2', { state: 'dead', agent: false }) }))).toBe('1 critical trouble; dead: rs2')
  expect(headIn(status({ nodes: nodes('rs2', { state: 'unknown', agent: false }) }))).toBe('1 warning')
  expect(headIn(status())).toBe('')
})
test('what is only to be known is counted, too', () => {
  expect(headIn(status({ groups: [group({ takers: [] })], troubles: [trouble('info')] }))).toBe('info: 2')
})
