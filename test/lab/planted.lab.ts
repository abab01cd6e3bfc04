// lab: topology=default long=yes
/** Failures of processes, links and machines: what each node says of them. What others plant (paths, repair, state, ping, services) is not here. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { attempt, lab, NODES, on, sh } from './harness.ts'
import { everywhere, lines, planted, type Row } from './planting.ts'
import type { Said } from './said.ts'
import type { Seats } from './witness.ts'

const VOTER = 'rs1'
const owner = ({ from }: Seats): string => from
const standby = ({ to }: Seats): string => to
const others = (node: string): string[] => NODES.filter((name) => name !== node)
const onAll = (said: (seats: Seats) => Said) => (seated: Seats) => everywhere(NODES, said(seated))
/** A process of a node ends for a while. */
const without = (
  verb: 'kill' | 'freeze',
  at: (seats: Seats) => string,
  process: string,
): Pick<Row, 'plant' | 'mend'> => ({
  plant: (seated) => lab(verb, at(seated), process),
  mend: (seated) => lab(verb === 'kill' ? 'start' : 'thaw', at(seated), process),
})
/** Of one whose agent is silent: how it is, what it could do, and what becomes of its vote. */
const unheardOf = (node: string): RegExp =>
  new RegExp(
    `^(not known: (how ${node} is|who could take web \\(${node}|whether web survives .*${node})|no agent is at work on ${node}$|cannot move: nobody could take web: ${node}: no agent)`,
  )
/** Of a node that hears nobody, or has no lease process: it knows nothing of the others. */
const BLIND = /^not known: /
const deadIs = (node: string): RegExp => new RegExp(`^dead: ${node}$`)
const immovable = (node: string): RegExp => new RegExp(`^cannot move: .*${node}`)
/** A dead one is noticed after deadtime (2 s), and told then. */
const DEADTIME = { ms: 4500, why: 'a node is dead after a deadtime of 2 s' }
/** An agent is silent when it has missed three publications. */
const SILENCE = { ms: 8500, why: 'an agent that says nothing for 6 s is silent' }

/** What a node keeps, spoilt while its agent does not run. */
const spoilt = (name: string, at: (seats: Seats) => string): Pick<Row, 'plant' | 'mend'> => ({
  async plant(seated) {
    const node = at(seated)
    await lab('kill', node, 'agent')
    writeFileSync(`/var/lib/lvsm/${node}/${name}`, 'spoilt')
    await lab('start', node, 'agent')
  },
  async mend(seated) {
    const node = at(seated)
    await lab('kill', node, 'agent')
    await sh(`rm -f /var/lib/lvsm/${node}/${name}*`)
    await lab('start', node, 'agent')
  },
})

/** The process that serves in place of the web server. */
let aside = ''
const PROCESSES: readonly Row[] = [
  {
    what: "the owner's agent is gone",
    ...without('kill', owner, 'agent'),
    said: ({ from }) =>
      everywhere(others(from), {
        ...{ code: 'agent-silent', of: from, line: /not known: the table of http/ },
        also: [unheardOf(from)],
      }),
    needs: SILENCE,
  },
  {
    what: "the owner's agent is gone, then a server dies: nobody shows another table for it",
    plant: async ({ from }) => {
      await lab('kill', from, 'agent')
      await lab('kill', VOTER, 'service')
    },
    mend: async ({ from }) => {
      await lab('start', VOTER, 'service')
      await lab('start', from, 'agent')
    },
    said: ({ from }) =>
      everywhere(others(from), {
        ...{ code: 'agent-silent', of: from, also: [unheardOf(from)] },
        line: new RegExp(`not known: the table of http \\(${from} did not tell it`),
      }),
    needs: SILENCE,
  },
  {
    what: "the standby's agent is gone",
    ...without('kill', standby, 'agent'),
    said: ({ to }) => everywhere(others(to), { code: 'agent-silent', of: to, also: [unheardOf(to)] }),
    needs: SILENCE,
  },
  {
    what: "a realserver's agent is gone",
    ...without('kill', () => VOTER, 'agent'),
    said: () => everywhere(others(VOTER), { code: 'agent-silent', of: VOTER, also: [unheardOf(VOTER)] }),
    needs: SILENCE,
  },
  {
    what: "the standby's agent is frozen",
    ...without('freeze', standby, 'agent'),
    said: ({ to }) => everywhere(others(to), { code: 'agent-silent', of: to, also: [unheardOf(to)] }),
    needs: SILENCE,
  },
  {
    what: "the standby's lease process is gone",
    ...without('kill', standby, 'lease'),
    said: ({ to }) => ({
      ...everywhere(others(to), { line: deadIs(to), also: [immovable(to)] }),
      [to]: { code: 'no-lease-process', of: to, also: [BLIND] },
    }),
    needs: DEADTIME,
  },
  {
    what: "the standby's lease process is frozen",
    ...without('freeze', standby, 'lease'),
    said: ({ to }) => ({
      ...everywhere(others(to), { line: immovable(to), also: [deadIs(to)] }),
      [to]: { code: 'no-lease-process', of: to, also: [BLIND] },
    }),
    needs: DEADTIME,
  },
  {
    what: 'all of a voter is gone',
    ...without('kill', () => VOTER, 'all'),
    said: () => everywhere(others(VOTER), { line: deadIs(VOTER), also: [/^cannot move: web is lost if /] }),
    needs: DEADTIME,
  },
  {
    what: 'a web server is gone',
    ...without('kill', () => VOTER, 'service'),
    said: onAll(() => ({ line: new RegExp(`not serving: .*${VOTER}`) })),
  },
  {
    what: 'all web servers are gone',
    plant: () => Promise.all(['rs1', 'rs2', 'rs3'].map((node) => lab('kill', node, 'service'))),
    mend: () => Promise.all(['rs1', 'rs2', 'rs3'].map((node) => lab('start', node, 'service'))),
    said: onAll(() => ({ line: /^not serving: http: all checks fail, / })),
  },
  {
    what: 'a web server listens at the own address of its realserver alone',
    plant: async () => {
      await lab('kill', VOTER, 'service')
      aside = (await on(VOTER, 'python3 -m http.server 80 --bind 10.11.0.11 >/dev/null 2>&1 & echo $!')).trim()
    },
    mend: async () => {
      await attempt(`kill ${aside}`)
      await lab('start', VOTER, 'service')
    },
    said: onAll(() => ({ code: 'listens-elsewhere', of: VOTER, words: /10\.11\.0\.10:80.*10\.11\.0\.11:80/ })),
    needs: { ms: 5500, why: 'an agent looks at its sockets every 2 s, and twice before it speaks' },
  },
  {
    what: 'the record of what is ours is damaged',
    ...spoilt('agent.owned', standby),
    said: ({ to }) => everywhere(NODES, { code: 'record-damaged', of: to, words: /agent\.owned/ }),
    needs: { ms: 9000, why: 'an agent starts first' },
  },
  {
    what: 'the word on standby is damaged',
    ...spoilt('agent.standby', standby),
    said: ({ to }) => everywhere(NODES, { code: 'word-damaged', of: to, words: /agent\.standby/ }),
    needs: { ms: 9000, why: 'an agent starts first' },
  },
  {
    what: 'anybody may write the configuration file of the standby, which is told to read it',
    plant: async ({ to }) => {
      chmodSync(fileOf(to), 0o666)
      await reloaded(to)
    },
    mend: async ({ to }) => {
      chmodSync(fileOf(to), modes.get(to) ?? 0o600)
      await reloaded(to)
    },
    said: ({ to }) =>
      everywhere(NODES, {
        ...{ code: 'configuration-refused', of: to, words: /others may write .* \(mode 0666\)/ },
        next: new RegExp(`^chmod go-w ${fileOf(to)}$`),
      }),
  },
  {
    what: 'a file with a fault is given to the standby',
    plant: ({ to }) => changed(to, (text) => text.replace('scheduler: wrr', 'scheduler: fastest')),
    mend: ({ to }) => restored(to),
    said: ({ to }) => everywhere(NODES, { code: 'configuration-refused', of: to }),
  },
]

const fileOf = (node: string): string => `/etc/lvsm/${node}.yaml`
const before = new Map(NODES.map((node) => [node, readFileSync(fileOf(node), 'utf8')]))
const modes = new Map(NODES.map((node) => [node, statSync(fileOf(node)).mode & 0o777]))
async function reloaded(node: string): Promise<void> {
  const pid = /^\S+\tagent\t(\d+)/m.exec(await lab('pids', node))?.[1]
  if (pid) await sh(`kill -HUP ${pid}`)
}
async function changed(node: string, change: (text: string) => string): Promise<void> {
  const text = before.get(node) ?? ''
  if (change(text) === text) throw new Error(`nothing is changed in the file of ${node}`)
  writeFileSync(fileOf(node), change(text))
  await reloaded(node)
}
async function restored(node: string): Promise<void> {
  writeFileSync(fileOf(node), before.get(node) ?? '')
  await reloaded(node)
}

/** Of the next word of the odd one, and of one whose change may be on its way, which it is for four seconds. */
const ON_ITS_WAY = { ms: 8000, why: 'a change is on its way for 4 s' }
/** At the odd one: where it has other addresses, the owner's table says nothing of its own. */
const OTHERWISE = [/^not known: the table of http /]
const odd = (what: string, fields: RegExp, line: RegExp, change: (text: string) => string): Row => ({
  what: `the standby has another ${what}`,
  plant: ({ to }) => changed(to, change),
  mend: ({ to }) => restored(to),
  said: ({ to, from }) => ({
    ...everywhere([from, VOTER], { code: 'disagreement', of: to, words: fields, line }),
    [to]: { code: 'disagreement', of: to, words: fields, line, also: OTHERWISE },
  }),
  needs: ON_ITS_WAY,
})
/** It would serve by its own if the owner died, and no operator moves the group there. */
const SWITCHED = /^cannot move: a switchover of web is refused \(/
const CONFIGURATIONS: readonly Row[] = [
  odd('scheduler', /schedulers/, SWITCHED, (text) => text.replace('scheduler: wrr', 'scheduler: rr')),
  odd('port of a realserver', /realservers/, SWITCHED, (text) => text.replace(/port: 8080/, 'port: 8081')),
  odd('VIP', /addresses/, /^cannot move: nobody could take web: /, (text) =>
    text
      .replaceAll('10.11.0.10/24', '10.11.0.20/24')
      .replaceAll('address: 10.11.0.10,', 'address: 10.11.0.20,')
      .replaceAll(/address: 10\.11\.0\.10$/gm, 'address: 10.11.0.20'),
  ),
  {
    what: 'the standby has another key',
    plant: async ({ to }) => {
      await lab('kill', to, 'all')
      writeFileSync(fileOf(to), (before.get(to) ?? '').replace(/secret: "?[0-9a-f]+"?/, `secret: "${'5a'.repeat(32)}"`))
      await lab('start', to, 'all')
    },
    mend: async ({ to }) => {
      await lab('kill', to, 'all')
      writeFileSync(fileOf(to), before.get(to) ?? '')
      await lab('start', to, 'all')
    },
    said: ({ to, from }) => ({
      ...everywhere([from, VOTER], {
        ...{ code: 'peer-unbelieved', of: from, words: new RegExp(to) },
        also: [unheardOf(to)],
      }),
      [to]: { code: 'all-unbelieved', of: to, also: [BLIND] },
    }),
    needs: { ms: 12_000, why: 'both processes start first' },
  },
]

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
    plant: ({ from, to }) => lab('oneway', from, to, 'inside'),
    mend: () => lab('rejoin'),
    said: ({ from, to }) => everywhere(NODES, { code: 'link-silent', of: to, words: new RegExp(`inside.*${from}`) }),
    needs: { ms: 4500, why: 'a link is silent after a deadtime of 2 s' },
  },
  {
    what: 'the standby is deaf to the owner over all links',
    plant: ({ from, to }) => lab('oneway', from, to),
    mend: () => lab('rejoin'),
    said: ({ from, to }) =>
      everywhere([from, VOTER], { code: 'one-way', words: new RegExp(`${to} does not hear ${from}`) }),
    needs: { ms: 6500, why: 'a deadtime of 2 s, and the next word of who is deaf' },
  },
  {
    what: 'a rule sends what a realserver says to the owner to a wrong gateway',
    ...lines(
      () => 'rs2',
      'ip route add blackhole default table 99; ip rule add priority 99 to 10.12.0.1 lookup 99; ip rule add priority 98 to 10.12.0.2 lookup 99; ip rule add priority 97 to 10.11.0.1 lookup 99; ip rule add priority 96 to 10.11.0.2 lookup 99',
      'for priority in 96 97 98 99; do ip rule del priority $priority; done; ip route flush table 99',
    ),
    said: ({ from, to }) => ({
      rs2: { code: 'one-way', words: /(dir1|dir2) does not hear rs2/, also: [/^(not|cannot)/] },
      ...everywhere([from, to], {
        code: 'heard-by-others',
        words: /does not hear rs2, which rs1/,
        also: [/^(not|cannot|dead)/],
      }),
    }),
    needs: { ms: 12_000, why: 'a deadtime of 2 s, and 6 s in which others may not know it either' },
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
      everywhere([from, VOTER], { line: immovable(to), also: [new RegExp(`^not redundant: .*${to} does not hear`)] }),
    needs: { ms: 6500, why: 'a deadtime of 2 s, and the next word of who is deaf' },
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
        ...{ code: 'link-down', of: 'rs2', words: /inside|10\.12\.0\.12/ },
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

planted([...PROCESSES, ...CONFIGURATIONS, ...LINKS])
