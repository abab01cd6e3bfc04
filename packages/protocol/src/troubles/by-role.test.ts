/** What comes of a trouble is true of the node that has it. */
import { expect, test } from 'vitest'
import { BY_ROLE, consequenceOf } from './by-role.ts'
import { DROPPED } from './dropped.ts'
import { troubleKind } from './table.ts'

const NODES = [
  { name: 'dir1', roles: ['director'], voter: true },
  { name: 'rs1', roles: ['realserver'], voter: true },
  { name: 'rs2', roles: ['realserver'], voter: false },
  { name: 'both', roles: ['director', 'realserver'], voter: false },
]

test('each row is of a kind that there is', () =>
  expect(Object.keys(BY_ROLE).filter((code) => troubleKind(code) === null)).toEqual([]))

test('who directs nothing takes nothing over, and who has no vote loses none', () => {
  for (const code of Object.keys(BY_ROLE)) {
    const said = (name: string) => consequenceOf({ code, node: name, object: `node ${name}` }, NODES)
    for (const name of ['dir1', 'both', 'nobody']) expect(said(name)).toBe(troubleKind(code)?.means)
    for (const name of ['rs1', 'rs2']) expect(said(name)).not.toMatch(/takes? nothing over|take the group|not ready/)
    expect(said('rs2')).not.toMatch(/\bvote\b/)
  }
})

test('of another node it goes by what that one is, and of several by the one that can lose most', () => {
  const silent = (object: string) => consequenceOf({ code: 'agent-silent', node: 'dir1', object }, NODES)
  expect(silent('node rs2')).toMatch(/neither set nor repaired; what stands goes on$/)
  expect(silent('node dir1')).toBe(troubleKind('agent-silent')?.means)
  const dead = (object: string) => consequenceOf({ code: 'node-dead', node: 'dir1', object }, NODES)
  expect(dead('node rs1')).toBe('its vote is lost; whether its servers answer, their checks say')
  expect(dead('node rs2')).toMatch(/^the cluster decides without it as before/)
  expect(consequenceOf({ code: 'cannot-observe', node: 'rs1, dir1' }, NODES)).toBe(troubleKind('cannot-observe')?.means)
  expect(consequenceOf({ code: 'of-tomorrow', node: 'rs1' }, NODES)).toBeNull()
})

test('a ping node that no director reaches is the likeliest itself', () => {
  const pair = [...NODES.slice(0, 2), { name: 'dir2', roles: ['director'], voter: true }]
  const of = (node: string) => consequenceOf({ code: 'ping-unreached', node, object: 'group web' }, pair)
  expect(of('dir1, dir2')).toMatch(/^no director reaches it/)
  expect(of('dir1')).toBe(troubleKind('ping-unreached')?.means)
})

test('of a kind that is of several things it goes by its words', () => {
  const fixed = (end: string) =>
    consequenceOf({ code: 'fixed-neighbour', node: 'dir1', message: `what dir1 sends goes to M on e${end}` }, NODES)
  expect(fixed(', and is not answered')).toMatch(/are lost$/)
  expect(fixed(', and nothing at that address answers this node')).toMatch(/or the server does not run$/)

  const drop = (kind: keyof typeof DROPPED) =>
    consequenceOf(
      {
        ...{ code: 'drop-rule', node: 'dir1', object: 'chain inet site in handle 2' },
        message: `a rule of chain inet site in of dir1 drops ${DROPPED[kind]('x')}: all that is to 10.11.0.1`,
      },
      NODES,
    )
  for (const kind of ['clients', 'some'] as const) expect(drop(kind)).toMatch(/^clients of the service get nothing by/)
  for (const kind of ['servers', 'answers'] as const) expect(drop(kind)).toMatch(/^its own servers/)
  for (const kind of ['sent', 'returned'] as const) expect(drop(kind)).toMatch(/^clients that are sent to these/)
  for (const kind of ['heard', 'beats'] as const) expect(drop(kind)).toMatch(/^nodes hear less of each other/)
  const way = (to: string) =>
    consequenceOf(
      { code: 'no-way', node: 'rs1', message: `the kernel of rs1 has no way to ${to}: rule 90 prohibits it` },
      NODES,
    )
  for (const who of ['192.0.2.7, a client of http', '192.0.2.7, 192.0.2.8, clients of http, https'])
    expect(way(who)).toMatch(/^what its servers answer to these clients is lost/)
  expect(way('10.11.0.11 (rs1)')).not.toMatch(/what its servers answer/)
  const then = (evidence: string) =>
    consequenceOf(
      { code: 'no-way', node: 'dir1', message: 'the kernel of dir1 has no way to 10.11.0.11 (rs1): x', evidence },
      NODES,
    )
  const would = 'ip route get 10.11.0.11: EHOSTUNREACH; as owner it would send clients of http to rs1 in vain'
  expect(then(would)).toMatch(/; after a takeover clients .* would get nothing$/)
  expect(then(`clients of mail that are sent to rs1 get nothing; ${would}`)).toBe(troubleKind('no-way')?.means)
  const harm = (message: string) => consequenceOf({ code: 'qdisc-harm', node: 'dir1', message }, NODES)
  expect(harm('interface inside of dir2 loses 45 % of what leaves by it: …')).toMatch(
    /are lost: nodes are taken for dead/,
  )
  expect(harm('interface inside of dir2 holds back for 50 ms what leaves by it: …')).toMatch(
    /are late; it may be meant/,
  )
})
