/** A rule or a route that leads nowhere what goes to a realserver is one cause, and one trouble, with the command that mends it. */
import type { RoutingRule } from '@lvsm/base'
import { withoutEchoes, type LeaseStatus } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const MAIN: RoutingRule = {
  ...{ priority: 32_766, table: 254, closes: null, destination: null, prefix: 0, family: 'ipv4', some: false },
}
const RULE: RoutingRule = { ...MAIN, priority: 90, table: 0, closes: 'prohibit', destination: '10.11.0.11', prefix: 32 }
const ROUTE = { destination: '10.11.0.11', prefix: 32, type: 'blackhole' as const, table: 254 }
const closed = (code: string, ...to: string[]) => ({
  none: to.map((one) => ({ to: one, code })),
  rules: [MAIN, RULE],
  routes: [ROUTE],
})
const said = (one: TestNode) => one.core.status(one.now()).troubles.filter(({ node: by }) => by === one.name)
const codes = (one: TestNode): string[] => said(one).map(({ code }) => code)
const NOTHING = { none: [], rules: [], routes: [] }

function director(name: string, owner: string | null): TestNode {
  const one = node(name)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf(name, owner))
  return one
}

test('a rule on the owner: one trouble, which names it, what comes of it, and what takes it away', () => {
  const dir1 = director('dir1', 'dir1')
  expect(codes(dir1)).toEqual([])
  dir1.kern.wayless = closed('EACCES', '10.11.0.11')
  dir1.alive.delete('10.11.0.11')
  for (let count = 0; count < 30; count++) {
    const status: LeaseStatus = statusOf('dir1', 'dir1')
    goesOn(dir1, 1000, { ...status, counters: { 'send-EACCES': count * 5 } })
  }
  expect(said(dir1)).toMatchObject([
    {
      ...{ code: 'no-way', severity: 'critical', object: 'address 10.11.0.11' },
      message: 'the kernel of dir1 has no way to 10.11.0.11 (rs1): rule 90 prohibits it',
      evidence:
        'ip route get 10.11.0.11: EACCES, ip rule: 90: from all to 10.11.0.11 prohibit, heartbeats to rs1 over link outside are not sent, clients of http that are sent to rs1 get nothing',
      hint: 'on dir1: ip rule del pref 90, and take it from whatever makes it',
    },
  ])
})
test('a route, on a standby; it is told after it stood for a second, and over at once', () => {
  const dir2 = director('dir2', 'dir1')
  dir2.kern.wayless = closed('EINVAL', '10.11.0.11')
  goesOn(dir2, 1000, statusOf('dir2', 'dir1'))
  expect(codes(dir2), 'a script puts another one there').toEqual([])
  goesOn(dir2, 1500, statusOf('dir2', 'dir1'))
  const [one] = said(dir2)
  expect(one?.message).toBe(
    'the kernel of dir2 has no way to 10.11.0.11 (rs1): route blackhole 10.11.0.11 in table main throws it away (blackhole)',
  )
  expect(one?.evidence).toContain('as owner it would send clients of http to rs1 in vain')
  expect(one?.hint).toMatch(/^on dir2: ip route del blackhole 10\.11\.0\.11, and/)
  dir2.kern.wayless = NOTHING
  goesOn(dir2, 1500, statusOf('dir2', 'dir1'))
  expect(codes(dir2)).toEqual([])
})
test('of a realserver it is its heartbeats: a warning; and who does not hear it over all links is told with it', () => {
  const rs1 = director('rs1', 'dir1')
  const far = { ...RULE, destination: '10.11.0.0', prefix: 30 }
  rs1.kern.wayless = { ...closed('EACCES', '10.11.0.1', '10.11.0.2'), rules: [MAIN, far] }
  goesOn(rs1, 3000, statusOf('rs1', 'dir1'))
  expect(said(rs1)).toMatchObject([
    {
      ...{ code: 'link-no-way', severity: 'warning' },
      message: 'the kernel of rs1 has no way to 10.11.0.1 (dir1), 10.11.0.2 (dir2): rule 90 prohibits it',
    },
  ])
})
test('a network without a route: after a while, where its interface is up; one that is down says why', () => {
  const dir1 = director('dir1', 'dir1')
  dir1.kern.wayless = { none: [{ to: '10.11.0.11', code: 'ENETUNREACH' }], rules: [MAIN], routes: [] }
  goesOn(dir1, 4000, statusOf('dir1', 'dir1'))
  expect(codes(dir1)).toEqual([])
  goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
  expect(said(dir1)).toMatchObject([
    {
      message: 'the kernel of dir1 has no way to 10.11.0.11 (rs1): the route of the network of outside is gone',
      hint: expect.stringMatching(/^on dir1: ip route add 10\.11\.0\.0\/24 dev outside; /),
    },
  ])
  const at = dir1.kern.state.links.findIndex(({ name }) => name === 'outside')
  dir1.kern.state.links[at] = { ...dir1.kern.state.links[at]!, up: false }
  goesOn(dir1, 3000, statusOf('dir1', 'dir1'))
  expect(codes(dir1)).not.toContain('no-way')
})
test('what other nodes say that follows from it is left out, and nothing else', () => {
  const way = {
    ...{ code: 'no-way', severity: 'critical' as const, node: 'dir1', object: 'address 10.11.0.11' },
    message: 'the kernel of dir1 has no way to 10.11.0.11 (rs1): rule 90 prohibits it',
    evidence: 'ip route get 10.11.0.11: EACCES, heartbeats to rs1 over link outside are not sent',
  }
  const silent = (by: string, link: string, from = 'dir1') => ({
    ...{ code: 'link-silent', severity: 'warning' as const, node: by, object: `link ${link}` },
    message: `over the heartbeat link ${link} nothing comes from ${from} to ${by}, but over another one`,
  })
  const differ = (names: string) => ({
    ...{ code: 'verdicts-differ', severity: 'info' as const, node: 'dir2', object: 'service http' },
    message: `dir2 does not find ${names} of http failed, as dir1 does, which owns web`,
  })
  const others = [
    silent('rs2', 'outside'),
    silent('rs1', 'inside'),
    silent('rs1', 'outside', 'dir2'),
    differ('rs1, rs2'),
  ]
  expect(withoutEchoes([way, silent('rs1', 'outside'), differ('rs1'), ...others])).toEqual([way, ...others])
  expect(withoutEchoes([silent('rs1', 'outside'), differ('rs1')])).toHaveLength(2)
})
