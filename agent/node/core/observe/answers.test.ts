/** A client to which a realserver's kernel has no way is named by that realserver, once an owner says that its connections do not get on there. */
import type { RoutingRule } from '@lvsm/base'
import { agreementDigests } from '@lvsm/model'
import { encodeMessage, type StateMessage, withoutEchoes } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, type TestNode } from '../fixture.ts'

const CLIENT = '10.11.0.100'
const MAIN: RoutingRule = {
  ...{ priority: 32_766, table: 254, closes: null, destination: null, prefix: 0, family: 'ipv4', some: false },
  ...{ source: null, sourcePrefix: 0 },
}
const route = { destination: CLIENT, prefix: 32, type: 'unreachable' as const, table: 254 }
const CLOSED = {
  none: [{ to: CLIENT, from: '10.11.0.10', code: 'EHOSTUNREACH' }],
  ...{ rules: [MAIN], routes: [route] },
}
const path = (clients: string, server = 'rs2', service = 'http') => ({
  ...{ code: 'path-dead', severity: 'critical' as const, object: `service ${service}` },
  message: `no new connection of service ${service} at ${server} (10.11.0.12:80) gets further than its first packet, though others do`,
  evidence: `${server}: 4 connections opened and not answered, of ${clients}; connections get on at rs1`,
})
function says(one: TestNode, from: string, troubles: StateMessage['troubles']): void {
  const text = encodeMessage({
    ...{ kind: 'state', boot: from, revision: 1, agreement: agreementDigests(one.config), state: 'standby' },
    ...{ reason: '', standby: false, ready: { web: '' }, pings: {}, events: [], troubles },
  })
  one.feed({ kind: 'message', from, text })
}
/** Its kernel has no way to the client; this is told by that node all the time. */
function server(troubles: StateMessage['troubles'], from = 'dir1', name = 'rs2'): TestNode {
  const one = node(name)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000)
  one.kern.unanswerable = CLOSED
  one.take('observe')
  tells(one, troubles, from)
  return one
}
function tells(one: TestNode, troubles: StateMessage['troubles'], from = 'dir1'): void {
  for (let count = 0; count < 4; count++) {
    says(one, from, troubles)
    goesOn(one, 1000)
  }
}
const asked = (one: TestNode) => one.take('observe').at(-1)?.answering
const said = (one: TestNode) =>
  one.core.status(one.now()).troubles.filter(({ code, node: by }) => code === 'no-way' && by === one.name)

test('what it answers there is asked for, from the VIP, and the route is named; the owner says no more beside it', () => {
  const rs2 = server([path(CLIENT)])
  expect(asked(rs2)).toEqual([{ to: CLIENT, from: '10.11.0.10', port: 80 }])
  expect(said(rs2)).toMatchObject([
    {
      ...{ severity: 'critical', object: `address ${CLIENT}` },
      message: `the kernel of rs2 has no way to ${CLIENT}, a client of http: route unreachable ${CLIENT} in table main says that nobody is there (unreachable)`,
      evidence: `answers of http to ${CLIENT} are lost; ip route get ${CLIENT} from 10.11.0.10: EHOSTUNREACH; ip route show table main: unreachable ${CLIENT}; dir1 sees their connections get no further than their first packet`,
      hint: `on rs2: ip route del unreachable ${CLIENT}, and take it from whatever makes it`,
    },
  ])
  expect(rs2.core.status(rs2.now()).troubles.map(({ code }) => code)).not.toContain('path-dead')
  tells(rs2, [])
  expect(asked(rs2)).toBeUndefined()
  expect(said(rs2)).toEqual([])
})
test('of NAT it is what leaves from its own address and port', () => {
  const rs3 = server([path(CLIENT, 'rs3')], 'dir1', 'rs3')
  expect(asked(rs3)).toEqual([{ to: CLIENT, from: '10.12.0.13', port: 8080 }])
})
test('words of others make it ask for little, and for nothing that is no address', () => {
  const many = Array.from({ length: 20 }, (_, at) => `10.99.0.${at + 1}`).join(', ')
  expect(asked(server([path(many)]))).toHaveLength(8)
  expect(asked(server([path(`x; ip route flush, ${CLIENT}`)]))).toBeUndefined()
  expect(asked(server([path('10.11.0.300, fd00::1, 10.11.0.1…')]))).toBeUndefined()
  expect(asked(server([path(CLIENT, 'rs1')])), 'of another one').toBeUndefined()
  expect(asked(server([path(CLIENT, 'rs2', 'gopher')])), 'of no service here').toBeUndefined()
  expect(asked(server([path(CLIENT)], 'rs1')), 'who directs nothing is not believed').toBeUndefined()
})
test('with nothing to blame it is told where no route leads there, and a rule by port is blamed on nobody', () => {
  const rs2 = server([path('192.0.2.7')])
  const none = [{ to: '192.0.2.7', from: '10.11.0.10', code: 'ENETUNREACH' }]
  rs2.kern.unanswerable = { none, rules: [MAIN], routes: [] }
  tells(rs2, [path('192.0.2.7')])
  expect(said(rs2), 'it may come back with its interface').toEqual([])
  tells(rs2, [path('192.0.2.7')])
  expect(said(rs2)).toMatchObject([
    { message: 'the kernel of rs2 has no way to 192.0.2.7, a client of http: no route leads there' },
  ])
  rs2.kern.unanswerable = { none, rules: [MAIN, { ...MAIN, closes: 'unreachable', some: true }], routes: [] }
  tells(rs2, [path('192.0.2.7')])
  expect(said(rs2)).toEqual([])
})
test('the owner goes on telling a path that has other clients, too, or another server or service', () => {
  const way = {
    ...{ code: 'no-way', severity: 'critical' as const, node: 'rs2', object: `address ${CLIENT}`, message: '' },
    evidence: `answers of http to ${CLIENT} are lost; ip route get ${CLIENT} from 10.11.0.10: EHOSTUNREACH`,
  }
  const of = (dead: ReturnType<typeof path>) => ({ ...dead, node: 'dir1' })
  expect(withoutEchoes([way, of(path(CLIENT))])).toEqual([way])
  const others = [of(path(`${CLIENT}, 10.11.0.101`)), of(path(CLIENT, 'rs1')), of(path(CLIENT, 'rs2', 'https'))]
  expect(withoutEchoes([way, ...others])).toEqual([way, ...others])
  const { evidence: _, ...unseen } = of(path(CLIENT))
  expect(withoutEchoes([way, unseen])).toHaveLength(2)
})
test('a rule of packets from the VIP is named, and one from another address is not', () => {
  const none = [{ to: CLIENT, from: '10.11.0.10', code: 'EACCES' }]
  const closing = (source: string): RoutingRule => ({
    ...{ ...MAIN, priority: 90, table: 0, closes: 'prohibit', source, sourcePrefix: 32 },
  })
  const rs2 = server([path(CLIENT)])
  rs2.kern.unanswerable = {
    none,
    rules: [closing('10.11.0.12'), { ...closing('10.11.0.10'), priority: 91 }, MAIN],
    routes: [],
  }
  tells(rs2, [path(CLIENT)])
  expect(said(rs2)).toMatchObject([
    { message: expect.stringMatching(/: rule 91 prohibits it$/), hint: expect.stringContaining('ip rule del pref 91') },
  ])
})
