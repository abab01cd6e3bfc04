/** The head of a status in many states: what is served, what serves, what could move. One change each, from a cluster that is whole. */
import { expect, test } from 'vitest'
import { group, head, node, NODES, nodes, server, service, status, trouble } from './fixture.ts'
import type { Status } from './status.ts'
import { together } from './together.ts'
import { cut, cutHint } from '../cut.ts'

const one = (realserver: object): Status =>
  status({ services: [service({ realservers: [server('rs1'), realserver] })] })
const taken = (takers: object[]): Status => status({ groups: [group({ takers })] })
const five = (state: string): Status => {
  const more = [node('w1', { state: 'unknown', agent: false, reason: 'silent' }), node('w2', { state })]
  return status({ nodes: [...nodes('rs1', { state: 'dead' }), ...more] })
}
const DOES_RS1 = 'whether web survives dir1 (does rs1 vote?)'
const silent = { node: 'dir2', could: null, reason: 'its agent did not say' }

test.each<[string, Status, string]>([
  ['all is well', status(), 'healthy'],
  ['a backup in reserve', one(server('rs2', { backup: true, weight: 0 })), 'healthy'],
  [
    'a backup in reserve that failed',
    one(server('rs2', { backup: true, weight: 0, healthy: false, reason: 'refused' })),
    'degraded | unserving: http: backup rs2 failed (refused)',
  ],
  [
    'a backup that stands in',
    status({
      services: [
        service({
          realservers: [
            server('rs1', { weight: 0, healthy: false, reason: 'refused' }),
            server('rs2', { backup: true }),
          ],
        }),
      ],
    }),
    'degraded | unserving: http: rs1 failed (refused)',
  ],
  ['two warnings', status({ troubles: [trouble('warning'), trouble('warning', 'dir1', 'another')] }), 'healthy, 2'],
  [
    'what three nodes say in the same words is one',
    status({ troubles: ['a', 'b', 'c'].map((of) => trouble('warning', of)) }),
    'healthy, 1',
  ],
  ['a hint for information', status({ troubles: [trouble('info')] }), 'healthy'],
  [
    'something critical at the owner',
    status({ troubles: [trouble('critical')] }),
    'degraded | impaired: dir1: a thing | other: 1 critical trouble',
  ],
  [
    'something critical elsewhere',
    status({ troubles: [trouble('critical', 'dir2', 'b')] }),
    'degraded | other: 1 critical trouble',
  ],
  [
    'two things critical',
    status({ troubles: [trouble('critical'), trouble('critical', 'dir2', 'b')] }),
    'degraded | impaired: dir1: a thing | other: 2 critical troubles',
  ],

  [
    'nobody owns the group',
    status({ groups: [group({ owner: null, state: 'nobody', reason: 'no majority', takers: [] })] }),
    'not served | unserved: nobody owns web (10.11.0.10): no majority',
  ],
  [
    'the group is on its way',
    status({ groups: [group({ owner: null, state: 'moving', reason: 'dir2 takes it', takers: [] })] }),
    'not served | unserved: web is moving: dir2 takes it',
  ],
  ['an operator stopped it', status({ groups: [group({ owner: null, state: 'stopped', takers: [] })] }), 'healthy'],
  [
    'who owns it is not known',
    status({ groups: [group({ owner: null, state: 'unknown', reason: 'no director reports', takers: [] })] }),
    'not known | unknown: who owns web (no director reports)',
  ],
  [
    'no realserver is there',
    status({ services: [service({ realservers: [] })] }),
    'not served | unserved: http has no realserver',
  ],
  [
    'every check fails',
    status({
      services: [
        service({
          realservers: [
            server('rs1', { healthy: false, weight: 0, reason: 'refused' }),
            server('rs2', { healthy: false, weight: 0, reason: 'timeout' }),
          ],
        }),
      ],
    }),
    'not served | unserved: http: none of 2 realservers takes connections (rs1: refused)',
  ],
  [
    'every check fails, and the last ones are kept',
    status({ services: [service({ realservers: [server('rs1', { healthy: false, reason: 'refused; kept' })] })] }),
    'degraded | unserving: http: all checks fail, and its realservers are kept, so that nobody knows whether it is served: rs1 failed (refused; kept)',
  ],
  [
    'all of them are drained',
    status({ services: [service({ realservers: [server('rs1', { weight: 0, state: 'drained' })] })] }),
    'healthy',
  ],
  [
    'one is drained and the other fails',
    status({
      services: [
        service({
          realservers: [
            server('rs1', { weight: 0, state: 'draining' }),
            server('rs2', { healthy: false, weight: 0, reason: 'refused' }),
          ],
        }),
      ],
    }),
    'not served | unserved: http: none of 1 realservers takes connections (rs2: refused)',
  ],
  [
    'the owner did not tell its table',
    status({ services: [service({ told: false, realservers: [server('rs1', { weight: 0, healthy: null })] })] }),
    'not known | unknown: the table of http (dir1 did not tell it)',
  ],
  ['an older agent tells nothing of that', status({ services: [service({ told: undefined })] }), 'healthy'],
  [
    'an older agent shows nothing of an owner whom it does not hear',
    status({
      nodes: nodes('dir1', { agent: false }),
      services: [service({ told: undefined, realservers: [server('rs1', { weight: 0, healthy: null })] })],
    }),
    'not known | unknown: the table of http (dir1 did not tell it); how dir1 is (well)',
  ],
  [
    'the owner is dead, and what it told last is all that there is',
    status({ nodes: nodes('dir1', { state: 'dead', agent: false }) }),
    'degraded | other: dead: dir1 | unknown: the table of http (dir1 did not tell it)',
  ],

  [
    'one check fails',
    one(server('rs2', { healthy: false, weight: 0, reason: 'refused' })),
    'degraded | unserving: http: rs2 failed (refused)',
  ],
  [
    'one is kept by the floor',
    one(server('rs2', { healthy: false, reason: 'refused; kept' })),
    'degraded | unserving: http: rs2 failed (refused; kept)',
  ],
  [
    'one is not in the table',
    one(server('rs2', { weight: 0, healthy: null, reason: 'not checked yet' })),
    'degraded | unserving: http: rs2 is out (not checked yet)',
  ],
  [
    'one serves that was never checked',
    one(server('rs2', { healthy: null, reason: 'not checked yet' })),
    'not known | unknown: whether rs2 serves http (not checked yet)',
  ],
  ['one that was never checked is to be drained', one(server('rs2', { healthy: null, state: 'draining' })), 'healthy'],
  ['one has weight 0 by the configuration', one(server('rs2', { weight: 0, configured: 0 })), 'healthy'],
  [
    'one that should have a weight has none',
    one(server('rs2', { weight: 0, configured: 1 })),
    'degraded | unserving: http: rs2 is out (connected)',
  ],
  [
    'one has weight 0 by the configuration, and the other fails',
    status({
      services: [
        service({
          realservers: [
            server('rs1', { weight: 0, configured: 0 }),
            server('rs2', { weight: 0, healthy: false, reason: 'refused' }),
          ],
        }),
      ],
    }),
    'not served | unserved: http: none of 1 realservers takes connections (rs2: refused)',
  ],
  ['one is stopped', one(server('rs2', { weight: 0, state: 'stopped' })), 'healthy'],
  [
    'a realserver lacks its alias',
    status({ troubles: [trouble('critical', 'rs1', 'no alias', 'kernel-refused')] }),
    'degraded | unserving: rs1: no alias | other: 1 critical trouble',
  ],
  [
    'one that lacks it is drained',
    status({
      troubles: [trouble('critical', 'rs2', 'no alias', 'kernel-refused')],
      services: [service({ realservers: [server('rs1'), server('rs2', { state: 'drained', weight: 0 })] })],
    }),
    'degraded | other: 1 critical trouble',
  ],
  [
    'a realserver is dead',
    status({ nodes: nodes('rs2', { state: 'dead', agent: false }) }),
    'degraded | other: dead: rs2',
  ],
  [
    'its agent is silent',
    status({ nodes: nodes('rs2', { state: 'unknown', agent: false, reason: 'its agent is silent' }) }),
    'not known | unknown: how rs2 is (its agent is silent)',
  ],
  [
    'why its agent is silent is known',
    status({
      nodes: nodes('rs1', { state: 'unknown', agent: false, reason: 'its agent is silent: it does not start' }),
      troubles: [{ ...trouble('critical', 'dir1', 'a thing', 'agent-silent'), object: 'node rs1' }],
    }),
    'degraded | other: 1 critical trouble; no agent is at work on rs1',
  ],
  [
    'it was heard a while ago',
    status({ nodes: nodes('rs2', { state: 'unknown', agent: false, reason: 'silent', ageMs: 12_400 }) }),
    'not known | unknown: how rs2 is (silent; last heard 12 s ago)',
  ],

  [
    'nobody is ready',
    taken([{ node: 'dir2', could: false, reason: 'this kernel has no IPVS' }]),
    'degraded | unmovable: nobody could take web: dir2: this kernel has no IPVS',
  ],
  [
    'the other one is under maintenance',
    taken([{ node: 'dir2', could: false, reason: 'under maintenance; lvsm standby off dir2 ends it' }]),
    'degraded | unmovable: nobody could take web: dir2: under maintenance; lvsm standby off dir2 ends it',
  ],
  [
    'one of two could',
    taken([
      { node: 'dir2', could: false, reason: 'no IPVS' },
      { node: 'dir3', could: true, reason: '' },
    ]),
    'healthy',
  ],
  [
    'one could, and would serve by another configuration',
    taken([{ node: 'dir2', could: true, reason: '', refused: 'has other services in its configuration than dir1' }]),
    'degraded | unmovable: a switchover of web is refused (dir2 has other services in its configuration than dir1); if dir1 dies, dir2 takes it all the same, and serves by what it knows',
  ],
  [
    'and another one has the same',
    taken([
      { node: 'dir2', could: true, reason: '', refused: 'has other services in its configuration than dir1' },
      { node: 'dir3', could: true, reason: '' },
    ]),
    'healthy',
  ],
  [
    'another voter has just started, and lends no vote yet',
    status({ nodes: nodes('rs1', { votesInMs: 20_000 }) }),
    'degraded | unmovable: rs1 lends no vote yet, and web is lost if dir1 dies: 2 of 3 voters must agree, and 1 would be left',
  ],
  [
    'the other one did not say',
    taken([silent]),
    'not known | unknown: who could take web (dir2: its agent did not say)',
  ],
  [
    'one could not, another did not say',
    taken([{ node: 'dir3', could: false, reason: 'no IPVS' }, silent]),
    'not known | unknown: who could take web (dir3: no IPVS; dir2: its agent did not say)',
  ],
  [
    'an older agent says nothing of takers',
    status({ groups: [group({ takers: undefined })] }),
    'not known | unknown: who could take web',
  ],
  ['one director is whole alone', status({ groups: [group({ directors: ['dir1'], takers: [] })] }), 'healthy'],
  ['no majority', status({ quorum: false }), 'degraded | unmovable: web: the voters have no majority'],
  [
    'no majority, and one director',
    status({ quorum: false, groups: [group({ directors: ['dir1'], takers: [] })] }),
    'degraded | unmovable: web: the voters have no majority',
  ],
  [
    'no majority, and all that there is was stopped',
    status({ quorum: false, groups: [group({ owner: null, state: 'stopped', takers: [] })] }),
    'degraded | other: the voters have no majority',
  ],
  [
    'no configuration',
    status({ quorum: false, groups: [], services: [], nodes: [] }),
    'not known | unknown: what is to be served (dir1 has no configuration)',
  ],
  [
    'the owner is one of two voters',
    status({ nodes: nodes('rs1', { voter: false }) }),
    'degraded | unmovable: web is lost if dir1 dies: 2 of 2 voters must agree, and 1 would be left',
  ],
  [
    'the owner is the only voter',
    status({ nodes: NODES.map((entry) => ({ ...entry, voter: entry.name === 'dir1' })) }),
    'degraded | unmovable: web is lost if dir1 dies: 1 of 1 voter must agree, and 0 would be left',
  ],
  [
    'another voter is dead',
    status({ nodes: nodes('rs1', { state: 'dead' }) }),
    'degraded | unmovable: rs1 is dead, and web is lost if dir1 dies: 2 of 3 voters must agree, and 1 would be left | other: dead: rs1',
  ],
  [
    'another voter is late',
    status({ nodes: nodes('rs1', { state: 'late' }) }),
    'degraded | unmovable: rs1 is late, and web is lost if dir1 dies: 2 of 3 voters must agree, and 1 would be left',
  ],
  ...['state-lost', 'epoch-lost'].map((code): [string, Status, string] => [
    `another voter does not vote yet: ${code}`,
    status({ troubles: [trouble('warning', 'rs1', 'a thing', code)] }),
    `degraded, 1 | unmovable: rs1 lends no vote (${code}), and web is lost if dir1 dies: 2 of 3 voters must agree, and 1 would be left`,
  ]),
  [
    'another voter has no lease process',
    status({ troubles: [trouble('critical', 'rs1', 'a thing', 'no-lease-process')] }),
    'degraded | unmovable: rs1 lends no vote (no-lease-process), and web is lost if dir1 dies: 2 of 3 voters must agree, and 1 would be left | other: 1 critical trouble',
  ],
  ['another voter begins', status({ nodes: nodes('rs1', { state: 'starting' }) }), `not known | unknown: ${DOES_RS1}`],
  [
    'another voter is silent',
    status({ nodes: nodes('rs1', { state: 'unknown', agent: false, reason: 'silent' }) }),
    `not known | unknown: ${DOES_RS1}; how rs1 is (silent)`,
  ],
  [
    'of five voters one is dead and one is silent',
    five('standby'),
    'degraded | other: dead: rs1 | unknown: whether web survives dir1 (does w1 vote?); how w1 is (silent)',
  ],
  [
    'of five voters two are dead and one is silent',
    five('dead'),
    'degraded | unmovable: rs1 is dead, w2 is dead, and web is lost if dir1 dies: 3 of 5 voters must agree, and at most 2 would be left | other: dead: rs1, w2 | unknown: how w1 is (silent)',
  ],
  ['the owner does not vote', status({ nodes: nodes('dir1', { voter: false }) }), 'healthy'],
  ['nobody votes by what is shown', status({ nodes: NODES.map((entry) => ({ ...entry, voter: false })) }), 'healthy'],
])('%s', (_, of, words) => {
  expect(head(of)).toBe(words)
})

test('troubles: the worst first, and what a node says of itself before what others only see of it', () => {
  const of = (severity: 'critical' | 'warning', by: string, object?: string) => ({
    ...trouble(severity, by, `${severity} of ${object ?? by}`),
    ...(object === undefined ? {} : { object }),
  })
  const all = [
    of('warning', 'rs1'),
    of('critical', 'dir1', 'node dir2'),
    of('critical', 'rs1', 'node dir2'),
    of('critical', 'dir2', 'node dir2'),
    of('critical', 'rs2', 'link outside'),
  ]
  expect(together(all).map(({ node: by, severity }) => `${severity} ${by}`)).toEqual([
    'critical dir2, dir1, rs1',
    'critical rs2',
    'warning rs1',
  ])
  const past = (node: string, pastMs: number | null, since: string) => ({
    ...trouble('warning'),
    node,
    code: 'late',
    message: 'late',
    since,
    ...(pastMs === null ? {} : { pastMs }),
  })
  const seen = [past('dir1', 20_000, '2'), past('dir2', 10_000, '1'), past('rs1', 30_000, '3')]
  expect(together(seen)).toMatchObject([{ node: 'dir1, dir2, rs1', pastMs: 10_000, since: '1' }])
  const [present, ...more] = together([...seen, past('rs2', null, '4')])
  expect([present, more]).toMatchObject([{ node: 'dir1, dir2, rs1, rs2', since: '4' }, []])
  expect(present).not.toHaveProperty('pastMs')
  const [long, hint] = ['m'.repeat(300), 'lvsm status; '.repeat(40)]
  const told = (node: string, message: string, next: string) => ({ ...trouble('critical', node, message), hint: next })
  const [cutOnes, whole] = [told('dir1', cut(long, 240), cutHint(hint, 400)), told('dir2', long, hint)]
  for (const both of [
    [cutOnes, whole],
    [whole, cutOnes],
  ])
    expect(together(both)).toMatchObject([{ message: long, hint, node: both.map(({ node: by }) => by).join(', ') }])
  const apart = all.map((one, at) => ({ ...one, message: `${at}` }))
  expect(together(apart).map(({ node: by }) => by)).toEqual(['dir2', 'rs2', 'dir1', 'rs1', 'rs1'])
})
