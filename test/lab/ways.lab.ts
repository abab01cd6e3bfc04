// lab: topology=ways
/**
 * Every forwarding method with TCP, UDP, single packets, several ports and SCTP, over IPv4 and IPv6, by every scheduler: who answers, in
 * which row of IPVS, and by which way packets went. A sample in `npm test`, the whole product when the file is named.
 */
import { parse, stringify } from 'yaml'
import { BATCHES, type Combination, combinations } from './combinations.ts'
import {
  addressOf,
  insideOf,
  insidePort,
  nameOf,
  networksOf,
  portsOf,
  type Server,
  serversOf,
  serviceOf,
} from './combinations.ts'
import { translates, vipOf, wire } from './combinations.ts'
import { answers, serves } from './echo.ts'
import { attempt, demand, figure, on, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { inSoak, scenario } from './scenario.ts'
import { associations, streaming } from './streams.ts'
import { counted } from './tunnelled.ts'
import { seats, whole } from './witness.ts'

const SERVERS: readonly Server[] = ['rs1', 'rs2', 'rs3']
const ASKED = 4
const SETTLED_MS = 30_000
/** The kernel's own word for each method (ipvsadm -Ln). */
const ROWS = { dr: 'Route', nat: 'Masq', fullnat: 'Masq', ipip: 'Tunnel', gre: 'Tunnel', gue: 'Tunnel' } as const
/** Schedulers by which one client alone comes to every realserver. */
const IN_TURN: ReadonlySet<string> = new Set(['rr', 'wrr'])

interface Written {
  revision: number
  services: object[]
}
const withAll =
  (all: readonly Combination[]) =>
  (text: string): string => {
    const file = parse(text) as Written
    return stringify({ ...file, revision: file.revision + 1, services: [...file.services, ...all.map(serviceOf)] })
  }

/** What listens on one realserver for these: where it has the VIP there, where it answers as itself on its own address. */
async function listening(node: Server, all: readonly Combination[]): Promise<readonly (() => void)[]> {
  const own = all.filter((one) => serversOf(one).includes(node))
  const host = (one: Combination): string => (translates(one) ? addressOf(one, node) : vipOf(one.family))
  const ports = (which: 'tcp' | 'udp', where?: string): number[] => [
    ...new Set(
      own
        .filter((one) => wire(one) === which && (where === undefined || host(one) === where))
        .flatMap((one) => (one.traffic === 'marked' ? portsOf(one) : [insidePort(one)])),
    ),
  ]
  const streams = own.filter((one) => wire(one) === 'sctp').map((one) => `${host(one)},${insidePort(one)}`)
  const hosts = [...new Set(own.filter((one) => wire(one) === 'udp').map(host))]
  const servers = await Promise.all(
    [
      { tcp: ports('tcp'), udp: [], addresses: [] },
      ...hosts.map((address) => ({ tcp: [], udp: ports('udp', address), addresses: [address] })),
    ].map((what) => serves(node, what)),
  )
  return [...servers, ...(streams.length === 0 ? [] : [await streaming(node, streams)])]
}

/** Who answered each combination, by the clients of both kinds at the same time. */
async function asked(all: readonly Combination[]): Promise<Map<Combination, string[]>> {
  const by = (wanted: readonly Combination[], heard: readonly string[][]) =>
    wanted.map((one, at) => [one, heard[at] ?? []] as const)
  const streams = all.filter((one) => wire(one) === 'sctp')
  const others = all.filter((one) => wire(one) !== 'sctp')
  const [greeted, answered] = await Promise.all([
    associations(
      streams.map(({ family, port }) => ({
        ...{ own: networksOf(family).client, address: vipOf(family) },
        ...{ port, count: ASKED },
      })),
    ),
    answers(
      others.map((one) => ({
        ...{ protocol: wire(one) === 'udp' ? 'udp' : 'tcp', address: vipOf(one.family) },
        ...{ ports: portsOf(one), count: ASKED },
      })),
    ),
  ])
  return new Map([...by(streams, greeted), ...by(others, answered)])
}

type Counts = Readonly<Record<string, number>>
interface Witness {
  readonly node: string
  readonly what: string
  readonly rule: string
}
const DIRECTORS = ['dir1', 'dir2'] as const

/** Packets of one combination, as nodes see them first. */
function witnesses(one: Combination): Witness[] {
  const { client } = networksOf(one.family)
  const [ip, vip, speaks] = [one.family === 4 ? 'ip' : 'ip6', vipOf(one.family), wire(one)]
  const ports = one.traffic === 'marked' ? `{ ${portsOf(one).join(', ')} }` : String(insidePort(one))
  const to = `${speaks} dport ${ports}`
  const [wire0, tunnel] = ['meta iifname { "outside", "inside" }', 'meta iifname != { "outside", "inside", "lo" }']
  const seen = (node: string, what: string, rule: string): Witness => ({ node, what: `${what} ${nameOf(one)}`, rule })
  return serversOf(one).flatMap((node) => {
    const own = `${ip} daddr ${addressOf(one, node)} ${to}`
    const answers = `${ip} saddr ${translates(one) ? addressOf(one, node) : vip} ${speaks} sport ${ports}`
    return [
      ...DIRECTORS.map((director) => seen(director, `${node} answers`, answers)),
      seen(node, 'plain', `${wire0} ${ip} daddr ${vip} ${to}`),
      seen(node, 'unwrapped', `${tunnel} ${ip} daddr ${vip} ${to}`),
      seen(node, 'of the client', `${ip} saddr ${client} ${own}`),
      seen(node, 'of a director', `${ip} saddr != ${client} ${own}`),
      seen('client', `${node} itself`, `${ip} saddr ${insideOf(one.family, node)} ${speaks} sport ${ports}`),
    ]
  })
}

/** Where packets of each method are seen on a realserver that served, and where nobody’s are. */
const WHERE = {
  dr: ['plain', 'unwrapped'],
  ipip: ['unwrapped', 'plain'],
  gre: ['unwrapped', 'plain'],
  gue: ['unwrapped', 'plain'],
  nat: ['of the client', 'of a director'],
  fullnat: ['of a director', 'of the client'],
} as const

/** What is wrong with the ways that packets took, in words. */
function judged(one: Combination, from: string, heard: readonly string[], counts: Counts): string[] {
  const count = (node: string, what: string): number => counts[`${node} ${what} ${nameOf(one)}`] ?? Number.NaN
  const [there, nowhere] = WHERE[one.way]
  return serversOf(one).flatMap((server) => {
    const passed = DIRECTORS.map((director) => count(director, `${server} answers`))
    const through = count(from, `${server} answers`)
    const served = heard.includes(server)
    const wrong = [
      [served && !(count(server, there) > 0), `${server} served and saw nothing ${there}`],
      [count(server, nowhere) !== 0, `${server} saw ${count(server, nowhere)} packets ${nowhere}`],
      [count('client', `${server} itself`) !== 0, `the client saw ${server} itself`],
      [!translates(one) && passed.some((packets) => packets !== 0), `answers of ${server} passed a director`],
      [translates(one) && served && !(through > 0), `answers of ${server} did not pass ${from}`],
    ] as const
    return wrong.flatMap(([is, words]) => (is ? [words] : []))
  })
}

/** The row of the table as ipvsadm prints it. */
function tabled(one: Combination, table: string): string[] {
  const address = one.family === 4 ? vipOf(4) : `[${vipOf(6)}]`
  // Hashing schedulers have their fallback in brackets behind them.
  const how = `${one.scheduler}(?: \\([^)]*\\))?${one.traffic === 'packets' ? '[^\\n]* ops[^\\n]*' : ' *'}$`
  const named =
    one.traffic === 'marked'
      ? `FWM +\\d+${one.family === 6 ? ' IPv6' : ''}`
      : `${wire(one).toUpperCase()} +${address.replaceAll(/[[\].]/g, '\\$&')}:${one.port}`
  const head = new RegExp(`^${named} ${how}`, 'm')
  const [, ...after] = table.split(head)
  if (after.length === 0) return ['no such service in ipvsadm -Ln']
  const rows = after.map((text) => text.split(/^\S/m)[0] ?? '')
  const wanted = serversOf(one).map((server) => {
    const host = addressOf(one, server)
    const port = one.traffic === 'marked' ? 0 : insidePort(one)
    return new RegExp(`-> ${one.family === 4 ? host : `\\[${host}\\]`}:${port} +${ROWS[one.way]} +1 `)
  })
  return rows.some((row) => wanted.every((line) => line.test(row))) ? [] : [`rows: ${rows.join('; ')}`]
}

/** Replies of realservers to whoever asks who has the VIP, where they leave (the kernel's egress hook). */
async function announced(): Promise<() => Promise<string[]>> {
  const rules = [
    `arp operation reply arp saddr ip ${vipOf(4)} counter`,
    'icmpv6 type nd-neighbor-advert @th,64,128 0x20010db8001100000000000000000010 counter',
  ]
  const chain = (device: string): string =>
    `chain ${device} { type filter hook egress device "${device}" priority 0; ${rules.join('; ')}; }`
  const devices = (node: Server): string[] => (node === 'rs3' ? ['inside'] : ['outside', 'inside'])
  await Promise.all(
    SERVERS.map((node) => on(node, `nft 'table netdev witness { ${devices(node).map(chain).join('; ')}; }'`)),
  )
  for (const family of ['-4', '-6']) await attempt(`ip -n client ${family} neigh flush dev outside`)
  return async () => {
    const said = SERVERS.map(async (node) => {
      const text = await on(node, 'nft list table netdev witness && nft delete table netdev witness')
      const packets = [...text.matchAll(/counter packets (\d+)/g)].map(([, number]) => Number(number))
      demand(packets.length === 2 * devices(node).length, text)
      return packets.some((number) => number > 0) ? [`${node} answered who has the VIP: ${text}`] : []
    })
    return (await Promise.all(said)).flat()
  }
}

async function played(all: readonly Combination[]): Promise<void> {
  await whole()
  const undo = await rewrite(withAll(all))
  const stops: (() => void)[] = []
  try {
    await until(async () => (await status()).services.length === all.length + 2, SETTLED_MS, 'all services are known')
    await whole()
    await Promise.all(SERVERS.map(async (node) => stops.push(...(await listening(node, all)))))
    const { from } = await seats()
    const table = (): Promise<string> => on(from, 'ipvsadm -Ln')
    await until(
      async () => {
        const text = await table()
        const missing = all.flatMap((one) => tabled(one, text).map((words) => `${nameOf(one)}: ${words}`))
        demand(missing.length === 0, missing.join('\n'))
        return true
      },
      SETTLED_MS,
      'every service is in the table of the kernel',
    )
    const [packets, announcements] = await Promise.all([counted(all.flatMap(witnesses)), announced()])
    const heard = await asked(all)
    const [counts, claims] = await Promise.all([packets(), announcements()])
    demand((await seats()).from === from, `${from} owned the group all the time`)
    const wrong = all.flatMap((one) => {
      const who = heard.get(one) ?? []
      const known = who.length === ASKED && who.every((name) => serversOf(one).some((server) => server === name))
      const turned =
        !IN_TURN.has(one.scheduler) || one.traffic === 'udp' || serversOf(one).every((name) => who.includes(name))
      const served = known && turned ? [] : [`heard ${who.join(' ')}`]
      return [...served, ...judged(one, from, who, counts)].map((words) => `${nameOf(one)}: ${words}`)
    })
    demand(wrong.length + claims.length === 0, [...wrong, ...claims].join('\n'))
    figure('combinations', `${all.length}, ${[...heard.values()].flat().length} answers`)
  } finally {
    for (const stop of stops) stop()
    await undo()
  }
}

for (let batch = 0; batch < BATCHES; batch++)
  (batch === 0 ? scenario : inSoak)(`every way of forwarding, batch ${batch + 1} of ${BATCHES}`, () =>
    played(combinations(batch)),
  )
