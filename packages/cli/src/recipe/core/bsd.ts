/** FreeBSD and OpenBSD: what is on a loopback interface they answer for on no other one (man 4 arp, man 8 ifconfig, man 4 gif, man 4 gre). */
import { type Answer, type Need, run, shared, type Step } from './recipe.ts'

const isV6 = (vip: string): boolean => vip.includes(':')
const ifaceOf = (tunnel: 'ipip' | 'gre'): string => (tunnel === 'ipip' ? 'gif' : 'gre')

interface Bsd {
  readonly device: string
  readonly before: readonly Step[]
  /** What takes back what stands in `before`, after the addresses. */
  readonly after: readonly Step[]
  add(vip: string): string
  remove(vip: string): string
  readonly redirects: readonly [off: string, on: string]
}

const FREEBSD: Bsd = {
  device: 'lo0',
  before: [],
  after: [],
  add: (vip) =>
    isV6(vip)
      ? `ifconfig lo0 inet6 ${vip} prefixlen 128 alias`
      : `ifconfig lo0 inet ${vip} netmask 255.255.255.255 alias`,
  remove: (vip) => `ifconfig lo0 ${isV6(vip) ? 'inet6' : 'inet'} ${vip} -alias`,
  redirects: ['sysctl net.inet.icmp.drop_redirect=1', 'sysctl net.inet.icmp.drop_redirect=0'],
}
const OPENBSD: Bsd = {
  device: 'lo1',
  before: [
    run('ifconfig lo1 create', 'a loopback interface of its own'),
    run('sysctl net.inet.ip.forwarding=1', 'without it a packet for an address of another interface is dropped'),
    run('sysctl net.inet6.ip6.forwarding=1', 'the same of IPv6'),
  ],
  after: [
    run('ifconfig lo1 destroy', 'the interface goes with what is on it'),
    run('sysctl net.inet.ip.forwarding=0', 'unless the machine is a router'),
    run('sysctl net.inet6.ip6.forwarding=0', 'the same of IPv6'),
  ],
  add: (vip) =>
    isV6(vip) ? `ifconfig lo1 inet6 ${vip} prefixlen 128` : `ifconfig lo1 inet alias ${vip} netmask 255.255.255.255`,
  remove: (vip) => `ifconfig lo1 ${isV6(vip) ? 'inet6' : 'inet'} ${vip} -alias`,
  redirects: ['sysctl net.inet.icmp.rediraccept=0', 'sysctl net.inet.icmp.rediraccept=1'],
}

const direct =
  ({ device, before, after, add, remove }: Bsd) =>
  ({ vips }: Pick<Need, 'vips'>) => ({
    steps: [
      ...shared(device, ...before),
      ...vips.flatMap((vip) => shared(vip, run(add(vip), `the VIP on ${device}: nobody is answered for it`))),
    ],
    undo: [...vips.flatMap((vip) => shared(vip, run(remove(vip), 'the VIP goes first'))), ...shared(device, ...after)],
  })

const translated =
  ({ redirects: [off, on] }: Bsd) =>
  ({ gateway, family, oneNetwork }: Need): Answer => {
    if (gateway === null) return { refused: 'NAT needs a gateway in the group' }
    if (oneNetwork !== null)
      return {
        refused: `clients of the VIP are in ${oneNetwork} as well as this machine, and would be answered straight: use another network, or DR`,
      }
    const inet = family === 'ipv6' ? ' -inet6' : ''
    return {
      steps: [
        run(`route -n get${inet} default`, 'write down the gateway that it names: the way back needs it'),
        run(off, 'no redirect leads answers past the director'),
        run(`route change${inet} default ${gateway}`, 'answers pass the director, which translates them back'),
      ],
      undo: [
        run(`route change${inet} default GATEWAY`, 'the gateway that was written down'),
        run(on, 'unless it was so before'),
      ],
    }
  }

const tunnelled =
  (system: Bsd, allow: (tunnel: 'ipip' | 'gre') => readonly Step[]) =>
  (need: Need): Answer => {
    const { tunnel = 'ipip', directors, own, family } = need
    if (family === 'ipv6')
      return {
        refused: 'nobody has looked how this system unwraps packets of IPv6 that come to it: use forward: dr or nat',
      }
    if (tunnel === 'gue')
      return { refused: 'this system knows no GUE (its UDP encapsulation is another one): use tunnel: ipip or gre' }
    const [local = ''] = own
    const remotes = directors.filter((address) => !isV6(address))
    const { steps, undo } = direct(system)(need)
    const name = (at: number): string => `${ifaceOf(tunnel)}${at}`
    return {
      steps: [
        ...allow(tunnel),
        ...steps,
        ...remotes.flatMap((remote, at) => [
          run(`ifconfig ${name(at)} create`, `one interface for the director at ${remote}`),
          run(`ifconfig ${name(at)} tunnel ${local} ${remote}`, 'it unwraps what that one sends, and nobody else'),
          run(`ifconfig ${name(at)} up`, 'from here on packets come'),
        ]),
      ],
      undo: [...remotes.map((_, at) => run(`ifconfig ${name(at)} destroy`, 'nothing is unwrapped any more')), ...undo],
    }
  }

export const freebsd = {
  title: 'FreeBSD',
  comment: '#',
  tried: [],
  methods: { dr: direct(FREEBSD), nat: translated(FREEBSD), tun: tunnelled(FREEBSD, () => []) },
} as const

export const openbsd = {
  title: 'OpenBSD',
  comment: '#',
  tried: [],
  methods: {
    dr: direct(OPENBSD),
    nat: translated(OPENBSD),
    tun: tunnelled(OPENBSD, (tunnel) =>
      tunnel === 'gre' ? [run('sysctl net.inet.gre.allow=1', 'GRE is not taken otherwise')] : [],
    ),
  },
} as const
