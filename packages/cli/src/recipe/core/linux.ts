/** Linux: by `ip` and /proc, in any shell; settings before the address, and the other way round when it goes (packages/plan/TRAPS.md, rows 1 to 5). */
import { MARKS } from '@lvsm/base'
import { hostPrefix, tunnelDeviceName, tunnelOver, TUNNELS } from '@lvsm/model'
import { type Answer, type Need, run, type Step, type Steps } from './recipe.ts'

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

const add = (vip: string): Step =>
  vip.includes(':')
    ? run(
        `ip address replace ${vip}/128 dev lo nodad preferred_lft 0`,
        'the VIP, for this machine alone, and never as a source by itself',
      )
    : run(
        `ip address replace ${vip}/${hostPrefix(vip)} dev lo scope host`,
        'the VIP, for this machine alone: no network by its mask',
      )
const remove = (vip: string): Step => run(`ip address del ${vip}/${hostPrefix(vip)} dev lo`, 'the VIP goes first')

/** Nobody asks for IPv6 by ARP, and what is on lo no Linux answers for on another interface. */
function direct({ vips, family }: Pick<Need, 'vips' | 'family'>): Steps {
  const silent = family === 'ipv4'
  return {
    steps: [
      ...(silent
        ? [
            keep('arp', `${SETTINGS}/*/arp_ignore ${SETTINGS}/*/arp_announce`),
            run(
              `for setting in ${SETTINGS}/*/arp_ignore; do echo 1 > "$setting"; done`,
              'no answer for what is on lo, before anything is there',
            ),
            run(
              `for setting in ${SETTINGS}/*/arp_announce; do echo 2 > "$setting"; done`,
              'no question that names the VIP as its sender',
            ),
          ]
        : []),
      ...vips.map(add),
    ],
    undo: [...vips.map(remove), ...(silent ? [giveBack('arp')] : [])],
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
          `ip address add ${MARKS.deviceAddress}/32 dev ${name} scope host`,
          'a loose rp_filter counts only where the device has an address',
        ),
        run(`echo 2 > ${SETTINGS}/${name}/rp_filter`, 'the way back to clients is not the tunnel'),
      ]

function tunnelled(need: Need): Answer {
  const { tunnel = 'ipip', tunnelPort, vips, directors, own, family } = need
  const { device, module, overhead } = tunnelOver(tunnel, family)
  const remotes = directors.filter((address) => address.includes(':') === (family === 'ipv6'))
  // As the agent calls them, so that a machine that gets one later keeps nothing that is in its way.
  const names = remotes.map((remote) => tunnelDeviceName(tunnel, remote))
  const [ip, headers, v6] = family === 'ipv6' ? (['ip6', 60, ' -6'] as const) : (['ip', 40, ''] as const)
  const { steps, undo } = direct(need)
  const [first = ''] = own
  return {
    steps: [
      run(`modprobe ${module}`, `the module of ${TUNNELS[tunnel].title}`),
      ...(tunnelPort === undefined
        ? []
        : [run(`ip fou add port ${tunnelPort} gue${v6}`, 'what comes to this UDP port is unwrapped')]),
      run(
        `nft -f - <<'EOF'\ntable inet lvsm-recipe {\n  chain tunnels {\n    type filter hook prerouting priority -300;\n    iifname { ${names.map((name) => `"${name}"`).join(', ')} } ${ip} daddr != { ${vips.join(', ')} } counter drop\n  }\n  chain clamp-mss {\n    type filter hook output priority -150;\n    ${ip} saddr { ${vips.join(', ')} } tcp flags syn tcp option maxseg size set ${1500 - overhead - headers}\n  }\n}\nEOF`,
        'out of a tunnel comes nothing but packets to the VIP, and clients are told of segments that fit into it',
      ),
      ...steps,
      ...remotes.flatMap((remote, at): Step[] => [
        run(
          `ip link add ${names[at]} type ${device}${device === 'ip6tnl' ? ' mode ip6ip6' : ''} local any remote ${remote}`,
          `unwraps what the director at ${remote} sends, and nobody else`,
        ),
        ...opened(names[at] ?? '', family),
        run(`ip link set ${names[at]} up`, 'from here on packets come'),
      ]),
      run(
        `ip route get ${remotes[0] ?? first} > /dev/null`,
        'the director is reached; answers to clients need a way of their own that lets the VIP out as source',
      ),
    ],
    undo: [
      ...names.map((name) => run(`ip link del ${name}`, 'nothing is unwrapped any more')),
      ...(tunnelPort === undefined ? [] : [run(`ip fou del port ${tunnelPort}${v6}`, 'nor taken at its UDP port')]),
      ...undo,
      run('nft delete table inet lvsm-recipe', 'the rules go after what they guard'),
    ],
  }
}

function translated({ gateway, family, oneNetwork }: Need): Answer {
  if (gateway === null) return { refused: 'NAT needs a gateway in the group' }
  const [words, every] =
    family === 'ipv6'
      ? ['ip -6', '/proc/sys/net/ipv6/conf/*/accept_redirects']
      : ['ip -4', `${SETTINGS}/*/accept_redirects`]
  const [file, settings] = family === 'ipv6' ? ['route6', 'redirects6'] : ['route', 'redirects']
  return {
    steps: [
      keep(settings, every),
      run(`for setting in ${every}; do echo 0 > "$setting"; done`, 'no redirect leads answers past the director'),
      run(
        `test -e ${FORMER}/${file} || ${words} route show default | head -n 1 | sed 's/ linkdown//' > ${FORMER}/${file}`,
        'the default route as it is, for the way back',
      ),
      run(`${words} route replace default via ${gateway}`, 'answers pass the director, which translates them back'),
      ...(oneNetwork === null ? [] : around(gateway, oneNetwork, words, file)),
    ],
    undo: [
      ...(oneNetwork === null
        ? []
        : [
            run(`${words} route replace $(cat ${FORMER}/${file}-link)`, 'the network is reached straight again'),
            run(`rm ${FORMER}/${file}-link`, 'it is done'),
          ]),
      run(
        `${words} route del default via ${gateway}; if test -s ${FORMER}/${file}; then ${words} route replace $(cat ${FORMER}/${file}); fi; rm ${FORMER}/${file}`,
        'the default route as it was',
      ),
      ...(oneNetwork === null
        ? []
        : [run(`${words} route del ${gateway}`, 'the gateway is reached as everybody there')]),
      giveBack(settings),
    ],
  }
}

/** Row 5: whoever is in the same network is answered straight, which the client does not know as an answer of the VIP. */
const around = (gateway: string, network: string, words: string, file: string): Step[] => [
  run(
    `test -e ${FORMER}/${file}-link || ${words} route show ${network} | head -n 1 > ${FORMER}/${file}-link`,
    'clients of the VIP are in this very network',
  ),
  run(
    `dev=$(${words} -o route get ${gateway} | sed 's/.* dev \\([^ ]*\\).*/\\1/'); ${words} route replace ${gateway} dev "$dev"; ${words} route replace default via ${gateway} dev "$dev"; test -z "$(${words} route show ${network})" || ${words} route del ${network} dev "$dev"`,
    'so all but the gateway is reached through it',
  ),
]

export const linux = {
  title: 'Linux',
  comment: '#',
  tried: ['dr', 'nat'],
  methods: { dr: direct, nat: translated, tun: tunnelled },
} as const
