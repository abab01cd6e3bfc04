/** Traps of addresses, ARP and routes, each on both sides: a machine that has stepped into it, and the nearest one that has not. */
import { address, destination, director, ipvs, link, plain, realserver, service, tunnelled } from './facts.ts'
import { answering, sysctl, eth0, all, vs, way, gateway, route, line, v6, type Trap } from './parts.ts'

/** The director hands over on eth1, and clients are behind eth0. */
const TWO = {
  links: [link('lo'), link('eth0'), link('eth1')],
  addresses: [address('eth0', '10.9.0.11/24'), address('eth1', '10.11.0.11/24'), address('lo', '10.11.0.50/32')],
}

export const ADDRESS_TRAPS: readonly Trap[] = [
  {
    ...{ check: 'arp', what: 'answers', severity: 'critical', says: /answers by ARP for 10\.11\.0\.50 on eth0/ },
    trapped: realserver(all('arp_ignore', '0')),
    clean: realserver({ sysctls: { 'net/ipv4/conf/all/arp_ignore': '0', 'net/ipv4/conf/eth0/arp_ignore': '1' } }),
    fixes: ['net.ipv4.conf.all.arp_ignore: 0 → 1'],
  },
  {
    ...{ check: 'arp', what: 'announces', says: /names itself in its questions/ },
    trapped: realserver(all('arp_announce', '1')),
    clean: realserver(),
    fixes: ['net.ipv4.conf.all.arp_announce: 1 → 2'],
  },
  {
    ...{
      check: 'arp',
      what: 'of a local route',
      severity: 'critical',
      says: /answers by ARP for 10\.11\.0\.50 on eth0/,
    },
    trapped: plain({
      localRoutes: [{ interface: 'lo', address: '10.11.0.50' }],
      sysctls: { 'net/ipv4/conf/all/arp_ignore': '0', 'net/ipv4/conf/all/arp_announce': '2' },
    }),
    clean: plain({
      localRoutes: [{ interface: 'lo', address: '10.11.0.50' }],
      sysctls: { 'net/ipv4/conf/all/arp_ignore': '1', 'net/ipv4/conf/all/arp_announce': '2' },
    }),
    fixes: ['net.ipv4.conf.all.arp_ignore: 0 → 1'],
  },
  {
    ...{ check: 'arp', what: 'on the wrong device', says: /stands on eth0, where this machine is asked/ },
    trapped: plain({
      addresses: [address('eth0', '10.11.0.11/24'), address('eth0', '10.11.0.50/32')],
      ...all('arp_ignore', '1'),
      sysctls: { 'net/ipv4/conf/all/arp_ignore': '1', 'net/ipv4/conf/all/arp_announce': '2' },
      given: { as: ['realserver'], vips: ['10.11.0.50'] },
    }),
    clean: realserver({ given: { as: ['realserver'], vips: ['10.11.0.50'] } }),
  },
  {
    ...{ check: 'alias-mask', what: 'of a network', severity: 'critical', says: /makes all of 10\.11\.0\.0\/24 local/ },
    trapped: realserver({ addresses: [address('eth0', '10.11.0.11/24'), address('lo', '10.11.0.50/24')] }),
    clean: realserver(),
    fixes: ['10.11.0.50 on lo: /24 → /32'],
  },
  {
    ...{ check: 'tunnel-rp-filter', what: 'strict, although the device says 0', says: /drops what comes out of tunl0/ },
    trapped: tunnelled({
      sysctls: { 'net/ipv4/conf/tunl0/rp_filter': '0', 'net/ipv4/conf/all/rp_filter': '1' },
      counters: { TcpExtIPReversePathFilter: 12 },
    }),
    clean: tunnelled(all('rp_filter', '1')),
    fixes: ['net.ipv4.conf.tunl0.rp_filter: 0 → 2'],
  },
  {
    ...{
      check: 'tunnel-rp-filter',
      what: 'loose without an address',
      says: /has no address, so that its loose rp_filter/,
    },
    trapped: tunnelled({ addresses: realserver().facts.addresses }),
    clean: tunnelled(),
  },
  {
    ...{ check: 'tunnel-mtu', what: 'no MSS', says: /clients behind 10\.11\.0\.1 are offered segments/ },
    trapped: tunnelled({ routes: [route('10.11.0.1')] }),
    clean: tunnelled(),
  },
  {
    ...{ check: 'tunnel-mtu', what: 'a director that fragments', says: /tells no client of the smaller MTU/ },
    trapped: director('tun', vs('pmtu_disc', '0')),
    clean: director('tun'),
    fixes: ['net.ipv4.vs.pmtu_disc: 0 → 1'],
  },
  {
    ...{
      check: 'redirects',
      what: 'of a director, although eth0 says 0',
      severity: 'warning',
      says: /sends redirects on eth0/,
    },
    trapped: director('nat', all('send_redirects', '1')),
    clean: director('dr', all('send_redirects', '1')),
    fixes: ['net.ipv4.conf.all.send_redirects: 1 → 0'],
  },
  {
    ...{ check: 'redirects', what: 'in one network', severity: 'critical', says: /in the network of a VIP/ },
    trapped: director('nat', {
      ...eth0('send_redirects', '1'),
      ipvs: ipvs(service('10.11.0.50:80', [destination('10.11.0.11:80', 'nat')])),
    }),
    clean: director('nat'),
    fixes: ['net.ipv4.conf.eth0.send_redirects: 1 → 0'],
  },
  {
    ...{ check: 'redirects', what: 'that a realserver follows', says: /follows redirects on eth0/ },
    trapped: plain({ ...gateway, ...eth0('accept_redirects', '1') }),
    clean: plain(gateway),
    fixes: ['net.ipv4.conf.eth0.accept_redirects: 1 → 0'],
  },
  {
    ...{
      check: 'nat-gateway',
      what: 'another one first',
      severity: 'critical',
      says: /do not pass the NAT gateway 10\.12\.0\.254/,
    },
    trapped: plain({ ...gateway, routes: [route('10.12.0.254', 100), route('10.12.0.1', 0)] }),
    clean: plain({ ...gateway, routes: [route('10.12.0.254', 0), route('10.12.0.1', 100)] }),
  },
  {
    ...{
      check: 'answer-routes',
      what: 'another rule first',
      severity: 'critical',
      says: /answers of tcp 10\.12\.0\.13 port 8080 do not pass the NAT gateway 10\.12\.0\.254/,
    },
    trapped: answering('10.12.0.1'),
    clean: answering('10.12.0.254'),
  },
  {
    ...{ check: 'dip-is-vip', what: 'as a source', says: /comes from the VIP 10\.11\.0\.50/ },
    trapped: director('dr', { ways: way('10.11.0.50') }),
    clean: director('dr', { ways: way('10.11.0.2') }),
  },
  {
    ...{
      check: 'martian-answers',
      what: 'of a director that is a gateway',
      severity: 'info',
      says: /its answers are dropped here/,
    },
    trapped: director('dr', sysctl('net/ipv4/ip_forward', '1')),
    clean: director('dr', { sysctls: { 'net/ipv4/ip_forward': '1', 'net/ipv4/conf/eth0/accept_local': '1' } }),
  },
  {
    ...{ check: 'ip-forward', what: 'is off under NAT', severity: 'critical', says: /are not passed on/ },
    trapped: director('nat', sysctl('net/ipv4/ip_forward', '0')),
    clean: director('nat'),
    fixes: ['net.ipv4.ip_forward: 0 → 1'],
  },
  {
    ...{
      check: 'ip-forward',
      what: 'of one interface',
      severity: 'critical',
      says: /nothing that comes in by eth0 is/,
    },
    trapped: director('nat', sysctl('net/ipv4/conf/eth0/forwarding', '0')),
    clean: director('nat', sysctl('net/ipv4/conf/eth1/forwarding', '0')),
    fixes: ['net.ipv4.conf.eth0.forwarding: 0 → 1'],
  },
  {
    ...{ check: 'rp-filter', what: 'with two interfaces', severity: 'critical', says: /hands over on eth1/ },
    trapped: realserver({
      ...TWO,
      sysctls: { 'net/ipv4/conf/all/rp_filter': '1', 'net/ipv4/conf/eth1/rp_filter': '0' },
    }),
    clean: realserver({ ...TWO, sysctls: { 'net/ipv4/conf/all/rp_filter': '1', 'net/ipv4/conf/eth1/rp_filter': '2' } }),
    fixes: ['net.ipv4.conf.eth1.rp_filter: 0 → 2'],
  },
  {
    ...{
      check: 'alias-mask',
      what: 'that nobody misses',
      severity: 'info',
      says: /makes all of 10\.99\.0\.0\/24 local/,
    },
    trapped: plain({ addresses: [address('eth0', '10.11.0.11/24'), address('lo', '10.99.0.1/24')] }),
    clean: plain(),
  },
  {
    ...{ check: 'ip-forward', what: 'of IPv6', severity: 'critical', says: /fd00:1::11/ },
    trapped: director('nat', {
      ...sysctl('net/ipv6/conf/all/forwarding', '0'),
      ipvs: ipvs(service('fd00::50:80', [destination('fd00:1::11:80', 'nat')])),
    }),
    clean: director('nat', {
      ...sysctl('net/ipv6/conf/all/forwarding', '1'),
      ipvs: ipvs(service('fd00::50:80', [destination('fd00:1::11:80', 'nat')])),
    }),
    fixes: ['net.ipv6.conf.all.forwarding: 0 → 1'],
  },
  {
    ...{ check: 'ip-forward', what: 'is on for nothing', severity: 'info', says: /no service of it needs that/ },
    trapped: director('dr', sysctl('net/ipv4/ip_forward', '1')),
    clean: director(),
  },
  {
    ...{ check: 'nonlocal-bind', what: 'of haproxy', says: /may not be bound/ },
    trapped: director('dr', {
      addresses: [address('eth0', '10.11.0.2/24')],
      lines: [line('/etc/haproxy/haproxy.cfg', '  bind 10.11.0.50:443')],
    }),
    clean: director('dr', {
      addresses: [address('eth0', '10.11.0.2/24')],
      lines: [line('/etc/haproxy/haproxy.cfg', '  bind 10.11.0.51:443')],
    }),
  },
  {
    ...{ check: 'garp', what: 'is not heard', says: /does not hear when an address moves/ },
    trapped: plain(all('drop_gratuitous_arp', '1')),
    clean: plain(),
    fixes: ['net.ipv4.conf.all.drop_gratuitous_arp: 1 → 0'],
  },
  {
    ...{ check: 'arp-flux', what: 'of two interfaces', says: /eth0 and eth1 are in one network/ },
    trapped: director('dr', {
      links: [link('eth0'), link('eth1')],
      addresses: [address('eth0', '10.11.0.2/24'), address('eth1', '10.11.0.3/24')],
    }),
    clean: director('dr', {
      links: [link('eth0'), link('eth1')],
      addresses: [address('eth0', '10.11.0.2/24'), address('eth1', '10.12.0.3/24')],
    }),
    fixes: ['net.ipv4.conf.all.arp_ignore: 0 → 1'],
  },
  {
    ...{ check: 'ipv6-address', what: 'is somebody else’s', severity: 'critical', says: /another machine has it/ },
    trapped: v6({ dadFailed: true }),
    clean: v6({ deprecated: true }),
  },
  {
    ...{ check: 'ipv6-address', what: 'is not usable yet', severity: 'critical', says: /not usable yet/ },
    trapped: v6({ tentative: true, deprecated: true }),
    clean: v6({ deprecated: true }),
  },
  {
    ...{ check: 'ipv6-address', what: 'may be a source', severity: 'warning', says: /may be the source/ },
    trapped: v6({}),
    clean: v6({ deprecated: true }),
  },
]
