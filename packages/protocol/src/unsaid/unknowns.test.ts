/** Whatever the head says is not known has an entry with a next step. */
import { expect, test } from 'vitest'
import { group, NODES, nodes, server, service, status } from '../http/fixture.ts'
import { heardElsewhere, perhapsCutOff } from '../http/hearing-words.ts'
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
      hint: expect.stringMatching(/^on rs1: lvsm status says .*; then systemctl status lvsm-agent; /),
    },
  ])
})

test('where the lease process of the node that is asked is silent, no other node is accused', () => {
  const reason = 'its lease process lives, its agent is silent'
  const deaf = { node: 'dir1', code: 'no-lease-process', severity: 'critical' as const, message: 'it is silent' }
  const of = (...troubles: (typeof deaf)[]) =>
    unknownsOf(status({ nodes: nodes('rs1', { state: 'unknown', agent: false, reason }), troubles })).map(
      ({ code }) => code,
    )
  expect(of(deaf)).not.toContain('node-unheard')
  expect(of({ ...deaf, node: 'rs2' }), 'of another node').toContain('node-unheard')
  const strange = { ...deaf, code: 'peer-unbelieved', object: 'node rs1' }
  expect(of(strange), 'that says why').not.toContain('node-unheard')
})

test('a rule that drops its heartbeats is the first step', () => {
  const drops = (node: string) => ({
    ...{ node, code: 'drop-rule', severity: 'warning' as const, object: 'chain inet fw in handle 4' },
    message: `a rule of chain inet fw in of ${node} drops heartbeats that come over link inside: all that is udp port 6940`,
  })
  const reason = 'its lease process lives, its agent is silent'
  const of = (node: string) =>
    status({ nodes: nodes('rs1', { state: 'unknown', agent: false, reason }), troubles: [drops(node)] })
  for (const node of ['dir1', 'rs1'])
    expect(unknownsOf(of(node))[0]?.hint).toBe(
      `first what ${node} says of itself: chain inet fw in handle 4 (drop-rule)`,
    )
  expect(unknownsOf(of('dir2'))[0]?.hint, 'of neither of the two').toMatch(/^on rs1: lvsm status says/)
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

const says = (code: string, object: string, message: string, of = 'dir1') => ({
  ...{ node: of, code, severity: 'warning' as const, object, message },
})
const unheard = (name: string, reason: string) => nodes(name, { state: 'unknown', agent: false, reason })
test('who does not hear the others, for it is cut off, sends nobody to them', () => {
  const reason = heardElsewhere('silent for 9.0 s', ['rs1'])
  const perhaps = `silent for 9.0 s; ${perhapsCutOff('dir1', 1, 3)}`
  const all = NODES.map((one) =>
    one.name === 'dir1' ? one : { ...one, state: 'unknown', agent: false, reason: perhaps },
  )
  const groups = [group({ owner: null, state: 'unknown', reason: perhapsCutOff('dir1', 1, 3), takers: [] })]
  const cut = says('cut-off', 'node dir1', 'dir1 is cut off and hears no other node: link outside')
  const of = (troubles: object[]) => unknownsOf(status({ nodes: all, groups, troubles })).map(({ code }) => code)
  expect(of([])).toEqual(['node-unheard', 'node-unheard', 'node-unheard', 'not-known'])
  expect(of([cut])).toEqual([])
  expect(of([{ ...cut, pastMs: 1000 }])).toHaveLength(4)
  expect(of([{ ...cut, node: 'rs1' }]), 'another one is').toHaveLength(4)
  const some = unknownsOf(status({ nodes: unheard('rs2', reason), troubles: [cut] }))
  expect(some, 'others hear it').toHaveLength(1)
})
test('one that others hear is no reason to look at its agent: first at who does not hear it', () => {
  const of = (name: string, ...troubles: object[]) =>
    unknownsOf(status({ nodes: unheard(name, heardElsewhere('silent for 9.0 s', ['rs1', 'dir2'])), troubles }))
  expect(of('rs2')[0]?.hint).toMatch(
    /^on dir1: ip -br addr, .*\(rs1, dir2 heard rs2, dir1 does not\); then the same on rs2/,
  )
  const missed = says('heard-by-others', 'node rs2', 'dir1 does not hear rs2, which rs1 heard')
  const gone = says(
    'link-address-gone',
    'link inside',
    'address 10.12.0.1 of heartbeat link inside is not on any interface of dir1',
  )
  expect([of('rs2', missed), of('rs2', gone)]).toEqual([[], []])
  expect(of('rs1', gone), 'of a voter that would not be said').toHaveLength(1)
  expect(of('rs2', { ...gone, node: 'dir2' }), 'that is its own').toHaveLength(1)
})
test('one whose agent is silent, and that is not heard over a link, has its link looked at first', () => {
  const silent = says(
    'link-silent',
    'link inside',
    'over the heartbeat link inside nothing comes from rs1, but over another one',
    'dir2',
  )
  const hint = (...troubles: object[]) =>
    unknownsOf(status({ nodes: unheard('rs1', 'its lease process lives, its agent does not report'), troubles }))[0]
      ?.hint
  expect(hint(silent)).toMatch(
    /^on rs1: first heartbeat link inside, over which it is not heard .*; then systemctl status lvsm-agent/,
  )
  expect(hint({ ...silent, message: silent.message.replace('rs1', 'rs1, rs2') })).toMatch(/^on rs1: lvsm status says /)
})
