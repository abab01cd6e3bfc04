/** Linux: by `ip` and /proc, in any shell; settings before the address, and the other way round when it goes (packages/plan/TRAPS.md, rows 1 to 5). */
import { ipFor, MARKS } from '@lvsm/base'
import { DEFAULT_PLACEMENT, hostPrefix, placementRow, tunnelDeviceName, tunnelOver, TUNNELS } from '@lvsm/model'
import { led } from './linux-answers.ts'
import { type Answer, type Need, run, shared, type Step, type Steps, unique } from './recipe.ts'

const DUMMY = MARKS.vipDevice
const FORMER = '/var/lib/lvsm-former'
const SETTINGS = '/proc/sys/net/ipv4/conf'

const keep = (name: string, paths: string): Step =>
  run(
    `mkdir -p ${FORMER} && test -s ${FORMER}/${name} || grep . ${paths} > ${FORMER}/${name}`,
    'what is set now, for the way back',
  )
const giveBack = (name: string): Step =>
  run(
    `while IFS=: read -r path value; do test ! -e "$path" || echo "$value" > "$path"; done < ${FORMER}/${name}; rm ${FORMER}/${name}`,
    'settings as they were',
  )

/** In `device`, which the shell may fill in. */
const add = (vip: string, device = 'lo'): Step =>
  vip.includes(':')
    ? run(
        `ip address replace ${vip}/128 dev ${device} nodad preferred_lft 0`,
        'the VIP, for this machine alone, and never as a source by itself',
      )
    : run(
        `ip address replace ${vip}/${hostPrefix(vip)} dev ${device} scope host`,
        'the VIP, for this machine alone: no network by its mask',
      )
const remove = (vip: string, device = 'lo'): Step =>
  run(`ip address del ${vip}/${hostPrefix(vip)} dev ${device}`, 'the VIP goes first')

const routeOf = (vip: string): string =>
  `${ipFor(vip)} route %s local ${vip} dev lo table local proto ${MARKS.routeProtocol} metric ${MARKS.routeProtocol}`
const makesDummy = (family: Need['family']): Step[] => [
  ...shared(
    DUMMY,
    run(
      `modprobe -q dummy numdummies=0; ip link show ${DUMMY} > /dev/null 2>&1 || ip link add ${DUMMY} type dummy`,
      'a device for VIPs alone',
    ),
    run(`ip link set ${DUMMY} addrgenmode none up`, 'it makes no address for itself'),
  ),
  ...(family === 'ipv6'
    ? shared(
        `${DUMMY} ipv6`,
        run(`echo 0 > /proc/sys/net/ipv6/conf/${DUMMY}/disable_ipv6`, 'it takes IPv6, whatever is set for new devices'),
      )
    : []),
]

/** Where the VIPs come to, and from where they go. On devices of tunnels, which are there later: `tunnelled`. */
function placed({ vips, family, placement = DEFAULT_PLACEMENT }: Need): Steps {
  const { device, isRoute, onTunnels } = placementRow(placement)
  if (onTunnels) return { steps: [], undo: [] }
  const comes = (vip: string): Step =>
    isRoute ? run(routeOf(vip).replace('%s', 'replace'), 'the VIP, and no address') : add(vip, device ?? 'lo')
  const goes = (vip: string): Step =>
    isRoute ? run(routeOf(vip).replace('%s', 'del'), 'the VIP goes first') : remove(vip, device ?? 'lo')
  const dummy = device === DUMMY
  return {
    steps: [...(dummy ? makesDummy(family) : []), ...vips.flatMap((vip) => shared(vip, comes(vip)))],
    undo: [
      ...vips.flatMap((vip) => shared(vip, goes(vip))),
      ...(dummy ? shared(DUMMY, run(`ip link del ${DUMMY}`, 'nothing is on it any more')) : []),
    ],
  }
}

/** Nobody asks for IPv6 by ARP, and what is on another interface than that of the question no Linux answers for. */
function direct(need: Need): Steps {
  const silent = need.family === 'ipv4'
  const settings = shared(
    'arp',
    keep('arp', `${SETTINGS}/*/arp_ignore ${SETTINGS}/*/arp_announce`),
    run(
      `for setting in ${SETTINGS}/*/arp_ignore; do echo 1 > "$setting"; done`,
      'no answer for what is on another interface than the one that is asked, before anything is there',
    ),
    run(
      `for setting in ${SETTINGS}/*/arp_announce; do echo 2 > "$setting"; done`,
      'no question that names the VIP as its sender',
    ),
  )
  const { steps, undo } = placed(need)
  return {
    steps: [...(silent ? settings : []), ...steps],
    undo: [...undo, ...(silent ? shared('arp', giveBack('arp')) : [])],
  }
}

/** What a device of a tunnel needs so that the kernel drops nothing that comes out of it. */
const opened = (name: string, family: Need['family']): Step[] =>
  family === 'ipv6'
    ? [
        run(`echo 0 > /proc/sys/net/ipv6/conf/${name}/disable_ipv6`, 'it takes IPv6, whatever is set for new devices'),
        run(`ip link set ${name} addrgenmode none`, 'it needs no address, and asks no router'),
      ]
    : [
        run(
          `ip address replace ${MARKS.deviceAddress}/32 dev ${name} scope host`,
          'a loose rp_filter counts only where the device has an address',
        ),
        run(`echo 2 > ${SETTINGS}/${name}/rp_filter`, 'the way back to clients is not the tunnel'),
      ]

/** Directors of this family, and what their devices are called: as the agent calls them, so that one that comes later keeps nothing that is in its way. */
const devicesOf = ({ tunnel = 'ipip', directors, family }: Need): (readonly [name: string, remote: string])[] =>
  directors
    .filter((remote) => remote.includes(':') === (family === 'ipv6'))
    .map((remote) => [tunnelDeviceName(tunnel, remote), remote] as const)

/** One table for all tunnels of a family: types of tunnels share devices, and may share a VIP. */
function guard(family: Need['family'], all: readonly Need[]): { readonly steps: Step[]; readonly undo: Step[] } {
  const tunnels = all.filter((one) => one.method === 'tun' && one.family === family)
  const [ip, headers, table] = family === 'ipv6' ? ['ip6', 60, 'lvsm-recipe6'] : ['ip', 40, 'lvsm-recipe']
  const names = unique(tunnels.flatMap(devicesOf).map(([name]) => `"${name}"`)).join(', ')
  const vips = unique(tunnels.flatMap((one) => one.vips))
  const room = (vip: string): number =>
    Math.max(
      ...tunnels.flatMap((one) => (one.vips.includes(vip) ? [tunnelOver(one.tunnel ?? 'ipip', family).overhead] : [])),
    )
  const clamps = unique(vips.map(room)).map(
    (overhead) =>
      `    ${ip} saddr { ${vips.filter((vip) => room(vip) === overhead).join(', ')} } tcp flags syn tcp option maxseg size set ${1500 - overhead - headers}\n`,
  )
  return {
    steps: shared(
      table,
      run(
        `nft -f - <<'EOF'\ntable inet ${table}\ndelete table inet ${table}\ntable inet ${table} {\n  chain tunnels {\n    type filter hook prerouting priority -300;\n    iifname { ${names} } ${ip} daddr != { ${vips.join(', ')} } counter drop\n  }\n  chain clamp-mss {\n    type filter hook output priority -150;\n${clamps.join('')}  }\n}\nEOF`,
        'out of a tunnel comes nothing but packets to the VIP, and clients are told of segments that fit into it',
      ),
    ),
    undo: shared(table, run(`nft delete table inet ${table}`, 'the rules go after what they guard')),
  }
}

function tunnelled(need: Need, all: readonly Need[]): Answer {
  const { tunnel = 'ipip', tunnelPort, own, family } = need
  const { device, module } = tunnelOver(tunnel, family)
  const devices = devicesOf(need)
  const v6 = family === 'ipv6' ? ' -6' : ''
  const { steps, undo } = direct(need)
  const rules = guard(family, all)
  const { onTunnels } = placementRow(need.placement ?? DEFAULT_PLACEMENT)
  const vipsOn = (name: string, step: (vip: string, device: string) => Step): Step[] =>
    onTunnels ? need.vips.flatMap((vip) => shared(`${vip} ${name}`, step(vip, name))) : []
  const [first = ''] = own
  return {
    steps: [
      ...shared(module, run(`modprobe ${module}`, `the module of ${TUNNELS[tunnel].title}`)),
      ...(tunnelPort === undefined
        ? []
        : [
            run(
              `ip fou add port ${tunnelPort} gue${v6} 2> /dev/null || ip fou show | grep "port ${tunnelPort} gue"`,
              'what comes to this UDP port is unwrapped',
            ),
          ]),
      ...rules.steps,
      ...steps,
      ...devices.flatMap(([name, remote]) =>
        shared(
          name,
          run(
            `ip link show ${name} > /dev/null 2>&1 || ip link add ${name} type ${device}${device === 'ip6tnl' ? ' mode ip6ip6' : ''} local any remote ${remote}`,
            `unwraps what the director at ${remote} sends, and nobody else`,
          ),
          ...opened(name, family),
          run(`ip link set ${name} up`, 'from here on packets come'),
        ),
      ),
      ...devices.flatMap(([name]) => vipsOn(name, add)),
      run(
        `ip route get ${devices[0]?.[1] ?? first} > /dev/null`,
        'the director is reached; answers to clients need a way of their own that lets the VIP out as source',
      ),
    ],
    undo: [
      ...devices.flatMap(([name]) => vipsOn(name, remove)),
      ...devices.flatMap(([name]) => shared(name, run(`ip link del ${name}`, 'nothing is unwrapped any more'))),
      ...(tunnelPort === undefined ? [] : [run(`ip fou del port ${tunnelPort}${v6}`, 'nor taken at its UDP port')]),
      ...undo,
      ...rules.undo,
    ],
  }
}

function translated(need: Need): Answer {
  const { gateway, family, answersAlone } = need
  if (gateway === null) return { refused: 'NAT needs a gateway in the group' }
  const [words, every] =
    family === 'ipv6'
      ? ['ip -6', '/proc/sys/net/ipv6/conf/*/accept_redirects']
      : ['ip -4', `${SETTINGS}/*/accept_redirects`]
  const settings = family === 'ipv6' ? 'redirects6' : 'redirects'
  const route = answersAlone ? NOTHING : defaultRoute(gateway, words, family === 'ipv6' ? 'route6' : 'route')
  const answers = led(need, words)
  return {
    steps: [
      ...shared(
        settings,
        keep(settings, every),
        run(`for setting in ${every}; do echo 0 > "$setting"; done`, 'no redirect leads answers past the director'),
      ),
      ...route.steps,
      ...answers.steps,
    ],
    undo: [...answers.undo, ...route.undo, ...shared(settings, giveBack(settings))],
  }
}

const NOTHING: Steps = { steps: [], undo: [] }
const defaultRoute = (gateway: string, words: string, file: string): Steps => ({
  steps: shared(
    file,
    run(
      `test -e ${FORMER}/${file} || ${words} route show default | head -n 1 | sed 's/ linkdown//' > ${FORMER}/${file}`,
      'the default route as it is, for the way back',
    ),
    run(`${words} route replace default via ${gateway}`, 'answers pass the director, which translates them back'),
  ),
  undo: shared(
    file,
    run(
      `${words} route del default via ${gateway}; if test -s ${FORMER}/${file}; then ${words} route replace $(cat ${FORMER}/${file}); fi; rm ${FORMER}/${file}`,
      'the default route as it was',
    ),
  ),
})

export const linux = {
  title: 'Linux',
  comment: '#',
  tried: ['dr', 'nat'],
  places: true,
  methods: { dr: direct, nat: translated, tun: tunnelled },
} as const
