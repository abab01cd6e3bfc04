/** Whatever the head says is not known has an entry with a next step. */
import { expect, test } from 'vitest'
import { group, nodes, server, service, status } from '../http/fixture.ts'
import { judge } from '../http/verdict.ts'
import { unknownsOf } from './unknowns.ts'

test('where all is known there is none', () => expect(unknownsOf(status())).toEqual([]))

test('a node that is not heard is one entry, with what is not known by that', () => {
  const reason = 'its lease process lives, its agent is silent'
  const of = status({ nodes: nodes('rs1', { state: 'unknown', agent: false, reason, ageMs: 15_000 }) })
  expect(judge(of).unknown).toEqual([
    'whether web survives dir1 (does rs1 vote?)',
    expect.stringContaining('how rs1 is'),
  ])
  expect(unknownsOf(of)).toEqual([
    {
      ...{ node: 'dir1', code: 'node-unheard', severity: 'warning', object: 'node rs1' },
      message: `what rs1 does is not known: ${reason}`,
      means: 'not known, too: whether web survives dir1 (does rs1 vote?)',
      hint: expect.stringMatching(/^on rs1: systemctl status lvsm-agent; /),
    },
  ])
})

test.each([
  [
    'what no check has said',
    status({ services: [service({ realservers: [server('rs1'), server('rs2', { healthy: null, reason: '' })] })] }),
    'not known: whether rs2 serves http (not checked yet)',
    'lvsm check run http/rs2 --explain: what it answers',
  ],
  [
    'who could take a group',
    status({ groups: [group({ takers: [] })] }),
    /who could take web/,
    'lvsm explain group web',
  ],
  [
    'who owns it',
    status({ groups: [group({ owner: null, state: 'unknown' })] }),
    /who owns web/,
    'lvsm explain group web',
  ],
  [
    'what is to be served',
    status({ nodes: [], groups: [], services: [] }),
    /dir1 has no configuration/,
    'on dir1: journalctl -u lvsm-agent says why it has none',
  ],
])('%s has its step', (_, of, message, hint) => {
  expect(judge(of).health).toBe('not known')
  const said = typeof message === 'string' ? message : expect.stringMatching(message)
  expect(unknownsOf(of)).toEqual([{ node: 'dir1', code: 'not-known', severity: 'info', message: said, hint }])
})
