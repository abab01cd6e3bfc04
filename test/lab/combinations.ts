/**
 * Every forwarding method with every kind of traffic, in batches: a batch has each of these pairs once, and over two of its neighbours
 * changes family and scheduler, so that all batches together are the whole product, and one batch alone has every pair of method,
 * traffic and family.
 */
export const WAYS = ['dr', 'nat', 'ipip', 'gre', 'gue', 'fullnat'] as const
export const TRAFFIC = ['tcp', 'udp', 'packets', 'marked', 'sctp'] as const
/** Those of man 8 ipvsadm; `twos` is younger than some kernels. */
export const SCHEDULERS = [
  ...['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'],
] as const
/** All batches. */
export const BATCHES = 2 * SCHEDULERS.length
const FIRST_PORT = 7000
/** Realservers that answer as themselves listen on another port than the service, so that the translation shows. */
const INSIDE_PORTS = 1000

export interface Combination {
  readonly way: (typeof WAYS)[number]
  /** `packets`: UDP, each packet by itself; `marked`: TCP on two ports, which IPVS knows by a mark. */
  readonly traffic: (typeof TRAFFIC)[number]
  readonly family: 4 | 6
  readonly scheduler: string
  readonly port: number
}

/** Not where answers are translated by a connection, and IPVS keeps none (`one-packet-answers`). */
const isLegal = (one: Combination): boolean => !(translates(one) && one.traffic === 'packets')

export function combinations(batch: number): Combination[] {
  return product(batch).filter(isLegal)
}
function product(batch: number): Combination[] {
  return WAYS.flatMap((way, row) =>
    TRAFFIC.map((traffic, column) => {
      const at = row * TRAFFIC.length + column
      return {
        ...{ way, traffic },
        family: (row + column + (batch < SCHEDULERS.length ? 0 : 1)) % 2 === 0 ? 4 : 6,
        scheduler: SCHEDULERS[(at + batch) % SCHEDULERS.length] ?? 'rr',
        port: FIRST_PORT + 2 * at,
      }
    }),
  )
}

export const nameOf = ({ way, traffic, family, scheduler }: Combination): string =>
  `${way}-${traffic}-${family}-${scheduler}`

const NETWORKS = {
  4: { outside: '10.11.0.', inside: '10.12.0.', client: '10.11.0.100', directors: ['10.12.0.1', '10.12.0.2'] },
  6: {
    ...{ outside: '2001:db8:11::', inside: '2001:db8:12::', client: '2001:db8:11::100' },
    directors: ['2001:db8:12::1', '2001:db8:12::2'],
  },
} as const
const LAST = { rs1: 11, rs2: 12, rs3: 13 } as const
export type Server = keyof typeof LAST

export const vipOf = (family: 4 | 6): string => `${NETWORKS[family].outside}10`
export const networksOf = (family: 4 | 6): (typeof NETWORKS)[4 | 6] => NETWORKS[family]
/** By NAT the one whose gateway is the director, in both families. */
export const serversOf = ({ way }: Pick<Combination, 'way'>): readonly Server[] =>
  way !== 'nat' ? ['rs1', 'rs2'] : ['rs3']
export const addressOf = ({ way, family }: Pick<Combination, 'way' | 'family'>, server: Server): string =>
  `${NETWORKS[family][way === 'dr' ? 'outside' : 'inside']}${LAST[server]}`

export const insideOf = (family: 4 | 6, server: Server): string => `${NETWORKS[family].inside}${LAST[server]}`

/** Do realservers answer as themselves, and the director for them? */
export const translates = ({ way }: Pick<Combination, 'way'>): boolean => way === 'nat' || way === 'fullnat'
/** Where the realserver listens: a mark has several ports, which stay. */
export const insidePort = (one: Combination): number =>
  one.port + (translates(one) && one.traffic !== 'marked' ? INSIDE_PORTS : 0)
/** As nftables and sockets call what is on the wire. */
export const wire = ({ traffic }: Pick<Combination, 'traffic'>): 'tcp' | 'udp' | 'sctp' =>
  traffic === 'packets' ? 'udp' : traffic === 'marked' ? 'tcp' : traffic
export const portsOf = ({ traffic, port }: Combination): number[] => (traffic === 'marked' ? [port, port + 1] : [port])

/** As the configuration says it. */
export function serviceOf(one: Combination): object {
  const { way, traffic, family, scheduler, port } = one
  const tunnel = way === 'gre' || way === 'gue' ? { tunnel: way } : {}
  return {
    ...{ name: nameOf(one), group: 'web', address: vipOf(family), scheduler, check: { type: 'none' } },
    protocol: wire(one),
    ...(traffic === 'marked' ? { ports: portsOf(one) } : { port }),
    ...(traffic === 'packets' ? { 'one-packet': true } : {}),
    realservers: serversOf(one).map((node) => ({
      ...{ node, address: addressOf(one, node), forward: ['ipip', 'gre', 'gue'].includes(way) ? 'tun' : way },
      ...tunnel,
      ...(insidePort(one) === port ? {} : { port: insidePort(one) }),
    })),
  }
}
