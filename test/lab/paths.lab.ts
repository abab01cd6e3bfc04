// lab: topology=default long=yes
/** Paths that are dead behind a living port: the owner tells which realserver no client gets through to, and that it is over. */
import { attempt, demand, figure, on, status, until } from './harness.ts'
import { now } from './observers/stamp.ts'
import { scenario } from './scenario.ts'
import { demandOneOwner, seats, told, watched } from './witness.ts'

const CLIENT = '10.11.0.100'
/** Three requests that hang, two looks at the connections three seconds apart, and a status. */
const SEEN_MS = 15_000
/** The first request that gets through. */
const OVER_MS = 15_000

interface Planted {
  readonly what: string
  /** Where: a node, or the owner. */
  readonly at: string | null
  readonly plant: string
  readonly mend: string
  /** Of which realservers it is said. */
  readonly dead: readonly string[]
}
const TABLE = 'nft delete table ip planted'
const filter = (hook: string, rule: string): string =>
  `nft 'table ip planted { chain one { type filter hook ${hook} priority 0; ${rule} drop; }; }'`

const PLANTED: readonly Planted[] = [
  {
    what: 'a packet filter on a realserver drops what is for the VIP',
    ...{ at: 'rs1', plant: filter('input', 'ip daddr 10.11.0.10 tcp dport 80'), mend: TABLE, dead: ['rs1'] },
  },
  {
    what: 'a realserver by DR has no way back to the clients',
    ...{ at: 'rs2', plant: `ip route add blackhole ${CLIENT}/32`, mend: `ip route del blackhole ${CLIENT}/32` },
    dead: ['rs2'],
  },
  {
    what: 'a narrower route of a NAT realserver goes past the gateway',
    ...{
      at: 'rs3',
      plant: `ip route add ${CLIENT}/32 via 10.12.0.11`,
      mend: `ip route del ${CLIENT}/32`,
      dead: ['rs3'],
    },
  },
  {
    what: 'a packet filter of the owner drops what it forwards by DR',
    ...{
      at: null,
      plant: filter('postrouting', 'ip daddr 10.11.0.10 tcp dport 80'),
      mend: TABLE,
      dead: ['rs1', 'rs2'],
    },
  },
]

/** Realservers of which somebody says that no client gets through to them. */
async function dead(): Promise<string[]> {
  const { troubles } = await status()
  const said = troubles.filter(({ code }) => code === 'path-dead').map(({ message }) => / at (\S+)/.exec(message)?.[1])
  return said.filter((name) => name !== undefined).toSorted()
}

for (const { what, at, plant, mend, dead: expected } of PLANTED)
  scenario(`${what}: said of ${expected.join(' and ')}, and over when it is mended`, async () => {
    const { from: owner } = await seats()
    const node = at ?? owner
    demand((await dead()).length === 0, `nothing is said before: ${(await dead()).join(' ')}`)
    const seen = await watched(async () => {
      const began = now()
      try {
        await on(node, plant)
        await until(
          async () => (await dead()).join(' ') === expected.join(' '),
          SEEN_MS,
          `it is said of ${expected.join(' ')}`,
        )
        figure('said after', `${(now() - began).toFixed(0)} ms`)
      } finally {
        await attempt(`ip netns exec ${node} ${mend}`)
      }
      const mended = now()
      await until(async () => (await dead()).length === 0, OVER_MS, 'nothing is said any more')
      figure('over after', `${(now() - mended).toFixed(0)} ms`)
    })
    told(what, seen)
    demandOneOwner(seen)
    const { services } = await status()
    const { realservers = [] } = services[0] ?? {}
    demand(
      realservers.every(({ healthy, weight }) => healthy === true && weight > 0),
      'checks were well all the time, and all realservers take connections',
    )
  })
