// lab: topology=default long=yes
/** Paths that are dead behind a living port: the owner tells which realserver no client gets through to, and that it is over. */
import { attempt, demand, figure, on, status, until } from './harness.ts'
import { now } from './observers/stamp.ts'
import { setTimeout as sleep } from 'node:timers/promises'
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
  /** Of which realservers it is said; where a rule says it, of none. */
  readonly dead: readonly string[]
  /** What its node says of its own kernel, and then the owner no more: with the next step. */
  readonly says?: { readonly code: 'no-way' | 'drop-rule'; readonly words: RegExp; readonly next: RegExp }
}
const TABLE = 'nft delete table ip planted'
const filter = (hook: string, rule: string): string =>
  `nft 'table ip planted { chain one { type filter hook ${hook} priority 0; ${rule} drop; }; }'`

const PLANTED: readonly Planted[] = [
  {
    what: 'a packet filter on a realserver drops what is for the VIP',
    ...{ at: 'rs1', plant: filter('input', 'ip daddr 10.11.0.10 tcp dport 80'), mend: TABLE, dead: [] },
    says: {
      ...{ code: 'drop-rule', words: /ip planted one of rs1 drops requests for the servers of http here: / },
      next: /^on rs1: nft delete rule ip planted one handle /,
    },
  },
  {
    what: 'a realserver by DR has no way back to the clients',
    ...{ at: 'rs2', plant: `ip route add blackhole ${CLIENT}/32`, mend: `ip route del blackhole ${CLIENT}/32` },
    dead: ['rs2'],
    says: {
      code: 'no-way',
      words: /a client of http: route blackhole 10\.11\.0\.100 /,
      next: /^on rs2: ip route del blackhole 10/,
    },
  },
  {
    what: 'a route of a realserver by DR says that nobody is where the clients are',
    ...{ at: 'rs2', plant: `ip route add unreachable ${CLIENT}`, mend: `ip route del unreachable ${CLIENT}` },
    dead: ['rs2'],
    says: {
      code: 'no-way',
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
      dead: [],
    },
    says: {
      ...{ code: 'drop-rule', words: /ip planted one of dir\d drops what goes to realservers of http: / },
      next: /^on dir\d: nft delete rule ip planted one handle /,
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
async function isNamed(node: string, { code: of, words, next }: NonNullable<Planted['says']>): Promise<boolean> {
  const { troubles } = await status()
  const own = troubles.some(
    (one) => one.code === of && one.node === node && words.test(one.message) && next.test(one.hint ?? ''),
  )
  return own && !troubles.some(({ code }) => code === 'path-dead')
}

const isTold = async (says: Planted['says']): Promise<boolean> =>
  says !== undefined &&
  (await status()).troubles.some(({ code, message }) => code === says.code && says.words.test(message))

for (const { what, at, plant, mend, dead: expected, says } of PLANTED)
  scenario(`${what}: said of ${expected.join(' and ') || 'its rule'}, and over when it is mended`, async () => {
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
          // For as long as looks at connections take that would tell it as well.
          for (let look = 0; look < 6; look++) {
            await sleep(2000)
            demand(await isNamed(node, says), 'nothing else is told of it')
          }
        }
      } finally {
        await attempt(`ip netns exec ${node} ${mend}`)
      }
      const mended = now()
      await until(async () => (await dead()).length === 0 && !(await isTold(says)), OVER_MS, 'nothing is said any more')
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
