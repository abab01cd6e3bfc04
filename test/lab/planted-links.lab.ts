// lab: topology=default long=yes
/** Failures of links and machines: what each node says of them. */
import { attempt, lab, NODES, on, sh } from './harness.ts'
import { everywhere, lines, planted, type Row } from './planting.ts'
import type { Said } from './said.ts'
import { DEADTIME, deadIs, immovable, others, owner, standby, unheardOf, VOTER } from './seated.ts'

/** To what is said from these addresses. What asks for addresses gets through: else the deaf one soon could not speak there either. */
const deafen = (node: string, addresses: readonly string[]): Promise<unknown> =>
  on(
    node,
    `nft 'table ip deaf { chain one { type filter hook input priority -300; ip saddr { ${addresses.join(', ')} } drop; }; }'`,
  )
const hearAgain = (node: string): Promise<unknown> => attempt(`ip netns exec ${node} nft delete table ip deaf`)

const noWay = (of: string, words: RegExp, next: RegExp): Said => ({
  ...{ code: 'no-way', of, words, next },
  also: [/^not serving: http: rs1 failed/, /^not redundant: .*link outside/],
})
const LINKS: readonly Row[] = [
  {
    what: 'the standby has no power',
    plant: ({ to }) => lab('power-cut', to),
    mend: ({ to }) => lab('power-on', to),
    said: ({ to }) => everywhere(others(to), { line: deadIs(to), also: [immovable(to)] }),
    needs: DEADTIME,
  },
  {
    what: 'a realserver has no power',
    plant: () => lab('power-cut', 'rs2'),
    mend: () => lab('power-on', 'rs2'),
    said: () => everywhere(others('rs2'), { line: deadIs('rs2'), also: [/^not serving: http: rs2 failed/] }),
    needs: DEADTIME,
  },
  {
    what: "the standby's interface to the clients is down",
    ...lines(standby, 'ip link set outside down', 'ip link set outside up'),
    said: ({ to }) =>
      everywhere(NODES, {
        ...{ code: 'interface-down', of: to, words: /outside/, line: immovable(to) },
        also: [/^not redundant: .*(link outside|ping node)/],
      }),
  },
  {
    what: "a realserver's interface inside is down",
    ...lines(() => VOTER, 'ip link set inside down', 'ip link set inside up'),
    said: () =>
      everywhere(others('rs3'), {
        ...{ code: 'link-down', of: VOTER, words: /^interface inside is down, needed for heartbeat link inside/ },
        next: /ip link set inside up/,
        also: [/^not redundant: .*link inside/, unheardOf('rs3')],
      }),
  },
  {
    what: "the standby's cable inside is out",
    plant: ({ to }) => lab('unplug', to, 'inside'),
    mend: ({ to }) => lab('plug', to, 'inside'),
    // One that is on this network alone hears of it by the others.
    said: ({ to }) => ({
      ...everywhere(others('rs3'), {
        ...{ code: 'interface-down', of: to, words: /inside/ },
        also: [immovable(to), /^not redundant: .*link inside/, unheardOf('rs3')],
      }),
      rs3: {
        ...{ code: 'link-silent', words: new RegExp(`inside nothing comes from ${to}`) },
        also: [unheardOf(to), /^not redundant: .*link inside/, immovable(to), /^1 critical trouble$/],
      },
    }),
  },
  {
    what: '60 % of the packets are lost at the standby, both ways',
    plant: ({ to }) => lab('loss', '60', to),
    mend: ({ to }) => lab('loss', '0', to),
    // What its word comes through is lost, too: who hears it at all is not asked of all.
    said: ({ from, to }) => ({
      [from]: {
        code: 'lossy-link',
        words: new RegExp(`% of what ${to} sends to ${from}`),
        also: [/^(not|cannot|dead)/],
      },
    }),
    needs: { ms: 12_000, why: 'loss is measured over 20 s, and begins at a fifth of that' },
  },
  {
    what: 'the standby is deaf to the owner over one link',
    plant: ({ from, to }) => deafen(to, [`10.12.0.${from.slice(-1)}`]),
    mend: ({ to }) => hearAgain(to),
    said: ({ from, to }) => {
      const words = new RegExp(
        `drops heartbeats that come over link inside: .*10\\.12\\.0\\.${from.slice(-1)} \\(${from}\\)`,
      )
      return everywhere(NODES, { code: 'drop-rule', of: to, words })
    },
    needs: { ms: 8000, why: 'rules of others are read every 5 s' },
  },
  {
    what: 'the standby is deaf to the owner over all links',
    plant: ({ from, to }) => deafen(to, [`10.12.0.${from.slice(-1)}`, `10.11.0.${from.slice(-1)}`]),
    mend: ({ to }) => hearAgain(to),
    said: ({ from, to }) => {
      const words = new RegExp(`drops heartbeats that come over link inside, outside: .*\\(${from}\\)`)
      return everywhere([from, VOTER], { code: 'drop-rule', of: to, words })
    },
    needs: { ms: 8000, why: 'rules of others are read every 5 s' },
  },
  {
    what: 'a rule sends what a realserver says to the owner to a wrong gateway',
    ...lines(
      () => 'rs2',
      'ip route add blackhole default table 99; ip rule add priority 99 to 10.12.0.1 lookup 99; ip rule add priority 98 to 10.12.0.2 lookup 99; ip rule add priority 97 to 10.11.0.1 lookup 99; ip rule add priority 96 to 10.11.0.2 lookup 99',
      'for priority in 96 97 98 99; do ip rule del priority $priority; done; ip route flush table 99',
    ),
    said: ({ from, to }) => ({
      rs2: {
        ...{ code: 'link-no-way', of: 'rs2', words: /no way to 10\..*: route blackhole default in table 99/ },
        ...{ next: /ip route del blackhole default table 99/, also: [/^(not|cannot)/] },
      },
      ...everywhere([from, to], {
        code: 'heard-by-others',
        words: /does not hear rs2, which rs1/,
        also: [/^(not|cannot|dead)/],
      }),
    }),
    needs: { ms: 8000, why: 'a deadtime of 2 s, 2 s in which others may not know it either, and their next word' },
  },
  {
    what: 'a rule of a realserver sends all that leaves from its own address to a wrong gateway',
    ...lines(
      () => 'rs3',
      'ip route add default via 10.12.0.99 dev inside table 99; ip rule add priority 98 from 10.12.0.13 lookup 99',
      'ip rule del priority 98; ip route flush table 99',
    ),
    // Nobody hears what it says of itself.
    said: () => ({
      rs3: {
        ...{
          code: 'link-no-way',
          of: 'rs3',
          words:
            /rule 98 \(from 10\.12\.0\.13 lookup 99\) sends it to gateway 10\.12\.0\.99, and nothing arrives; no other voter or director hears rs3/,
        },
        ...{ next: /ip rule del pref 98/, also: [/^(not|cannot)/] },
      },
      ...everywhere(others('rs3'), { line: deadIs('rs3'), also: [/^not serving: http: rs3 failed/] }),
    }),
    needs: { ms: 8000, why: 'a deadtime of 2 s, 2 s in which others may not know it either, and their next word' },
  },
  {
    what: 'a rule of the owner prohibits what goes to a realserver',
    ...lines(owner, 'ip rule add pref 90 to 10.11.0.11 prohibit', 'ip rule del pref 90'),
    said: ({ from }) => everywhere(NODES, noWay(from, /\(rs1\): rule 90 prohibits it/, /ip rule del pref 90/)),
    needs: { ms: 3500, why: 'it stood for a second, and was looked at again' },
  },
  {
    what: 'a route of the owner throws away what goes to a realserver',
    ...lines(owner, 'ip route add blackhole 10.11.0.11', 'ip route del blackhole 10.11.0.11'),
    said: ({ from }) =>
      everywhere(NODES, noWay(from, /\(rs1\): route blackhole 10\.11\.0\.11 in table main/, /ip route del blackhole/)),
    needs: { ms: 3500, why: 'it stood for a second, and was looked at again' },
  },
  {
    what: "the owner's interface outside carries smaller packets than the others",
    ...lines(owner, 'ip link set outside mtu 576', 'ip link set outside mtu 1500'),
    said: ({ from }) =>
      everywhere(NODES, {
        ...{ code: 'mtu-differs', of: from, words: /outside of .* carries packets of 576 bytes/ },
        next: /ip link set outside mtu 1500/,
      }),
    needs: { ms: 10_500, why: 'who sets it on all nodes has eight seconds for the first of them' },
  },
  {
    what: 'the standby and the third voter do not hear each other',
    plant: ({ to }) => lab('partition', to, VOTER),
    mend: () => lab('rejoin'),
    said: ({ from, to }) => ({
      [from]: { line: immovable(to) },
      [to]: { line: immovable(to), also: [unheardOf(VOTER)] },
    }),
    needs: { ms: 6500, why: 'a deadtime of 2 s, and the next word of who is deaf' },
  },
  {
    what: 'a filter on the standby drops all heartbeats that come in',
    ...lines(
      standby,
      "nft 'table inet planted { chain one { type filter hook input priority -300; udp dport 6940 drop; }; }'",
      'nft delete table inet planted',
    ),
    said: ({ from, to }) =>
      everywhere([from, VOTER], {
        ...{ code: 'cut-off', of: to, words: /drops heartbeats that come over link inside, outside/ },
        also: [immovable(to), new RegExp(`^not redundant: .*${to} does not hear`)],
      }),
    needs: { ms: 8000, why: 'rules of others are read every 5 s' },
  },
  {
    what: 'a filter on the standby drops the network of a link',
    ...lines(
      standby,
      "nft 'table inet planted { chain one { type filter hook input priority -300; ip saddr 10.12.0.0/24 drop; }; }'",
      'nft delete table inet planted',
    ),
    said: ({ from, to }) =>
      everywhere([from, VOTER], {
        ...{
          code: 'drop-rule',
          of: to,
          words: /drops .*heartbeats that come over link inside: all that is from 10\.12\.0\.0\/24/,
        },
        also: [/^not redundant: /, /^not serving: /, /^cannot move: /],
      }),
    needs: { ms: 8000, why: 'rules of others are read every 5 s' },
  },
  {
    what: 'a node listens on one link less',
    plant: async () => {
      await lab('kill', 'rs2', 'lease')
      await sh('ip -n rs2 addr del 10.12.0.12/24 dev inside')
      await lab('start', 'rs2', 'lease')
    },
    mend: async () => {
      await attempt('ip -n rs2 addr add 10.12.0.12/24 dev inside')
      await lab('crash', 'rs2', 'lease')
    },
    said: () => ({
      ...everywhere(others('rs3'), {
        ...{ code: 'link-address-gone', of: 'rs2', words: /10\.12\.0\.12 of heartbeat link inside/ },
        also: [/^not redundant: .*link inside/, unheardOf('rs3')],
      }),
      rs3: {
        ...{ code: 'link-silent', words: /inside nothing comes from rs2/ },
        also: [/^not redundant: .*link inside/, unheardOf('rs2')],
      },
    }),
    needs: { ms: 8000, why: 'the lease process starts first' },
  },
  {
    what: 'the standby does not reach the ping node',
    ...lines(
      standby,
      "nft 'table ip planted { chain one { type filter hook output priority 0; icmp type echo-request drop; }; }'",
      'nft delete table ip planted',
    ),
    said: ({ to }) => everywhere(NODES, { code: 'ping-unreached', of: to, words: /10\.11\.0\.100/ }),
    needs: { ms: 5500, why: 'three pings a second apart are not answered' },
  },
  {
    what: 'somebody of the cluster speaks no language of ours',
    ...lines(
      () => 'rs2',
      "bash -c 'for i in $(seq 20); do echo rubbish > /dev/udp/10.12.0.1/6940; sleep 0.1; done'",
      'true',
    ),
    said: () =>
      everywhere(['dir1', 'dir2'], {
        code: 'dropped',
        of: 'dir1',
        words: /with the address of rs2: not of this protocol version/,
      }),
    remembered: true,
  },
]

planted(LINKS)
