/** A rule or a route that leads nowhere what goes to a realserver is one cause, and one trouble, with the command that mends it. */
import type { RoutingRule, SourcedWay } from '@lvsm/base'
import { agreementDigests } from '@lvsm/model'
import { encodeMessage, type LeaseStatus, withoutEchoes } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const MAIN: RoutingRule = {
  ...{ priority: 32_766, table: 254, closes: null, destination: null, prefix: 0, family: 'ipv4', some: false },
  ...{ source: null, sourcePrefix: 0 },
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

const SOURCED = { ...MAIN, priority: 98, table: 77, source: '10.11.0.11', sourcePrefix: 32 }
const aside = (to: string, more: Partial<SourcedWay> = {}): SourcedWay => ({
  ...{ to, from: '10.11.0.11', gateway: '10.11.0.99', index: 2, isLocal: false },
  ...{ table: 77, destination: '0.0.0.0', prefix: 0, ...more },
})
/** In these nodes' own words. */
function deaf(one: TestNode, ...names: string[]): void {
  const said = {
    ...{ kind: 'state' as const, revision: 1, agreement: agreementDigests(one.config), state: 'standby' as const },
    ...{ reason: '', standby: false, ready: { web: '' }, pings: {}, troubles: [], events: [] },
  }
  for (let second = 0; second < 8; second++) {
    for (const from of ['dir1', 'dir2']) {
      const unheard = names.includes(from) ? [one.name] : []
      one.feed({ kind: 'message', from, text: encodeMessage({ ...said, boot: from, unheard }) })
    }
    goesOn(one, 1000, statusOf(one.name, 'dir1'))
  }
}

test('what leaves from its own address goes to a gateway in place of the wire: told where peers say that nothing arrives', () => {
  const rs1 = director('rs1', 'dir1')
  const ways = [1, 2].map((end) => aside(`10.11.0.${end}`))
  const others = ways.map(({ to, ...way }) => ({ ...way, to: to.replace('.11.', '.12.'), from: '10.12.0.11' }))
  const inside = { ...SOURCED, priority: 99, source: '10.12.0.11' }
  rs1.kern.wayless = { none: [], rules: [MAIN, SOURCED, inside], routes: [], ways: [...ways, ...others] }
  deaf(rs1)
  expect(codes(rs1), 'a gateway may hand it on').toEqual([])
  deaf(rs1, 'dir1', 'dir2')
  const by = 'rule 98 (from 10.11.0.11 lookup 77) sends it to gateway 10.11.0.99, and nothing arrives'
  expect(said(rs1)).toMatchObject([
    {
      ...{ code: 'link-no-way', severity: 'critical', object: 'address 10.11.0.1' },
      message: `the kernel of rs1 has no way to 10.11.0.1 (dir1), 10.11.0.2 (dir2): ${by}; no other voter or director hears rs1`,
      evidence: expect.stringMatching(
        /^ip route get 10\.11\.0\.1 from 10\.11\.0\.11: default via 10\.11\.0\.99 in table 77; ip rule: 98: from 10\.11\.0\.11 lookup 77, heartbeats to dir1 over link outside go there, too, /,
      ),
      hint: 'on rs1: ip rule del pref 98, and take it from whatever makes it',
    },
    { code: 'link-no-way', object: 'address 10.12.0.1', hint: expect.stringContaining('ip rule del pref 99') },
  ])
  deaf(rs1, 'dir2')
  expect(said(rs1)[0], 'of who hears it nothing is said').toMatchObject({
    severity: 'warning',
    message: `the kernel of rs1 has no way to 10.11.0.2 (dir2): ${by}`,
  })
})
test('a route by the wrong interface, and to this machine itself; one of another network is no concern', () => {
  const rs1 = director('rs1', 'dir1')
  const straight = { gateway: null, table: 254, destination: '10.11.0.1', prefix: 32 }
  const says = (more: Partial<SourcedWay>): string | undefined => {
    rs1.kern.wayless = { none: [], rules: [MAIN], routes: [], ways: [aside('10.11.0.1', { ...straight, ...more })] }
    deaf(rs1, 'dir1')
    return said(rs1).find(({ code }) => code === 'link-no-way')?.message
  }
  const outside = rs1.kern.state.links.find(({ name }) => name === 'outside')?.index ?? 0
  expect(says({ index: outside }), 'it goes straight there').toBeUndefined()
  expect(codes(rs1)).toEqual(['one-way'])
  expect(says({ index: outside + 1 })).toContain('route 10.11.0.1 in table main sends it to another interface, and')
  expect(says({ isLocal: true, table: 255 })).toContain('route 10.11.0.1 in table local keeps it on this machine, and')
  expect(says({ from: '10.12.0.11', gateway: '10.12.0.9' }), 'another network').toBeUndefined()
})
test('a rule of this source that prohibits is named; what has no way from anywhere is told once', () => {
  const rs1 = director('rs1', 'dir1')
  const from = '10.11.0.11'
  const closing = { ...SOURCED, table: 0, closes: 'prohibit' as const }
  rs1.kern.wayless = { none: [{ to: '10.11.0.1', from, code: 'EACCES' }], rules: [MAIN, closing], routes: [], ways: [] }
  goesOn(rs1, 3000, statusOf('rs1', 'dir1'))
  const [one] = said(rs1)
  expect(one?.message).toBe('the kernel of rs1 has no way to 10.11.0.1 (dir1): rule 98 prohibits it')
  expect(one?.evidence).toContain(
    'ip route get 10.11.0.1 from 10.11.0.11: EACCES, ip rule: 98: from 10.11.0.11 prohibit',
  )
  const both = [{ to: '10.11.0.1', code: 'EACCES' }, ...rs1.kern.wayless.none]
  rs1.kern.wayless = { none: both, rules: [MAIN, { ...closing, source: null, sourcePrefix: 0 }], routes: [], ways: [] }
  goesOn(rs1, 3000, statusOf('rs1', 'dir1'))
  expect(said(rs1)).toHaveLength(1)
})
