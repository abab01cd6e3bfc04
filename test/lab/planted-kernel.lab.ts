// lab: topology=default long=yes
/** What somebody does to kernels and disks, again and again or once: what each node says of it. */
import { lab, NODES, sh, VIP } from './harness.ts'
import { everywhere, lines, loop, planted, type Row } from './planting.ts'
import type { Seats } from './witness.ts'

const owner = ({ from }: Seats): string => from
const standby = ({ to }: Seats): string => to
/** The second change may be a slip, and there is one look a second. */
const THIRD = { ms: 7000, why: 'what is put back for the third time is fought over' }
const fought = (what: string, at: (seats: Seats) => string, line: string, words: RegExp): Row => ({
  what: `somebody ${what} again and again`,
  ...loop(at, line),
  said: (seated) => everywhere(NODES, { code: 'fought-over', of: at(seated), words }),
  remembered: true,
  needs: THIRD,
})

const FIGHTS: readonly Row[] = [
  fought("sets a realserver's arp_ignore", () => 'rs1', 'sysctl -qw net.ipv4.conf.all.arp_ignore=0', /arp_ignore/),
  fought("takes a realserver's alias away", () => 'rs2', `ip addr del ${VIP}/32 dev lo`, /10\.11\.0\.10/),
  fought("takes the NAT realserver's default route away", () => 'rs3', 'ip route del default', /default|route/),
  fought('takes the VIP off the owner', owner, `ip addr del ${VIP}/24 dev outside`, /10\.11\.0\.10 on outside/),
  fought('switches forwarding off on the owner', owner, 'sysctl -qw net.ipv4.ip_forward=0', /ip_forward/),
  fought("deletes the standby's service", standby, `ipvsadm -D -t ${VIP}:80`, /10\.11\.0\.10/),
  fought(
    "changes a weight in the standby's table",
    standby,
    `ipvsadm -e -t ${VIP}:80 -r 10.11.0.11:80 -g -w 7`,
    /10\.11\.0\.11/,
  ),
  fought("deletes the standby's rules for NAT", standby, 'nft delete table inet lvsm-nat', /nat|rules/),
]

const stateOf = (node: string): string => `/var/lib/lvsm/${node}`
/** As its agent sees the file system: each process of the lab has mounts of its own. */
async function inAgent(node: string, line: string): Promise<void> {
  const pid = /^\S+\tagent\t(\d+)/m.exec(await lab('pids', node))?.[1] ?? ''
  await sh(`nsenter -t ${pid} -m sh -c ${JSON.stringify(line)}`)
}
const disk = (what: string, at: (seats: Seats) => string, plant: (directory: string) => string): Row => ({
  what: `the state directory of ${what}`,
  plant: (seated) => inAgent(at(seated), plant(stateOf(at(seated)))),
  mend: (seated) => inAgent(at(seated), `umount ${stateOf(at(seated))}`),
  said: (seated) => everywhere(NODES, { code: 'state-not-kept', of: at(seated), words: /cannot be written/ }),
})
const DISKS: readonly Row[] = [
  disk('the standby is read-only', standby, (path) => `mount -t tmpfs -o ro tmpfs ${path}`),
  disk(
    'the owner is full',
    owner,
    (path) => `mount -t tmpfs -o size=64k tmpfs ${path}; cat /dev/zero > ${path}/filler 2>/dev/null; true`,
  ),
]

const STRANGERS: readonly Row[] = [
  {
    what: 'a machine that is no director has the VIP',
    ...lines(() => 'client', `ip addr add ${VIP}/32 dev outside`, `ip addr del ${VIP}/32 dev outside`),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{ code: 'address-conflict', of: from, words: /10\.11\.0\.10/ },
        line: /^impaired: http: \S+ \(ping node 10\.11\.0\.100\) answers for an address of web/,
      }),
    remembered: true,
    needs: { ms: 8000, why: 'the owner asks who else has the address every 5 s' },
  },
  {
    what: 'somebody puts the VIP on the standby',
    ...lines(standby, `ip addr add ${VIP}/24 dev outside`, `ip addr del ${VIP}/24 dev outside`),
    said: ({ to }) =>
      everywhere(NODES, {
        ...{ code: 'stray-address', of: to, words: /10\.11\.0\.10 of group \S+ stands on outside/ },
        next: /ip addr del 10\.11\.0\.10\/24 dev outside/,
      }),
    needs: { ms: 8500, why: 'who takes over, or gives up, has it for moments: it stood for five seconds' },
  },
  {
    what: 'a realserver has the VIP on its interface',
    ...lines(
      () => 'rs2',
      `ip addr add ${VIP}/24 dev outside`,
      `ip addr del ${VIP}/24 dev outside; sysctl -qw net.ipv4.conf.all.arp_ignore=1`,
    ),
    // What its own agent says is the cause: that the owner hears it is not told beside it.
    said: () => everywhere(NODES, { code: 'vip-answers', of: 'rs2', words: /10\.11\.0\.10 stands on outside too/ }),
  },
  {
    what: "a stranger's destination is in the owner's service",
    ...lines(owner, `ipvsadm -a -t ${VIP}:80 -r 10.11.0.77:80 -g -w 1`, `ipvsadm -d -t ${VIP}:80 -r 10.11.0.77:80`),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{
          code: 'foreign-destination',
          of: from,
          words: /10\.11\.0\.77:80 in service .* with 1 of \d+ of the weight/,
        },
        line: /^impaired: http: realservers that nobody checks get 1 of \d+ of the weight \(10\.11\.0\.77:80\)/,
      }),
  },
  {
    what: 'a permanent neighbour entry of the owner leads to nobody in place of a realserver',
    ...lines(
      owner,
      'ip neigh replace 10.11.0.11 lladdr 02:00:00:00:00:99 dev outside nud permanent',
      'ip neigh del 10.11.0.11 dev outside',
    ),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{ code: 'fixed-neighbour', of: from, words: /rs1 \(10\.11\.0\.11\) goes to 02:00:00:00:00:99 on outside/ },
        next: /^on \S+: ip neigh del 10\.11\.0\.11 dev outside/,
        also: [/^not serving: http: rs1 failed/, /^not redundant: .*link outside/],
      }),
    needs: { ms: 6500, why: 'a check fails twice first, and then the table is read' },
  },
  {
    what: 'a packet filter of others on the owner drops all that it forwards',
    ...lines(
      owner,
      "nft add table ip others; nft add chain ip others forward '{ type filter hook forward priority 0; policy drop; }'",
      'nft delete table ip others',
    ),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{ code: 'forward-dropped', of: from, words: /ip others forward drops all/ },
        line: /^not serving: http: .*clients that are sent to rs3 get no answer/,
        also: [/^not serving: http: rs3 failed/],
      }),
    needs: { ms: 6500, why: 'chains of others are read every five seconds' },
  },
  {
    what: 'a packet filter of others on the owner drops what clients send',
    ...lines(
      owner,
      `nft add table inet site; nft add chain inet site in '{ type filter hook input priority 0; }'; nft add rule inet site in ip daddr ${VIP} tcp dport 80 drop`,
      'nft delete table inet site',
    ),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{ code: 'drop-rule', of: from, words: /inet site in of \S+ drops what clients of http send/ },
        ...{ next: /nft delete rule inet site in handle \d+/, line: /^not served: http: a rule of chain inet site in/ },
        also: [/^not serving: /],
      }),
    needs: { ms: 8000, why: 'rules of others are read every five seconds' },
  },
  {
    what: 'a packet filter of others on the owner keeps out the network of its clients',
    ...lines(
      owner,
      "nft add table inet site; nft add chain inet site in '{ type filter hook input priority -5; }'; nft add rule inet site in ip saddr 10.11.0.0/24 tcp dport 80 drop",
      'nft delete table inet site',
    ),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{
          code: 'drop-rule',
          of: from,
          words: /drops part of what clients of http send: all that is from 10\.11\.0\.0\/24/,
        },
        ...{ next: /nft delete rule inet site in handle \d+/, line: /^impaired: http: a rule of chain inet site in/ },
      }),
    needs: { ms: 8000, why: 'rules of others are read every five seconds' },
  },
  {
    what: 'a container of the owner is published on the port of a VIP: a rule sends its clients there',
    ...lines(
      owner,
      "nft add table ip containers; nft add chain ip containers published; nft add chain ip containers prerouting '{ type nat hook prerouting priority -100; }'; nft add rule ip containers published iifname != docker0 tcp dport 80 dnat to 10.12.0.13:8080; nft add rule ip containers prerouting fib daddr type local jump published",
      'nft delete table ip containers',
    ),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{
          code: 'drop-rule',
          of: from,
          words: /ip containers published of \S+ sends elsewhere what clients of http send/,
        },
        line: /^not served: http: a rule of chain ip containers published/,
        also: [/^not serving: /],
      }),
    needs: { ms: 8000, why: 'rules of others are read every five seconds' },
  },
  {
    what: 'a packet filter of a realserver lets in what it names, and not its server',
    ...lines(
      () => 'rs1',
      "nft add table inet site; nft add chain inet site in '{ type filter hook input priority 0; policy accept; }'; nft add rule inet site in ct state established,related accept; nft add rule inet site in iif lo accept; nft add rule inet site in meta l4proto icmp accept; nft add rule inet site in udp dport 1-65535 accept; nft add rule inet site in tcp dport 22 accept; nft chain inet site in '{ policy drop; }'",
      'nft delete table inet site',
    ),
    said: () =>
      everywhere(NODES, {
        ...{
          code: 'drop-rule',
          of: 'rs1',
          words: /the policy of chain inet site in of rs1 drops what comes for the servers of http here/,
        },
        next: /nft insert rule inet site in .*tcp dport 80 accept/,
        also: [/^not serving: http: rs1 failed/],
      }),
    needs: { ms: 8000, why: 'rules of others are read every five seconds' },
  },
  {
    what: 'a packet filter of a realserver refuses the port of its server',
    ...lines(
      () => 'rs1',
      "nft add table inet site; nft add chain inet site in '{ type filter hook input priority 0; }'; nft add rule inet site in tcp dport 80 reject with tcp reset",
      'nft delete table inet site',
    ),
    said: () =>
      everywhere(NODES, {
        ...{
          code: 'drop-rule',
          of: 'rs1',
          words: /inet site in of rs1 refuses what comes for the servers of http here/,
        },
        also: [/^not serving: http: rs1 failed/],
      }),
    needs: { ms: 8000, why: 'rules of others are read every five seconds' },
  },
  {
    what: 'the NAT realserver has another default route',
    ...lines(() => 'rs3', 'ip route replace default via 10.12.0.11', 'ip route del default via 10.12.0.11'),
    said: () => everywhere(NODES, { code: 'foreign-default-route', of: 'rs3', words: /10\.12\.0\.11/ }),
  },
]

planted([...FIGHTS, ...DISKS, ...STRANGERS])
