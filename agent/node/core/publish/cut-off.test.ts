/** A node that hears nobody: since when that is known, and what of its own links is why. */
import type { Trouble } from '@lvsm/base'
import { nodeView } from '@lvsm/model'
import type { LeaseStatus } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'
import type { NodeState } from '../state.ts'
import { withCutOff } from './cut-off.ts'
import { onePerCause } from './one-cause.ts'

const cutOff = (one: TestNode) => one.core.status(one.now()).troubles.filter(({ code }) => code === 'cut-off')
const alone = (name: string, life: 'dead' | 'unknown'): LeaseStatus => {
  const status = statusOf(name, null, 0)
  return { ...status, quorum: false, peers: status.peers.map((peer) => ({ ...peer, life, silentMs: 9000 })) }
}

test('a lease process that has just started has heard nobody yet, however long the agent runs', () => {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  goesOn(one, 20_000, statusOf('dir1', 'dir1'))
  one.feed({ kind: 'lease-down', reason: 'it ended' })
  one.run(1000)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 2000, alone('dir1', 'unknown'))
  expect(cutOff(one)).toEqual([])
  goesOn(one, 14_000, alone('dir1', 'unknown'))
  expect(cutOff(one)).toHaveLength(1)
})

const { config } = node('dir2')
const stateOf = (name: string) =>
  ({
    ...{ node: name, config, view: nodeView(config, name), now: 100_000 },
    lease: { connected: true, heardAt: 100_000, upAt: 0, status: alone(name, 'dead') },
    ...{ vitals: { links: new Map() }, kernel: { observed: null } },
  }) as unknown as NodeState
const said = (code: string, message: string, object = ''): Trouble => ({
  ...{ code, severity: 'warning', message, hint: `mend ${code}` },
  ...(object === '' ? {} : { object }),
})
const down = (link: string): Trouble =>
  said('interface-down', `interface ${link} is down, needed for heartbeat link ${link}`)
const rule = (link: string, all: string): Trouble =>
  said(
    'drop-rule',
    `a rule of chain inet f in of dir2 drops heartbeats that come over link ${link}: all that is ${all}`,
  )
const NOBODY = 'dir2 hears no other node over any link: it is cut off, or all others are down'
const cut = (...causes: Trouble[]): Trouble[] => [...withCutOff(stateOf('dir2'), causes)]

test('its own links are why where all of them are out, for everybody', () => {
  expect(stateOf('dir2').view?.node.links.map(({ name }) => name)).toEqual(['inside', 'outside'])
  const unheard = rule('inside', 'udp port 6940')
  for (const causes of [
    [down('inside'), down('outside')],
    [down('outside'), unheard],
    [down('outside'), said('link-address-gone', 'address 10.12.0.2 of heartbeat link inside is not on any interface')],
    [down('outside'), said('link-down', 'link inside (10.12.0.2): cannot listen')],
  ])
    expect(cut(...causes)[0]?.message).toMatch(/^dir2 is cut off and hears no other node: interface \w+ is down/)
})
test('what keeps its links from it is told by that alone, also where addresses of groups need them', () => {
  const gone = said(
    'link-address-gone',
    'address 10.12.0.2 of heartbeat link inside is not on any interface of dir2: no interface is for vip',
  )
  const critical = [
    { ...gone, severity: 'critical' as const },
    { ...down('outside'), severity: 'critical' as const },
  ]
  const [first, ...others] = cut(...critical, said('no-ipvs', 'this kernel has no IPVS'))
  expect(others.map(({ code }) => code)).toEqual(['no-ipvs'])
  for (const { message } of critical) expect(first?.message).toContain(message)
})
test('a rule that drops heartbeats that come in, and nothing else, is told by that alone', () => {
  const alone = rule('inside, outside', 'udp port 6940')
  expect(cut(alone).map(({ code }) => code)).toEqual(['cut-off'])
  const more = { ...alone, message: alone.message.replace(': all', '; what clients of http send: all') }
  expect(cut(more).map(({ code }) => code)).toEqual(['cut-off', 'drop-rule'])
  const sent = {
    ...alone,
    message: alone.message.replace(': all', '; heartbeats that leave over link inside, outside: all'),
  }
  expect(cut(sent).map(({ code }) => code)).toEqual(['cut-off', 'drop-rule'])
  for (const [one] of [cut(alone), cut(more), cut(sent)])
    expect(one?.message).toContain('cut off and hears no other node: a rule')
})
test('what is of one link, or of one node, is not why nobody is heard: the others may be down', () => {
  for (const causes of [
    [down('outside')],
    [rule('outside', 'from 10.11.0.12 (rs2)'), rule('inside', 'from 10.12.0.12 (rs2)')],
    [down('outside'), rule('inside', 'from 10.12.0.1 (dir1) udp')],
  ]) {
    const [first, ...others] = cut(...causes)
    expect(first?.message).toBe(NOBODY)
    expect(first?.hint).toContain('mend ')
    // They are of themselves still.
    expect(others).toEqual(causes)
  }
})

test('of a director whose packet filter keeps one realserver from its checks, what it finds of others is told', () => {
  const filter = (servers: string): Trouble =>
    said(
      'drop-rule',
      `a rule of chain inet f out of dir2 drops what goes to realservers of http: all that is ${servers}`,
    )
  const differ = (names: string): Trouble =>
    said('verdicts-differ', `dir2 finds ${names} of http failed, and dir1, which owns web, does not`, 'service http')
  const none = said('standby-finds-none', 'dir2 finds no realserver of http well', 'service http')
  const codes = (...all: Trouble[]) =>
    onePerCause(stateOf('dir2'), all).flatMap(({ code }) => (code === 'cut-off' ? [] : [code]))
  const one = filter('to 10.11.0.11 (rs1) tcp port 80')
  expect(codes(one, differ('rs1'))).toEqual(['drop-rule'])
  expect(codes(one, differ('rs2'))).toEqual(['drop-rule', 'verdicts-differ'])
  expect(codes(one, differ('rs1, rs2'))).toEqual(['drop-rule', 'verdicts-differ'])
  expect(codes(one, none)).toEqual(['drop-rule', 'standby-finds-none'])
  expect(codes(filter('tcp port 80'), differ('rs1, rs2'), none)).toEqual(['drop-rule'])
})
