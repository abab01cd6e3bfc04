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
  /** What that one says of its own kernel, and then its owner no more: with the next step. */
  readonly says?: { readonly words: RegExp; readonly next: RegExp }
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
    says: { words: /a client of http: route blackhole 10\.11\.0\.100 /, next: /^on rs2: ip route del blackhole 10/ },
  },
  {
    what: 'a route of a realserver by DR says that nobody is where the clients are',
    ...{ at: 'rs2', plant: `ip route add unreachable ${CLIENT}`, mend: `ip route del unreachable ${CLIENT}` },
    dead: ['rs2'],
    says: {
      words: /a client of http: route unreachable 10\.11\.0\.100 /,
      next: /^on rs2: ip route del unreachable 10/,
    },
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
  const said = troubles.flatMap(({ code, node, message }) =>
    code === 'no-way' ? [node] : code === 'path-dead' ? (/ at (\S+)/.exec(message)?.slice(1) ?? []) : [],
  )
  return [...new Set(said)].toSorted()
}
/** By itself, and nobody says more of it. */
async function isNamed(node: string, { words, next }: NonNullable<Planted['says']>): Promise<boolean> {
  const { troubles } = await status()
  const own = troubles.some(
    (one) => one.code === 'no-way' && one.node === node && words.test(one.message) && next.test(one.hint ?? ''),
  )
  return own && !troubles.some(({ code }) => code === 'path-dead')
}

for (const { what, at, plant, mend, dead: expected, says } of PLANTED)
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
        if (says) {
          await until(() => isNamed(node, says), SEEN_MS, `${node} names what closes the way, and that alone is told`)
          figure('named after', `${(now() - began).toFixed(0)} ms`)
        }
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
