/** What a realserver without an agent needs done by hand: shapes, and from the configuration what one server needs. */
import {
  type Config,
  type ConfigRealserver,
  type ConfigService,
  DEFAULT_ROUTE,
  DEFAULT_TUNNEL,
  type Forward,
  forwarding,
  type LedAnswers,
  ledAnswers,
  networkCidr,
  type Placement,
  ROUTES,
  type Tunnel,
} from '@lvsm/model'

export interface Step {
  /** One command, or several lines of the system's shell; of `byHand`, what somebody has to do. */
  readonly run: string
  readonly why: string
  readonly byHand?: true
  /** What it makes or takes back. Parts of one server that need the same have it once: made first, taken back last. */
  readonly of?: string
}
export interface Steps {
  readonly steps: readonly Step[]
  /** In the order in which it is safe: an address goes before what keeps it silent. */
  readonly undo: readonly Step[]
}
/** What can be done, or why not. */
export type Answer = Steps | { readonly refused: string }

/** What one system is asked for: one forwarding method, in one family. */
export interface Need {
  readonly method: Forward
  /** Not there: its method wraps nothing. */
  readonly tunnel?: Tunnel
  readonly tunnelPort?: number
  /** Where it has the VIPs for itself; not there: on lo. */
  readonly placement?: Placement
  readonly family: 'ipv4' | 'ipv6'
  /** Of this family, each once. */
  readonly vips: readonly string[]
  /** The realserver's own addresses that the services name. */
  readonly own: readonly string[]
  /** NAT gateway. */
  readonly gateway: string | null
  /** Addresses of directors, of which packets come wrapped. */
  readonly directors: readonly string[]
  /** `http (10.11.0.10:80)`, for people. */
  readonly services: readonly string[]
  /** Clients of a VIP are in the network of the gateway: the way back must not be the short one. */
  readonly oneNetwork: string | null
  /** Its default route stays as it is (`route: policy`). */
  readonly answersAlone?: true
  /** What has to be led through the gateway by rules. */
  readonly led?: readonly LedAnswers[]
}

export const unique = <T>(all: readonly T[]): T[] => [...new Set(all)]

/** By name of a node, or by an address of a realserver; empty: nothing is served by it. */
export function needsOf(config: Config, server: string): Need[] {
  const { services, nodes, groups } = config
  const wanted = services.flatMap((service) =>
    service.realservers
      .filter(({ node, address }) => node === server || address === server)
      .map((realserver) => ({ service, realserver })),
  )
  const keyOf = ({ service, realserver }: (typeof wanted)[number]): string =>
    [
      ...[realserver.forward, realserver.route, realserver.tunnel, realserver.tunnelPort, realserver.placement],
      service.address.includes(':'),
    ].join(' ')
  return unique(wanted.map(keyOf)).flatMap((key): Need[] => {
    const same = wanted.filter((one) => keyOf(one) === key)
    const [first] = same
    if (!first) return []
    const { forward, tunnel, tunnelPort, placement, gateway, route = DEFAULT_ROUTE } = first.realserver
    const led = ledAnswers({ ...config, services: onlyOf(same) }, first.realserver.node)
    const floating = groups.flatMap(({ addresses }) => addresses)
    const network = floating.find(({ kind, address }) => kind === 'gateway' && address === gateway)
    const own = network ? networkCidr(network) : null
    const near = same.some(({ service }) => {
      const vip = floating.find(({ kind, address }) => kind === 'vip' && address === service.address)
      return vip !== undefined && own !== null && networkCidr(vip).address === own.address
    })
    const directing = unique(
      groups
        .filter(({ name }) => same.some(({ service }) => service.group === name))
        .flatMap(({ directors }) => directors),
    )
    return [
      {
        method: forward,
        ...(forwarding(forward).tunnels ? { tunnel: tunnel ?? DEFAULT_TUNNEL } : {}),
        ...(tunnelPort === undefined ? {} : { tunnelPort }),
        ...(placement === undefined ? {} : { placement }),
        family: first.service.address.includes(':') ? 'ipv6' : 'ipv4',
        vips: unique(same.map(({ service }) => service.address)),
        own: unique(same.map(({ realserver }) => realserver.address)),
        gateway,
        directors: nodes
          .filter(({ name }) => directing.includes(name))
          .flatMap(({ links }) => links.map(({ address }) => address)),
        services: same.map(
          ({ service, realserver }) =>
            `${service.name} (${portsOf(service.address, service.port)}; here: port ${realserver.port === 0 ? 'of the client' : realserver.port})`,
        ),
        oneNetwork: near && own ? `${own.address}/${own.prefix}` : null,
        ...(ROUTES[route].ofNode ? {} : { answersAlone: true }),
        ...(led.length > 0 ? { led } : {}),
      },
    ]
  })
}

/** These services, with these realservers alone. */
const onlyOf = (all: readonly { service: ConfigService; realserver: ConfigRealserver }[]): ConfigService[] =>
  all.map(({ service, realserver }) => ({ ...service, realservers: [realserver] }))

const portsOf = (address: string, port: number): string =>
  `${address.includes(':') ? `[${address}]` : address}${port === 0 ? '' : `:${port}`}`

/** These steps make, or take back, one thing that other parts of the server may need too. */
export const shared = (of: string, ...steps: readonly Step[]): Step[] => steps.map((step) => ({ ...step, of }))
export const run = (line: string, why: string): Step => ({ run: line, why })
export const byHand = (text: string, why: string): Step => ({ run: text, why, byHand: true })
export const isRefused = (answer: Answer): answer is { readonly refused: string } => 'refused' in answer
