/** Solaris, HP-UX and IRIX, by their documentation. */
import { type Answer, byHand, type Need, run, shared, unique } from './recipe.ts'

const NO_GATEWAY = { refused: 'NAT needs a gateway in the group' } as const
const straight = ({ oneNetwork }: Need): Answer | null =>
  oneNetwork === null
    ? null
    : {
        refused: `clients of the VIP are in ${oneNetwork} as well as this machine, and would be answered straight: use another network, or DR`,
      }
const noTunnel = (title: string) => (): Answer => ({
  refused: `${title} has no interface that unwraps what a director tunnels: use forward: dr or nat`,
})

/** Man 8 ipadm, dladm. What is on lo0 is answered for on no other interface; the host model is weak unless it was changed. */
function solarisDirect({ vips, family }: Need, all: readonly Need[]): Answer {
  // Each name once, whichever part of the server has the VIP.
  const every = unique(all.filter((one) => one.family === family).flatMap((one) => one.vips))
  const names = vips.map((vip) => `lo0/lvsm${family === 'ipv6' ? 'v6x' : ''}${every.indexOf(vip) + 1}`)
  return {
    steps: [
      run(
        `ipadm set-prop -t -p hostmodel=weak ${family}`,
        'a packet may come in by another interface than its address is on',
      ),
      ...vips.flatMap((vip, at) =>
        shared(
          vip,
          run(
            `ipadm create-addr -T static -a ${vip}/${family === 'ipv6' ? 128 : 32} ${names[at]}`,
            'the VIP on lo0; before Solaris 11: ifconfig lo0 addif VIP netmask 255.255.255.255 up',
          ),
        ),
      ),
    ],
    undo: vips.flatMap((vip, at) => shared(vip, run(`ipadm delete-addr ${names[at]}`, 'the VIP goes'))),
  }
}
function solarisTunnel(need: Need, all: readonly Need[]): Answer {
  const { tunnel = 'ipip', directors, own, family } = need
  if (family === 'ipv6')
    return {
      refused: 'nobody has looked how this system unwraps packets of IPv6 that come to it: use forward: dr or nat',
    }
  if (tunnel !== 'ipip') return { refused: 'Solaris unwraps IP in IP, and neither GRE nor GUE: use tunnel: ipip' }
  const direct = solarisDirect(need, all)
  if ('refused' in direct) return direct
  const remotes = directors.filter((address) => !address.includes(':'))
  return {
    steps: [
      ...direct.steps,
      ...remotes.flatMap((remote, at) => [
        run(
          `dladm create-iptun -t -T ipv4 -a local=${own[0] ?? ''},remote=${remote} lvsm${at}`,
          `unwraps what the director at ${remote} sends, and nobody else`,
        ),
        run(`ipadm create-ip -t lvsm${at}`, 'so that IP uses it'),
        run(
          `ipadm create-addr -t -T static -a local=${need.vips[0] ?? ''},remote=${remote} lvsm${at}/vip`,
          'an interface without an address takes nothing',
        ),
      ]),
    ],
    undo: [
      ...remotes.flatMap((_, at) => [
        run(`ipadm delete-ip lvsm${at}`, 'nothing is unwrapped any more'),
        run(`dladm delete-iptun lvsm${at}`, 'the tunnel goes'),
      ]),
      ...direct.undo,
    ],
  }
}
function solarisNat(need: Need): Answer {
  const { gateway, family } = need
  if (gateway === null) return NO_GATEWAY
  const inet = family === 'ipv6' ? ' -inet6' : ''
  return (
    straight(need) ?? {
      steps: [
        run(
          `netstat -rn -f ${family === 'ipv6' ? 'inet6' : 'inet'}`,
          'write down the gateway of "default": the way back needs it',
        ),
        run(`ipadm set-prop -t -p _ignore_redirect=1 ${family}`, 'no redirect leads answers past the director'),
        run(`route add${inet} default ${gateway}`, 'the new one before the old one goes'),
        run(`route delete${inet} default FORMER`, 'the gateway that was written down'),
      ],
      undo: [
        run(`route add${inet} default FORMER`, 'the gateway that was written down'),
        run(`route delete${inet} default ${gateway}`, 'the way through the director goes'),
        run(`ipadm reset-prop -t -p _ignore_redirect ${family}`, 'redirects as they were'),
      ],
    }
  )
}
export const solaris = {
  title: 'Solaris 11 (and illumos)',
  comment: '#',
  tried: [],
  methods: { dr: solarisDirect, nat: solarisNat, tun: solarisTunnel },
} as const

/** Its lo0 has no aliases, and an alias has no flag of its own: the VIP needs an interface by which nobody asks. */
function hpuxDirect({ vips, family }: Need): Answer {
  if (family === 'ipv6')
    return { refused: 'HP-UX cannot keep an IPv6 address silent in neighbour discovery: use an IPv4 VIP, or NAT' }
  return {
    steps: [
      byHand(
        'choose a spare interface without a cable (lanscan names them), and put its name for SPARE',
        'flags count for a whole interface',
      ),
      ...vips.map((vip, at) =>
        run(
          `ifconfig SPARE${at === 0 ? '' : `:${at}`} ${vip} netmask 255.255.255.255 -arp up`,
          'the VIP, silent in ARP',
        ),
      ),
    ],
    undo: vips.map((_, at) => run(`ifconfig SPARE${at === 0 ? '' : `:${at}`} down`, 'the VIP goes')),
  }
}
const oldNat =
  (count: string) =>
  (need: Need): Answer => {
    const { gateway, family } = need
    if (gateway === null) return NO_GATEWAY
    if (family === 'ipv6') return { refused: 'there is no recipe for IPv6 by NAT on this system' }
    return (
      straight(need) ?? {
        steps: [
          run('netstat -rn', 'write down the gateway of "default": the way back needs it'),
          run(`route add default ${gateway}${count}`, 'answers pass the director, which translates them back'),
          run(`route delete default FORMER${count}`, 'the gateway that was written down'),
        ],
        undo: [
          run(`route add default FORMER${count}`, 'the gateway that was written down'),
          run(`route delete default ${gateway}${count}`, 'the way through the director goes'),
        ],
      }
    )
  }
export const hpux = {
  title: 'HP-UX',
  comment: '#',
  tried: [],
  methods: { dr: hpuxDirect, nat: oldNat(' 1'), tun: noTunnel('HP-UX') },
} as const

function irixDirect({ vips, family }: Need): Answer {
  if (family === 'ipv6') return { refused: 'there is no recipe for IPv6 on IRIX: use an IPv4 VIP' }
  return {
    steps: vips.map((vip) =>
      run(`ifconfig lo0 alias ${vip} netmask 0xffffffff`, 'the VIP on lo0: nobody is answered for it'),
    ),
    undo: vips.map((vip) => run(`ifconfig lo0 -alias ${vip}`, 'the VIP goes')),
  }
}
export const irix = {
  title: 'IRIX',
  comment: '#',
  tried: [],
  methods: { dr: irixDirect, nat: oldNat(''), tun: noTunnel('IRIX') },
} as const
