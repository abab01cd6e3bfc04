import type { DropRule } from '@lvsm/base'
import { checkConfig, type Config, nodeView, SAMPLE } from '@lvsm/model'
import { consequenceOf, dropsClientsOf, dropsServerOf, dropsSomeOf } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { sameOf } from '../history/same.ts'
import { dropsOf } from './drop-rules.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const CONFIG = configOf(SAMPLE)
const [INPUT, FORWARD, OUTPUT] = [1, 2, 3]
const VIP = '10.11.0.10'
const rule = (more: Partial<DropRule>): DropRule => ({
  ...{ family: 'inet', table: 'site', chain: 'in', hook: INPUT, handle: 4, more: false, packets: null },
  ...more,
})
/** All that comes from them. */
const directors = (): DropRule['accepts'] =>
  CONFIG.nodes.flatMap(({ name, links }) =>
    links.map(({ address }) =>
      name.startsWith('dir') ? { source: address, more: false } : { protocol: 17, more: false },
    ),
  )
const TO_VIP = rule({ destination: VIP, protocol: 6, port: 80 })
function said(node: string, rules: readonly DropRule[], owned: readonly string[] = ['web']) {
  const view = nodeView(CONFIG, node)
  if (!view) throw new Error(node)
  return dropsOf(rules, {
    view,
    config: CONFIG,
    owned: new Set(owned),
    used: new Set(['outside', 'inside']),
    at: (address) => (address.startsWith('10.11.') ? 'outside' : 'inside'),
  })
}

test('of the owner: its clients get nothing; of the standby: they would get nothing', () => {
  const [one] = said('dir1', [TO_VIP])
  expect(one).toEqual({
    ...{ code: 'drop-rule', severity: 'critical', object: 'chain inet site in handle 4' },
    message:
      'a rule of chain inet site in of dir1 drops what clients of http send: all that is to 10.11.0.10 tcp port 80',
    evidence: 'nft -a list chain inet site in: handle 4; nobody counts what it dropped',
    hint: 'on dir1: nft delete rule inet site in handle 4, and take it from whatever makes it',
  })
  expect(dropsClientsOf(one!, 'http')).toBe(true)
  expect(dropsClientsOf(one!, 'htt')).toBe(false)
  expect(said('dir2', [TO_VIP], [])).toMatchObject([{ severity: 'warning' }])
})
test('of a network: whoever of the cluster is in it; of another one nobody is kept out', () => {
  const from = (source: string): DropRule => rule({ source, protocol: 6, port: 80 })
  const [one, ...more] = said('rs1', [from('10.11.0.0/24'), from('192.0.2.0/24')])
  expect(more).toEqual([])
  expect(one?.message).toMatch(
    /^a rule of chain inet site in of rs1 drops what comes for the servers of http here: all that is from 10\.11\.0\.0\/24 \(dir1 dir2 .*\) tcp port 80$/,
  )
  for (const [name, isKept] of [
    ['dir1', true],
    ['rs9', false],
  ] as const)
    expect(dropsServerOf(one!, 'http', name)).toBe(isKept)
  expect(said('dir1', [rule({ destination: '10.11.0.0/20', protocol: 6, port: 80 })])).toHaveLength(1)
  expect(said('dir1', [rule({ destination: '10.12.0.0/16', protocol: 6, port: 80 })])).toEqual([])
})
test('by its port alone, or by its address alone, all the same', () => {
  expect(said('dir1', [rule({ protocol: 6, port: 80 })])).toHaveLength(1)
  expect(said('dir1', [rule({ destination: VIP })])).toHaveLength(1)
})
test('a rule is one trouble for as long as it stands, whatever else it drops by and by; another of its chain is another', () => {
  const of = (more: Partial<DropRule>): string[] => said('dir1', [rule(more)]).map(sameOf)
  expect(of({ destination: VIP, protocol: 6, port: 80 })).toEqual(of({ destination: VIP }))
  expect(of({ destination: VIP })).not.toEqual(of({ destination: VIP, handle: 5 }))
})
test('a rule that sends elsewhere what is for a VIP of this machine: of clients alone, at the hooks where that is so, by an interface of ours or none', () => {
  const [PREROUTING] = [0]
  const takes = (more: Partial<DropRule>): DropRule =>
    rule({ hook: PREROUTING, takes: true, local: true, notBy: 'docker0', protocol: 6, port: 80, ...more })
  const [one] = said('dir1', [takes({})])
  expect(one).toMatchObject({
    severity: 'critical',
    message:
      'a rule of chain inet site in of dir1 sends elsewhere what clients of http send: all that is to this machine tcp port 80 not by docker0',
    evidence: 'nft -a list chain inet site in: handle 4; nobody counts what it took',
    hint: 'on dir1: whoever publishes that port here (docker ps, kubectl get services) is given another one, or an own address of this machine; or: nft delete rule inet site in handle 4, and take it from whatever makes it',
  })
  expect(dropsClientsOf(one!, 'http')).toBe(true)
  expect(said('dir1', [takes({ notBy: 'outside' })])).toEqual([])
  expect(said('dir1', [takes({ hook: OUTPUT })])).toEqual([])
  expect(said('rs1', [takes({})], [])).toEqual([])
})
test('where it sends is named; back to the VIP itself is nowhere else', () => {
  const takes = (to: DropRule['to']): string[] =>
    said('dir1', [rule({ hook: 0, takes: true, ...TO, ...(to ? { to } : {}) })]).map(({ message }) => message)
  const TO = { destination: VIP, protocol: 6, port: 80 }
  const all = 'sends elsewhere what clients of http send: all that is to 10.11.0.10 tcp port 80'
  expect(takes(undefined)).toEqual([expect.stringMatching(new RegExp(`${all}$`))])
  expect(takes({ address: '172.17.0.2', port: 8080 })).toEqual([
    expect.stringMatching(new RegExp(`${all} goes to 172.17.0.2 port 8080$`)),
  ])
  expect(takes({ port: 8080, self: true })).toEqual([expect.stringMatching(/ goes to this machine itself port 8080$/)])
  expect(takes({ address: VIP, port: 8080 })).toHaveLength(1)
  expect(takes({ address: VIP, port: 80 })).toEqual([])
  expect(takes({ address: VIP })).toEqual([])
})
test('what is let in before a rule hides it where it may be of the same: another address, or directors alone, are not', () => {
  const behind = (node: string, lets: DropRule['lets']): string[] =>
    said(node, [rule({ protocol: 6, port: 80, behind: true, ...(lets ? { lets } : {}) })], ['web']).map(
      ({ message, hint, evidence }) => `${message} | ${evidence} | ${hint}`,
    )
  const web = { protocol: 6, port: 80, more: false } as const
  expect(behind('dir1', undefined), 'nobody knows what').toEqual([])
  expect(behind('dir1', [{ ...web, source: '203.0.113.7' }]), 'a list of who may').toEqual([])
  expect(behind('dir1', [{ ...web, destination: VIP }]), 'the VIP').toEqual([])
  expect(behind('dir1', [{ ...web, destination: '10.11.0.99' }])).toEqual([
    'a rule of chain inet site in of dir1 drops what clients of http send: all that is tcp port 80, but what is let in before it' +
      ' | nft -a list chain inet site in: handle 4; nobody counts what it dropped; let in before it: to 10.11.0.99 tcp port 80' +
      ' | on dir1: nft insert rule inet site in ip daddr 10.11.0.10 tcp dport 80 accept; or: nft delete rule inet site in handle 4, and take it from whatever makes it',
  ])
  const director = CONFIG.nodes.find(({ name }) => name === 'dir1')!.links[0]!.address
  expect(behind('rs1', [{ ...web, source: director }])).toEqual([
    expect.stringMatching(/ drops requests for the servers of http here: all that is tcp port 80, but .* \(dir1\)/),
  ])
})
test('at an interface: of what comes in there', () => {
  const by = (name: string) => said('dir1', [rule({ ...TO_VIP, family: 'netdev', hook: 0, by: name })])
  expect(by('outside')).toMatchObject([
    {
      message: expect.stringMatching(
        / what clients of http send: all that is to 10\.11\.0\.10 tcp port 80 by outside$/,
      ),
    },
  ])
  expect(by('inside')).toEqual([])
})
test('of what is forwarded realservers answer through a director by NAT alone', () => {
  const back = (address: string) => said('dir1', [rule({ hook: FORWARD, source: address, protocol: 6 })])
  const [dr, nat] = ['dr', 'nat'].map((method) =>
    CONFIG.services.flatMap(({ realservers }) => realservers).find(({ forward }) => forward === method),
  )
  expect(back(dr!.address)).toEqual([])
  expect(back(nat!.address)).toMatchObject([{ message: expect.stringContaining(' what realservers of ') }])
})
test('what drops all the rest: where nothing before it may let in what is needed', () => {
  const end = (accepts: DropRule['accepts'], more: Partial<DropRule> = {}): DropRule =>
    rule({ handle: 0, policy: true, behind: true, accepts: accepts ?? [], ...more })
  const LATE = { more: true, late: true } as const
  const [one] = said('dir1', [end([LATE, { protocol: 6, port: 22, more: false }])])
  expect(one).toEqual({
    ...{ code: 'drop-rule', severity: 'critical', object: 'chain inet site in policy' },
    message: 'the policy of chain inet site in of dir1 drops what clients of http send: nothing before it lets that in',
    evidence: 'nft -a list chain inet site in: policy drop',
    hint: 'on dir1: nft insert rule inet site in ip daddr 10.11.0.10 tcp dport 80 accept, and the same where the rules are made (ufw allow, firewall-cmd --permanent --add-port)',
  })
  expect(dropsClientsOf(one!, 'http')).toBe(true)
  expect(said('dir1', [end([LATE, { more: true }])]), 'perhaps').toEqual([])
  expect(said('dir1', [end([LATE, { protocol: 6, port: 80, source: '10.0.0.7', more: false }])]), 'one').toEqual([])
  expect(said('dir1', [end([], { afterIpvs: true })]).join()).not.toContain('clients')
  expect(said('dir1', [end([], { hook: FORWARD })])).toEqual([])
  expect(said('dir1', [rule({ handle: 7, behind: true, accepts: [LATE], refuses: true })])).toMatchObject([
    {
      object: 'chain inet site in handle 7',
      message: expect.stringContaining('a rule of chain inet site in of dir1 refuses'),
    },
  ])
})
test('a realserver that refuses what comes for its server', () => {
  const [one] = said('rs1', [rule({ protocol: 6, port: 80, refuses: true })], [])
  expect(one).toMatchObject({
    severity: 'critical',
    message:
      'a rule of chain inet site in of rs1 refuses what comes for the servers of http here: all that is tcp port 80',
  })
  expect(dropsServerOf(one!, 'http', 'dir1')).toBe(true)
  expect(dropsClientsOf(one!, 'http')).toBe(false)
  expect(said('rs1', [rule({ hook: OUTPUT, protocol: 6, sourcePort: 80 })], [])).toMatchObject([
    { message: expect.stringContaining('drops what the servers of http here answer: all that is tcp from port 80') },
  ])
})
test('a realserver that keeps out clients, who come for the VIP, and lets in checks, which ask its own address', () => {
  const [one] = said('rs1', [TO_VIP], [])
  expect(one).toMatchObject({
    severity: 'critical',
    message:
      'a rule of chain inet site in of rs1 drops requests for the servers of http here: all that is to 10.11.0.10 tcp port 80',
  })
  expect(consequenceOf({ ...one!, node: 'rs1' }, [])).toMatch(/clients that are sent .* its check, .*, is well/)
  expect(dropsServerOf(one!, 'http', 'dir1')).toBe(false)
  expect(said('rs1', [rule({ hook: OUTPUT, source: VIP })], [])).toMatchObject([
    { message: expect.stringContaining('drops replies of the servers of http here: all that is from 10.11.0.10') },
  ])
  // Who answers through the director gets both at one address.
  expect(said('rs3', [rule({ protocol: 6, port: 8080 })], []).map(({ message }) => message)).toEqual([
    expect.stringContaining('drops what comes for the servers of http here'),
  ])
})
test('a realserver whose filter lets in its directors alone keeps out clients', () => {
  const end = rule({ handle: 0, policy: true, behind: true, accepts: directors() ?? [] })
  expect(said('rs1', [end], []).map(({ message }) => message)).toEqual([
    expect.stringMatching(/drops requests for the servers of http here: nothing before it lets that in$/),
  ])
})
test('of a realserver it is as far behind IPVS as before it', () => {
  expect(said('rs1', [rule({ protocol: 6, port: 80, afterIpvs: true })], [])).toHaveLength(1)
})
test('heartbeats of a link, by port and by who sends them', () => {
  const [link] = CONFIG.nodes.find(({ name }) => name === 'dir1')!.links
  const by = (more: Partial<DropRule>) => said('dir2', [rule(more)], []).map(({ message }) => message)
  expect(by({ protocol: 17, port: link!.port })).toEqual([
    expect.stringMatching(/drops heartbeats that come over link /),
  ])
  expect(by({ source: link!.address })).toEqual([
    expect.stringContaining(`heartbeats that come over link ${link!.name}: all that is from ${link!.address} (dir1)`),
  ])
  expect(by({ hook: OUTPUT, destination: link!.address })).toEqual([expect.stringContaining('heartbeats that leave')])
})
test('whose an address is stands beside it: of a realserver, and of a link', () => {
  const [server] = CONFIG.services.find(({ name }) => name === 'http')!.realservers
  const by = said('dir1', [rule({ hook: OUTPUT, destination: server!.address, protocol: 6 })])
  expect(by).toMatchObject([
    { message: expect.stringMatching(`: all that is to ${server!.address} \\(${server!.node}\\) tcp$`) },
  ])
})
test('a network that is kept out, and in which the VIP stands: part of its clients, as long as the group is here', () => {
  const from = (source: string): DropRule => rule({ source, protocol: 6, port: 80 })
  const [one, ...more] = said('dir1', [from('10.11.0.0/24')])
  expect(more).toEqual([])
  expect(one).toMatchObject({
    severity: 'critical',
    message: expect.stringMatching(
      /^a rule of chain inet site in of dir1 drops part of what clients of http send: all that is from 10\.11\.0\.0\/24 .*tcp port 80$/,
    ),
  })
  expect(dropsSomeOf(one!, 'http')).toBe(true)
  expect(dropsSomeOf(one!, 'htt')).toBe(false)
  expect(dropsClientsOf(one!, 'http'), 'others get through').toBe(false)
  expect(said('dir1', [from('192.0.2.0/24'), from('10.12.0.0/24')]), 'whoever else is kept out is meant').toEqual([])
  expect(said('dir2', [from('10.11.0.0/24')], [])).toMatchObject([{ severity: 'warning' }])
})
test('one rule with a set is one trouble, with the set that has it', () => {
  const found = said('dir1', [
    { ...TO_VIP, set: 'closed' },
    { ...rule({ destination: VIP, protocol: 6, port: 443 }), set: 'closed' },
  ])
  expect(found).toHaveLength(1)
  expect(found[0]?.hint).toContain("nft delete element inet site closed '{ … }'")
})

test.each<[string, Partial<DropRule>]>([
  ['the end of a filter', {}],
  ['the end of a filter for one protocol', { protocol: 6, refuses: true }],
  ['more is asked for: an interface, a state, a rate', { ...TO_VIP, more: true }],
  ['behind what accepts the same', { ...TO_VIP, behind: true }],
  ['a chain behind IPVS', { ...TO_VIP, afterIpvs: true }],
  ['a chain that no hook reaches', { ...TO_VIP, hook: null }],
  ['somebody who is kept out (fail2ban)', { source: '203.0.113.7' }],
  ['somebody who is kept out of the service', { ...TO_VIP, source: '203.0.113.7' }],
  ['an address of others (docker)', { destination: '172.17.0.2', protocol: 6, port: 80 }],
  ['another port', { protocol: 6, port: 3306 }],
  ['another protocol of its port', { destination: VIP, protocol: 17, port: 80 }],
  ['another port of the VIP', { destination: VIP, protocol: 6, port: 22 }],
  ['what is forwarded for others', { ...TO_VIP, hook: FORWARD }],
  ['of another family of addresses', { family: 'ip6', protocol: 6, port: 80 }],
])('nothing is told of what is usual: %s', (_, more) => {
  expect(said('dir1', [rule(more)])).toEqual([])
})
test('thousands who are kept out cost next to nothing, and many rules are told in part', () => {
  const strangers = Array.from({ length: 5000 }, (_, at) =>
    rule({ handle: at, source: `198.51.${at >> 8}.${at & 255}` }),
  )
  expect(said('dir1', strangers)).toEqual([])
  expect(
    said(
      'dir1',
      Array.from({ length: 30 }, (_, handle) => ({ ...TO_VIP, handle })),
    ),
  ).toHaveLength(8)
})
