/** What a row of planted failures demands of a node's word: all that was planted, and nothing else. */
import { expect, test } from 'vitest'
import type { NodeTrouble, Status } from '@lvsm/protocol'
import { isOver, missing, unexpected } from './said.ts'

const trouble = (code: string, node: string, message: string): NodeTrouble => ({
  ...{ code, node, message, hint: 'mend it' },
  severity: code === 'link-silent' ? 'warning' : 'critical',
})
const said = (...troubles: NodeTrouble[]): Status => ({
  ...{ cluster: 'lab', node: 'dir1', revision: 1, quorum: true, groups: [], counters: {}, troubles },
  services: [],
  nodes: ['dir1', 'rs1'].map((name) => ({
    ...{ name, roles: ['realserver'], voter: false, state: 'serving', reason: '', standby: false, agent: true },
  })),
})
const DOWN = trouble('interface-down', 'dir2', 'interface outside is down')
const LINK = trouble('link-silent', 'dir1', 'over link outside nothing comes from dir2')

test('its own trouble, and what that makes of the head, is what was planted', () => {
  expect(missing(said(DOWN), { code: 'interface-down', of: 'dir2', words: /outside/ })).toBeNull()
  expect(unexpected(said(DOWN), { code: 'interface-down', of: 'dir2' })).toBeNull()
  expect(unexpected(said(LINK), { code: 'link-silent' })).toBeNull()
})
test('a line that nothing explains is refused, and named', () => {
  expect(unexpected(said(DOWN, LINK), { code: 'interface-down' })).toBe(
    'what was not planted: not redundant: dir1: over link outside nothing comes from dir2',
  )
  expect(unexpected(said(DOWN, LINK), { code: 'interface-down', also: [/^not redundant: .*link outside/] })).toBeNull()
  expect(
    unexpected(said(DOWN, trouble('no-ipvs', 'dir2', 'this kernel has no IPVS')), { code: 'interface-down' }),
  ).toBe('what was not planted: 2 critical troubles')
  expect(unexpected(said(DOWN), { line: /^not served: / })).toBe('what was not planted: 1 critical trouble')
})
test('what is not said is missing, and over', () => {
  expect(missing(said(), { code: 'interface-down', of: 'dir2' })).toMatch(/^no interface-down of dir2/)
  expect(missing(said(), { line: /^dead: / })).toMatch(/^no line/)
  expect(isOver(said(DOWN), { code: 'interface-down' })).toBe(false)
  expect(isOver(said(), { code: 'interface-down' })).toBe(true)
})
