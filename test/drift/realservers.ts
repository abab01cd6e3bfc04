/** Of realservers: VIPs and what they stand on, tunnels, routes and rules; and settings of the kernel, of every node. */
import type { DataPlane } from '../kit/data-plane.ts'
import { change, link, type Rows, REMOVES, scenario, setting, VIP, without } from './row.ts'

const OWNER = 'owner of a group'
const [DR, NAT, RULES] = ['realserver by DR', 'realserver by NAT', 'realserver by NAT, by rules'] as const
const [DUMMY, ROUTE, TUNNELS] = ['VIP on a dummy device', 'VIP as a local route', 'realserver by tunnels'] as const
const TUNNEL = /^lvsm-i/
const VIP6 = '2001:db8:11::10'
const BY_TABLE = { family: 'ipv4', table: 7601 } as const
type AnswerRoutes = DataPlane['answers']['routes']
const answerRoutes = (plane: DataPlane, how: (routes: AnswerRoutes) => AnswerRoutes): void =>
  void (plane.answers = { ...plane.answers, routes: how(plane.answers.routes) })

export const OF_REALSERVERS: Rows<
  | 'sysctl'
  | `tunnel-${'add' | 'up' | 'remove'}`
  | `dummy-${'add' | 'up' | 'remove'}`
  | `local-route-${'add' | 'remove'}`
  | `gue-${'open' | 'close'}`
  | `route-${'set' | 'remove'}`
  | `answer-route-${'set' | 'remove'}`
  | `answer-rule-${'add' | 'remove'}`
  | `alias-${'add' | 'remove'}`
> = {
  sysctl: [
    {
      ...{ at: OWNER, what: 'forwarding is switched off', spoil: setting('net/ipv4/ip_forward', '0') },
      byHand: ['sysctl -qw net.ipv4.ip_forward=0'],
    },
    {
      ...{
        at: OWNER,
        what: 'the director sends redirects',
        spoil: setting('net/ipv4/conf/inside/send_redirects', '1'),
      },
      byHand: ['sysctl -qw net.ipv4.conf.inside.send_redirects=1'],
    },
    {
      ...{ at: DR, what: 'ARP answers again', spoil: setting('net/ipv4/conf/outside/arp_ignore', '0') },
      byHand: ['sysctl -qw net.ipv4.conf.outside.arp_ignore=0'],
    },
    {
      ...{ at: DR, what: 'ARP announces again', spoil: setting('net/ipv4/conf/outside/arp_announce', '0') },
      byHand: ['sysctl -qw net.ipv4.conf.outside.arp_announce=0'],
    },
    {
      ...{ at: NAT, what: 'redirects are taken', spoil: setting('net/ipv4/conf/inside/accept_redirects', '1') },
      byHand: ['sysctl -qw net.ipv4.conf.inside.accept_redirects=1'],
    },
    {
      at: TUNNELS,
      what: 'a tunnel device filters by source no more',
      spoil: (plane) => setting(`net/ipv4/conf/${link(plane, TUNNEL).name}/rp_filter`, '0')(plane),
      byHand: ['sysctl -qw net.ipv4.conf.DEVICE.rp_filter=0'],
      ...scenario('tun', REMOVES, /rp_filter=0/),
    },
  ],
  'tunnel-add': [
    {
      ...{ at: TUNNELS, what: 'a tunnel device is deleted', byHand: ['ip link del DEVICE'] },
      spoil: (plane) => {
        const { name, index } = link(plane, TUNNEL)
        plane.apply({ kind: 'tunnel-remove', name, index })
      },
      ...scenario('tun', REMOVES, /ip link del \$\{name\}/),
    },
  ],
  'tunnel-up': [
    {
      ...{ at: TUNNELS, what: 'a tunnel device is set down', byHand: ['ip link set DEVICE down'] },
      spoil: (plane) => change(plane, TUNNEL, { up: false }),
      ...scenario('tun', REMOVES, /ip link set \$\{name\} down/),
    },
  ],
  'tunnel-remove': [
    {
      at: TUNNELS,
      what: 'a tunnel device has another remote end',
      byHand: ['ip tunnel change DEVICE mode ipip remote 10.12.0.77'],
      spoil: (plane) => change(plane, TUNNEL, { tunnel: { kind: 'ipip', local: null, remote: '10.12.0.77' } }),
      ...scenario('tun', REMOVES, /ip tunnel change \$\{name\} mode ipip remote/),
    },
  ],
  'dummy-add': [
    {
      ...{ at: DUMMY, what: 'the dummy device is deleted', byHand: ['ip link del lvsm-vips'] },
      spoil: (plane) => {
        const { name, index } = link(plane, 'lvsm-vips')
        plane.apply({ kind: 'dummy-remove', name, index })
      },
      ...scenario('placement', REMOVES, /ip link del \$\{DUMMY\}/),
    },
  ],
  'dummy-up': [
    {
      ...{ at: DUMMY, what: 'the dummy device is set down', byHand: ['ip link set lvsm-vips down'] },
      spoil: (plane) => change(plane, 'lvsm-vips', { up: false }),
      ...scenario('placement', REMOVES, /ip link set \$\{DUMMY\} down/),
    },
  ],
  'dummy-remove': { never: 'a dummy device that nobody of ours made bears no note of ours, and is left alone' },
  'local-route-add': [
    {
      ...{
        at: ROUTE,
        what: 'a local route is deleted',
        byHand: [`ip route del local ${VIP} dev lo table local proto 76`],
      },
      spoil: (plane) => void (plane.localRoutes = without(plane.localRoutes, ({ address }) => address === VIP)),
    },
  ],
  'local-route-remove': [
    {
      at: ROUTE,
      what: 'a local route that bears our mark is added',
      byHand: ['ip route add local 10.11.0.77 dev lo table local proto 76 metric 76'],
      spoil: (plane) => void plane.localRoutes.push({ address: '10.11.0.77', index: 1 }),
    },
  ],
  'gue-open': [
    {
      ...{ at: TUNNELS, what: 'the port of GUE is closed', byHand: ['ip fou del port 6080'] },
      spoil: (plane) => void (plane.gue = []),
      ...scenario('tun', REMOVES, /ip fou del port 6080/),
    },
  ],
  'gue-close': { never: 'a port bears no mark: one that is opened by hand is somebody else’s' },
  'route-set': [
    {
      ...{ at: NAT, what: 'the default route is deleted', byHand: ['ip route del default'] },
      spoil: (plane) => void (plane.defaults = []),
    },
    {
      at: NAT,
      what: 'the default route leads elsewhere',
      byHand: ['ip route change default via 10.12.0.77 dev inside proto 76'],
      spoil: (plane) => void (plane.defaults = plane.defaults.map((one) => ({ ...one, gateway: '10.12.0.77' }))),
    },
  ],
  'route-remove': [
    {
      at: NAT,
      what: 'a second default route that bears our mark is added',
      byHand: ['ip route add default via 10.12.0.77 dev inside proto 76 metric 5'],
      spoil: (plane) => {
        const { index } = link(plane, 'inside')
        plane.defaults.push({ gateway: '10.12.0.77', index, protocol: 76, metric: 5, family: 'ipv4' })
      },
    },
  ],
  'answer-route-set': [
    {
      ...{ at: RULES, what: 'the default route of answers is deleted', byHand: ['ip route del default table 7601'] },
      spoil: (plane) => answerRoutes(plane, (routes) => without(routes, ({ gateway }) => gateway !== null)),
    },
    {
      at: RULES,
      what: 'the default route of answers leads elsewhere',
      byHand: ['ip route change default via 10.12.0.77 dev inside table 7601 proto 76'],
      spoil: (plane) =>
        answerRoutes(plane, (routes) =>
          routes.map((one) => (one.gateway === null ? one : { ...one, gateway: '10.12.0.77' })),
        ),
    },
    {
      ...{
        at: RULES,
        what: 'what goes straight does so no more',
        byHand: ['ip route del throw 10.12.0.0/24 table 7601'],
      },
      spoil: (plane) =>
        answerRoutes(plane, (routes) => without(routes, ({ destination }) => destination === '10.12.0.0')),
    },
  ],
  'answer-route-remove': [
    {
      at: RULES,
      what: 'a route that bears our mark is added to the table of answers',
      byHand: ['ip route add throw 192.0.2.0/24 table 7601 proto 76'],
      spoil: (plane) => {
        const more = { ...BY_TABLE, destination: '192.0.2.0', prefix: 24, gateway: null, index: 0, source: null }
        answerRoutes(plane, (routes) => [...routes, more])
      },
    },
  ],
  'answer-rule-add': [
    {
      ...{ at: RULES, what: 'a rule of answers is deleted', byHand: ['ip rule del pref 7601'] },
      spoil: (plane) => void (plane.answers = { ...plane.answers, rules: plane.answers.rules.slice(1) }),
    },
  ],
  'answer-rule-remove': [
    {
      at: RULES,
      what: 'a rule that bears our mark is added',
      byHand: ['ip rule add pref 7601 from 10.12.0.13 ipproto tcp sport 99 lookup 7601 protocol 76'],
      spoil: (plane) => {
        const more = { ...BY_TABLE, source: '10.12.0.13', protocol: 'tcp', ports: { from: 99, to: 99 } } as const
        plane.answers = { ...plane.answers, rules: [...plane.answers.rules, more] }
      },
    },
  ],
  'alias-add': [
    {
      ...{ at: DR, what: 'an alias is removed', byHand: [`ip addr del ${VIP}/32 dev lo`] },
      spoil: (plane) => void (plane.aliases = without(plane.aliases, ({ address }) => address === VIP)),
    },
    ...[VIP, VIP6].map((vip) => ({
      ...({ at: DR, what: `the route of ${vip} that the kernel made is deleted` } as const),
      byHand: [`ip route del local ${vip} dev lo table local`],
      spoil: (plane: DataPlane): void =>
        void (plane.aliases = plane.aliases.map((one) =>
          one.address === vip ? { ...one, undelivered: true as const } : one,
        )),
    })),
    {
      ...{ at: DR, what: 'an alias of IPv6 is removed', byHand: [`ip addr del ${VIP6}/128 dev lo`] },
      spoil: (plane) => void (plane.aliases = without(plane.aliases, ({ address }) => address === VIP6)),
    },
    {
      ...{
        at: DR,
        what: 'an alias of IPv6 becomes a source',
        byHand: [`ip addr change ${VIP6}/128 dev lo preferred_lft forever`],
      },
      // The tool takes our mark off with it.
      spoil: (plane) =>
        void (plane.aliases = plane.aliases.map((one) => (one.address === VIP6 ? { ...one, label: 'lo' } : one))),
    },
  ],
  'alias-remove': [
    {
      ...{
        at: DR,
        what: 'an alias that bears our mark is added',
        byHand: ['ip addr add 10.11.0.77/32 dev lo label lo:lvsm'],
      },
      spoil: (plane) =>
        void plane.aliases.push({
          index: link(plane, 'lo').index,
          address: '10.11.0.77',
          prefix: 32,
          label: 'lo:lvsm',
        }),
    },
  ],
}
