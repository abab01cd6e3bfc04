/** Rules of others that drop, as nft writes them and this kernel has them: what the agent tells of them, and what of usual firewalls it does not. */
import { execFileSync } from 'node:child_process'
import { readStandingDropRules } from '@lvsm/kernel'
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import { afterEach, expect, test } from 'vitest'
import { dropsOf } from '../../agent/node/core/observe/drop-rules.ts'
import { filter, space } from './space.ts'

/** What closes a chain ends a line. */
const nft = (text: string): string =>
  execFileSync('ip', ['netns', 'exec', space, 'nft', '-f', '-'], {
    input: text.replaceAll('; }', ';\n}\n'),
    encoding: 'utf8',
  })
afterEach(() => nft('flush ruleset'))

const { config } = checkConfig(SAMPLE)
const VIP = '10.11.0.10'
function told(node: string, text: string): string[] {
  nft(text)
  const view = config && nodeView(config, node)
  if (!view) throw new Error(node)
  return dropsOf(readStandingDropRules(filter), {
    view,
    config,
    owned: new Set(['web']),
    used: new Set(['outside']),
    // The space has one interface.
    at: () => 'lo',
  }).map(({ severity, message }) => `${severity}: ${message}`)
}
const site = (...rules: string[]): string =>
  `table inet site { chain in { type filter hook input priority 0; ${rules.join('; ')}; } }`

test('one rule keeps every client from the owner', () => {
  expect(told('dir1', site(`ip daddr ${VIP} tcp dport 80 drop`))).toEqual([
    `critical: a rule of chain inet site in of dir1 drops what clients of http send: all that is to ${VIP} tcp port 80`,
  ])
})
test('a realserver refuses its port', () => {
  expect(told('rs1', site('tcp dport 80 counter reject with tcp reset'))).toEqual([
    'critical: a rule of chain inet site in of rs1 refuses what comes for the servers of http here: all that is tcp port 80',
  ])
})
test('of a network, whatever its length, in a table of one family and of both', () => {
  for (const network of ['10.12.0.0/24', '10.12.0.0/16', '10.0.0.0/8', '10.12.0.0/20', '10.12.0.0/29'])
    for (const family of ['inet', 'ip'])
      expect(
        told('rs3', `flush ruleset; ${site(`tcp dport 8080 ip saddr ${network} drop`).replace('inet', family)}`),
        `${family} ${network}`,
      ).toEqual([
        expect.stringMatching(
          `^critical: .* drops what comes for the servers of http here: all that is from ${network} \\(.*dir1.*\\) tcp port 8080$`,
        ),
      ])
  const opened = site('ip saddr 10.12.0.0/24 tcp dport 8080 accept', 'tcp dport 8080 drop')
  expect(told('rs3', `flush ruleset; ${opened}`), 'they are let in before it').toEqual([])
  expect(told('rs3', `flush ruleset; ${site('tcp dport 8080 ip saddr 192.0.2.0/24 drop')}`)).toEqual([])
})
test('in a chain that is jumped to, by a set and by a map; and it ends with the rule', () => {
  const jumped = `table ip site {
    set closed { type inet_service; elements = { 80, 8443 } }
    chain web { tcp dport @closed drop; }
    chain in { type filter hook input priority 0; ip daddr vmap { ${VIP} : jump web }; }
  }`
  expect(told('dir1', jumped)).toEqual([expect.stringContaining(`to ${VIP} tcp port 80`)])
  expect(told('dir1', 'flush chain ip site web')).toEqual([])
})
test('a chain behind IPVS sees nothing that is for a VIP, and one before it does', () => {
  const at = (priority: string) =>
    told(
      'dir1',
      `flush ruleset; table inet site { chain in { type filter hook input priority ${priority}; ip daddr ${VIP} tcp dport 80 drop; } }`,
    )
  expect(at('150')).toEqual([])
  expect(at('100')).toEqual([])
  expect(at('filter + 10')).toHaveLength(1)
})
test('a table that somebody switched off drops nothing, and none but lvsm’s own is not looked at', () => {
  const rules = `chain in { type filter hook input priority 0; ip daddr ${VIP} tcp dport 80 drop; }`
  expect(told('dir1', `table inet site { flags dormant; ${rules} }`)).toEqual([])
  expect(told('dir1', `flush ruleset; table inet lvsm-nat { ${rules} }`)).toEqual([])
})

test('at an interface, before all other chains, by the family netdev and by inet', () => {
  const end = 'all that is to 10.11.0.10 tcp port 80 by lo'
  const drops = (family: string): string =>
    `flush ruleset; table ${family} site { chain in { type filter hook ingress device "lo" priority 0; ip daddr ${VIP} tcp dport 80 drop; } }`
  for (const family of ['netdev', 'inet'])
    expect(told('dir1', drops(family))).toEqual([
      `critical: a rule of chain ${family} site in of dir1 drops what clients of http send: ${end}`,
    ])
  expect(told('dir1', drops('netdev').replaceAll('ingress', 'egress'))).toEqual([])
})

const published = (inside: string, rule: string): string =>
  `flush ruleset; table ip nat { chain DOCKER { iifname != "${inside}" ${rule}; }
    chain PREROUTING { type nat hook prerouting priority dstnat; fib daddr type local jump DOCKER; }
    chain OUTPUT { type nat hook output priority -100; ip daddr != 127.0.0.0/8 fib daddr type local jump DOCKER; } }`
test('a container that is published on the port of a VIP takes what its clients send', () => {
  expect(told('dir1', published('docker0', 'tcp dport 80 counter dnat to 172.17.0.2:80'))).toEqual([
    'critical: a rule of chain ip nat DOCKER of dir1 sends elsewhere what clients of http send: all that is to this machine tcp port 80 not by docker0 goes to 172.17.0.2 port 80',
  ])
  expect(told('dir1', published('docker0', 'ip daddr 10.11.0.1 tcp dport 80 dnat to 172.17.0.2:80'))).toEqual([])
  expect(told('dir1', published('docker0', 'tcp dport 8080 dnat to 172.17.0.2:80'))).toEqual([])
  expect(told('dir1', published('outside', 'tcp dport 80 dnat to 172.17.0.2:80')), 'not of clients').toEqual([])
  expect(told('rs1', published('docker0', 'tcp dport 80 redirect to :8080')), 'so it serves').toEqual([])
})

const closed = (...rules: string[]): string =>
  `flush ruleset; table inet filter { chain in { type filter hook input priority filter; policy drop; ${rules.join('; ')}; } }`
const STATEFUL = 'ct state established,related accept; iif lo accept; ip protocol icmp accept; tcp dport 22 accept'
test('a filter that lets in what it names, and nothing of ours: by its policy, and by its last rule', () => {
  expect(told('dir1', closed(STATEFUL))).toEqual([
    'critical: the policy of chain inet filter in of dir1 drops what clients of http send: nothing before it lets that in',
  ])
  expect(told('dir1', closed(STATEFUL, 'tcp dport 80 accept')), 'let in').toEqual([])
  expect(told('dir1', closed(STATEFUL, 'ip saddr 10.0.0.0/8 accept')), 'some are').toEqual([])
  expect(told('dir1', closed(STATEFUL, 'ip saddr 10.0.0.7 tcp dport 80 accept')), 'one is').toEqual([])
  expect(told('dir1', closed(STATEFUL, 'iifname "outside" accept')), 'some are').toEqual([])
  expect(told('rs1', closed(STATEFUL))).toEqual([
    'critical: the policy of chain inet filter in of rs1 drops what comes for the servers of http here: nothing before it lets that in',
  ])
  const last = (rule: string) => site(STATEFUL, rule).replace('table', 'flush ruleset; table')
  expect(told('dir1', last('reject with icmpx admin-prohibited'))).toEqual([
    'critical: a rule of chain inet site in of dir1 refuses what clients of http send: nothing before it lets that in',
  ])
  expect(told('dir1', last('iifname "wan" drop')), 'not all').toEqual([])
})
test('a filter without a rule drops all; one of what is forwarded, and one behind IPVS, nothing of ours', () => {
  const chain = (hook: string) =>
    `flush ruleset; table inet filter { chain in { type filter hook ${hook}; policy drop; } }`
  expect(told('dir1', chain('input priority filter'))).toEqual([
    'critical: the policy of chain inet filter in of dir1 drops what clients of http send; what realservers of http answer; heartbeats that come over link inside, outside: nothing before it lets that in',
  ])
  expect(told('dir1', chain('forward priority filter'))).toEqual([])
  expect(told('rs1', chain('output priority filter'))).toEqual([
    expect.stringContaining('heartbeats that leave over link inside, outside'),
  ])
})
test.each([
  [
    'what goes back is not dropped by a chain that is jumped to after it',
    'chain low { log prefix "no: "; drop; } chain mine { ct state established return; tcp dport 80 return; jump low; } chain in { type filter hook input priority 0; jump mine; }',
  ],
  ['another family', 'chain in { type filter hook input priority 0; meta nfproto ipv6 drop; }'],
  [
    'another family, in a chain of its own',
    'chain six { tcp dport 22 accept; drop; } chain in { type filter hook input priority 0; meta nfproto ipv6 jump six; }',
  ],
  [
    'another family, by what Ethernet says',
    'chain in { type filter hook prerouting priority 0; meta protocol ip6 drop; }',
  ],
  [
    'one port of another family',
    'chain in { type filter hook input priority 0; meta nfproto ipv6 tcp dport 80 reject; }',
  ],
  ['all interfaces but one', 'chain in { type filter hook input priority 0; iifname != "eth3" tcp dport 80 drop; }'],
])('nothing of ours is dropped: %s', (_, chains) => {
  for (const node of ['dir1', 'rs1']) expect(told(node, `flush ruleset; table inet site { ${chains} }`)).toEqual([])
})
test('nothing goes back by a chain from which a rule redirects after it', () => {
  const chains = `chain ports { tcp dport 80 dnat to 172.17.0.2:80; }
    chain in { type nat hook prerouting priority -100; ip daddr ${VIP} return; jump ports; }`
  expect(told('dir1', `flush ruleset; table ip site { ${chains} }`)).toEqual([])
})
test('of a filter of several ends only the first is told', () => {
  const all = closed(STATEFUL, 'counter drop')
  expect(told('dir1', all)).toEqual([expect.stringContaining('a rule of chain inet filter in of dir1 drops')])
})
test('what goes back from a chain that drops all the rest comes to the policy', () => {
  const text = `flush ruleset; table inet filter {
    chain ours { fib daddr type local return; drop; }
    chain in { type filter hook input priority 0; policy drop; tcp dport 22 accept; jump ours; } }`
  expect(told('dir1', text)).toEqual([
    expect.stringContaining('the policy of chain inet filter in of dir1 drops what clients'),
  ])
})
test('firewalld lets in what was translated: that is nothing for a VIP', () => {
  expect(told('dir1', closed(STATEFUL, 'ct status dnat accept'))).toHaveLength(1)
})
test('an end that names somebody says whom, and how to let in an answer', () => {
  nft(
    `flush ruleset; table inet site { chain in { type filter hook input priority 0; ip saddr 10.11.0.11 tcp sport 80 tcp dport 50000 accept; ip saddr 10.11.0.11 drop; } }`,
  )
  const view = config && nodeView(config, 'dir1')
  if (!view) throw new Error('dir1')
  const [one] = dropsOf(readStandingDropRules(filter), {
    view,
    config,
    owned: new Set(['web']),
    used: new Set(),
    at: () => undefined,
  })
  expect(one?.message).toMatch(/: all that is from 10\.11\.0\.11 \(rs1\)/)
})
test('who goes to another chain for good does not come to what stands behind', () => {
  const text = (end: string, more = '') =>
    `flush ruleset; table inet filter { chain web { ${more} }
     chain in { type filter hook input priority filter; policy accept; tcp dport 80 goto web; ${end}; } }`
  expect(told('dir1', text('drop'))).not.toContainEqual(expect.stringContaining('clients'))
  expect(told('dir1', text('drop', 'ip saddr 10.99.0.0/16 accept; drop;'))).not.toContainEqual(
    expect.stringContaining('clients'),
  )
})

const DEBIAN = `table inet filter {
  set admins { type ipv4_addr; flags interval; elements = { 10.99.0.0/16 } }
  chain input { type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname lo accept
    ip protocol icmp accept
    tcp dport 22 ip saddr @admins accept
    tcp dport 22 drop
    udp dport { 7400, 694, 5405 } accept
    ip daddr ${VIP} tcp dport { 80, 443 } accept
    ip daddr 10.12.0.13 tcp dport 8080 accept
    ip daddr 10.11.0.11 tcp dport 80 accept
    tcp flags & (fin | syn) == fin | syn drop
    tcp dport 80 ct state new limit rate over 400/second drop
    iifname "wan" tcp dport 80 drop
    ip daddr ${VIP} drop
    tcp dport 1-1023 drop
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain forward { type filter hook forward priority filter; policy drop; }
}`
const FAIL2BAN = `table inet f2b-table {
  set addr-set-sshd { type ipv4_addr; elements = { 203.0.113.7, 198.51.100.9 } }
  chain f2b-chain { type filter hook input priority filter - 1; policy accept;
    tcp dport 22 ip saddr @addr-set-sshd reject with icmp port-unreachable
    tcp dport { 80, 443 } ip saddr @addr-set-sshd drop
    ip saddr 203.0.113.99 drop
  }
}`
const DOCKER = `table ip filter {
  chain DOCKER { iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 accept; iifname != "docker0" oifname "docker0" drop; }
  chain DOCKER-USER { return; }
  chain DOCKER-ISOLATION-STAGE-2 { oifname "docker0" drop; return; }
  chain FORWARD { type filter hook forward priority filter; policy drop;
    jump DOCKER-USER
    iifname "docker0" oifname != "docker0" jump DOCKER-ISOLATION-STAGE-2
    oifname "docker0" jump DOCKER
  }
}
table ip raw { chain PREROUTING { type filter hook prerouting priority raw; ip daddr 172.17.0.2 iifname != "docker0" drop; } }`
const FIREWALLD = `table inet firewalld {
  chain filter_IN_public_deny { }
  chain filter_IN_public_allow { tcp dport 22 accept; tcp dport { 80, 8080 } accept; udp dport 7400 accept; ip daddr ${VIP} tcp dport 443 accept; }
  chain filter_IN_public { jump filter_IN_public_deny; jump filter_IN_public_allow; meta l4proto { icmp, ipv6-icmp } accept; }
  chain filter_INPUT_ZONES { iifname "outside" goto filter_IN_public; goto filter_IN_public; }
  chain filter_INPUT { type filter hook input priority filter + 10; policy accept;
    ct state { established, related } accept
    iifname lo accept
    jump filter_INPUT_ZONES
    ct state invalid drop
    reject with icmpx admin-prohibited
  }
  chain filter_OUTPUT { type filter hook output priority filter + 10; policy accept;
    ip6 daddr { ::/96, 2002::/24 } reject with icmpv6 addr-unreachable; }
}`
test.each([
  ['ranges', 'tcp dport 80 ip saddr { 10.0.0.0/8, 192.168.0.0/16 } accept'],
  ['a set of ranges beside ports', 'ip saddr { 10.0.0.0/8 } tcp dport { 80, 443 } accept'],
  ['several things in one', 'ip saddr . tcp dport { 10.0.0.1 . 80 } accept'],
  ['ranges of several things', 'ip saddr . tcp dport { 10.0.0.0/8 . 80-90 } accept'],
  ['a map', 'tcp dport 80 ip saddr vmap { 10.0.0.0/8 : accept }'],
  ['an interface', 'iifname "inside" accept'],
  ['a network', 'ip saddr 10.0.0.0/8 accept'],
  ['a part of a network', 'ip saddr 10.0.0.0/9 accept'],
  ['a mark', 'ct mark 1 accept'],
])('an allow-list is no trouble, nor what drops the rest: %s', (_, allowed) => {
  expect(told('dir1', site(allowed, 'tcp dport 80 drop'))).toEqual([])
})
test.each([
  ['established ones', 'ct state established,related accept'],
  ['established ones, by a set', 'ct state { established, related } accept'],
  ['by a map', 'ct state vmap { established : accept, related : accept }'],
  ['lo', 'iif lo accept; iifname lo accept'],
  ['pings', 'ip protocol icmp accept; icmp type echo-request accept'],
])('what lets no client in hides nothing: %s', (_, allowed) => {
  const web = `ip daddr ${VIP} tcp dport 80 log prefix "web: " drop`
  expect(told('dir1', site(allowed, web))).toHaveLength(1)
})
test.each([
  ['Debian', DEBIAN],
  ['fail2ban', FAIL2BAN],
  ['docker', DOCKER],
  ['firewalld', FIREWALLD],
])('nothing is told of a usual firewall: %s', (_, text) => {
  for (const node of ['dir1', 'dir2', 'rs1', 'rs3']) expect(told(node, `flush ruleset; ${text}`)).toEqual([])
})
