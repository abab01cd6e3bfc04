// lab: topology=default long=yes
/** What is everyday raises nothing: moves, standby, changes of the configuration, things of others beside ours. Starts: `restarts.lab`. */
import { checkConfig } from '@lvsm/model'
import { type Everyday, everyday, quiet, reported } from './everyday.ts'
import { attempt, demand, lab, on, sh, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { asked, seats, served } from './witness.ts'

type Change = readonly [string, (text: string) => string]
/** One after the other, and back. */
const changes: readonly Change[] = [
  ['another scheduler', (text) => text.replace('scheduler: wrr', 'scheduler: wlc')],
  ['another weight', (text) => text.replace('weight: 1', 'weight: 3')],
  ['other checks', (text) => text.replace('interval: 500ms', 'interval: 700ms')],
  ['another fall', (text) => text.replace('fall: 2', 'fall: 3')],
  ['another rise', (text) => text.replace(/rise: \d+/, 'rise: 3')],
  ['persistence', (text) => text.replace('scheduler: wrr', 'scheduler: wrr\n    persistence: 60s')],
]
/** While they are under way nodes differ in what counts for a move, or a realserver is to serve and does not yet: the head says so. */
const onTheirWay: readonly Change[] = [
  ['a realserver of weight 0', (text) => text.replace('weight: 1', 'weight: 0')],
  ['a longer drain', (text) => text.replace('drain: 500ms', 'drain: 600ms')],
]
/** One that is refused, or is none, would prove nothing. */
function accepted(what: string, before: string, after: string): string {
  demand(after !== before, `${what}: nothing is changed`)
  const { refusals } = checkConfig(after)
  demand(!refusals, `${what}: ${JSON.stringify(refusals)}`)
  return after
}
const changing = (what: string, all: readonly Change[], head: boolean): Everyday => ({
  what,
  head,
  async work(reached) {
    for (const [change, made] of all) {
      const undo = await rewrite((text) => accepted(change, text, made(text)))
      try {
        await reached(change)
      } finally {
        await undo()
      }
      await reached(`no ${change} any more`)
    }
  },
})

/** Somebody else's, beside ours. */
const besides: readonly (readonly [string, string, string, string])[] = [
  [
    'a second default route',
    'rs3',
    'ip route add default via 10.12.0.1 metric 500',
    'ip route del default via 10.12.0.1 metric 500',
  ],
  ['a route to elsewhere', 'rs3', 'ip route add 198.51.100.0/24 via 10.12.0.11', 'ip route del 198.51.100.0/24'],
  ['an address', 'rs1', 'ip addr add 192.0.2.7/32 dev lo', 'ip addr del 192.0.2.7/32 dev lo'],
  [
    'a table of rules',
    'dir1',
    "nft 'add table inet foreign; add chain inet foreign own'",
    'nft delete table inet foreign',
  ],
  [
    'a rule of theirs',
    'dir1',
    "nft 'table inet theirs { chain in { type filter hook input priority 0; tcp dport 23 drop; }; }'",
    'nft delete table inet theirs',
  ],
  [
    'a rule that translates',
    'dir2',
    "nft 'table ip theirs { chain out { type nat hook postrouting priority 100; ip saddr 172.17.0.0/16 masquerade; }; }'",
    'nft delete table ip theirs',
  ],
  [
    'a bridge of containers',
    'rs2',
    'ip link add theirs type bridge; ip addr add 172.17.0.1/16 dev theirs; ip link set theirs up',
    'ip link del theirs',
  ],
  ['a dummy', 'dir1', 'ip link add theirs type dummy; ip link set theirs up', 'ip link del theirs'],
  ['a policy route', 'rs1', 'ip rule add from 198.51.100.7 lookup 100 pref 900', 'ip rule del pref 900'],
  [
    'a neighbour',
    'dir2',
    'ip neigh add 10.11.0.99 lladdr 02:00:00:00:00:99 dev outside nud permanent',
    'ip neigh del 10.11.0.99 dev outside',
  ],
  ['another queueing discipline', 'rs3', 'tc qdisc replace dev inside root pfifo', 'tc qdisc del dev inside root'],
  ['a service of IPVS', 'dir2', 'ipvsadm -A -t 10.11.0.99:8080 -s rr', 'ipvsadm -D -t 10.11.0.99:8080'],
  [
    'an address on an interface',
    'dir2',
    'ip addr add 10.11.0.77/24 dev outside',
    'ip addr del 10.11.0.77/24 dev outside',
  ],
]
/** What is ours, changed once: it is put back, and told as an event. */
const once: readonly (readonly [string, string])[] = [
  ['rs1', `ip addr del ${VIP}/32 dev lo`],
  ['rs3', 'ip route del default'],
  ['dir1', 'sysctl -qw net.ipv4.ip_forward=0'],
  ['dir2', `ipvsadm -d -t ${VIP}:80 -r 10.11.0.11:80`],
  ['rs2', 'sysctl -qw net.ipv4.conf.all.arp_announce=0'],
]

const EVERYDAY: readonly Everyday[] = [
  {
    what: 'requests, one after the other and many at once',
    head: true,
    async work(reached) {
      await served()
      await reached('a client was served')
      await Promise.all(Array.from({ length: 5 }, asked))
      await reached('five clients were')
      await attempt(`ip netns exec client bash -c 'exec 3<>/dev/tcp/${VIP}/80; sleep 2'`)
      await reached('one opened a connection and said nothing')
    },
  },
  {
    what: 'switchover, there and back',
    head: false,
    async work(reached) {
      for (let times = 0; times < 3; times++) {
        const { group, to } = await seats()
        await sh(`lvsm switchover ${group} ${to}`)
        await reached(`${to} owns it`)
      }
    },
  },
  {
    what: 'standby of either director, and its end',
    head: false,
    async work(reached) {
      for (const node of ['dir1', 'dir2']) {
        await sh(`lvsm standby on ${node}`)
        await reached(`${node} is on standby`)
        await sh(`lvsm standby off ${node}`)
        await until(async () => (await status()).nodes.every(({ standby }) => !standby), 10_000, 'it is over')
        await reached(`${node} is off standby`)
      }
    },
  },
  changing('changes of the configuration', changes, true),
  changing('changes that take a moment', onTheirWay, false),
  {
    what: 'things of others beside ours',
    head: true,
    async work(reached) {
      for (const [what, node, plant, mend] of besides) {
        await on(node, plant)
        try {
          await reached(`${what} on ${node}`)
        } finally {
          await on(node, mend)
        }
        await reached(`no ${what} on ${node} any more`)
      }
    },
  },
  {
    what: 'what is ours, changed once',
    head: false,
    async work(reached) {
      for (const [node, line] of once) {
        await on(node, line)
        await reached(`${line} on ${node}`)
      }
    },
  },
  {
    what: 'a wall clock a day ahead, and back',
    head: true,
    async work(reached) {
      const set = (offset: string): Promise<string> => sh(`date -s "$(date -d '${offset}' '+%F %T')"`)
      await set('+1 day')
      try {
        await reached('the clock is a day ahead')
      } finally {
        await set('-1 day')
      }
      await reached('the clock is back')
    },
  },
  {
    what: 'frames that take a while',
    head: true,
    // What makes them late stands on the nodes' own interfaces.
    told: new Set(['qdisc-harm']),
    async work(reached) {
      await lab('delay', '10')
      await reached('each frame takes 10 ms', true)
      await lab('delay', '0')
      await quiet()
    },
  },
]

for (const one of EVERYDAY) everyday(one)
reported(60)
