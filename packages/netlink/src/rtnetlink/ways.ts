/** To which addresses the kernel has no way, and what may be to blame: routes and rules that lead nowhere. */
import type { ClosedRoute, Closing, RoutingRule, SourcedWay } from '@lvsm/base'
import { AF } from '../inet.ts'
import { describeErrno } from '../errno.ts'
import type { Message } from '../message.ts'
import { decodeRoute, dumpRoutes, getMatching, getRoute } from './route.ts'
import { decodeRule, dumpRules } from './rule.ts'
import { CLOSINGS, ROUTE_TYPE } from './types.ts'

/** As much of a socket as this needs (packages/kernel). */
export interface Asked {
  request(
    messages: readonly Uint8Array[],
  ): readonly { readonly errno: number; readonly answered: boolean; readonly data: readonly Message[] }[]
  dump(message: Uint8Array): readonly Message[]
}
const CODES: Readonly<Record<Closing, string>> = {
  blackhole: 'EINVAL',
  unreachable: 'EHOSTUNREACH',
  prohibit: 'EACCES',
}
/** What says that there is no way; all else is about the question, or the kernel. */
const NO_WAY: ReadonlySet<string> = new Set([...Object.values(CODES), 'ENETUNREACH'])

/** Those without a way, each with what the kernel says by name; of IPv6 some kernels answer with the route that leads nowhere. */
export const wayless = (socket: Asked, targets: readonly string[]): { to: string; code: string }[] =>
  without(
    socket,
    targets.map((to) => [{ to }, getRoute({ destination: to })]),
  )

/** Of TCP that leaves from an address of this machine: rules tell packets by their source and port, too (Linux 4.18). */
export const unanswerable = (
  socket: Asked,
  ways: readonly { readonly to: string; readonly from: string; readonly port: number }[],
): { to: string; from: string; code: string }[] =>
  without(
    socket,
    ways.map(({ to, from, port }) => [
      { to, from },
      getRoute({ destination: to, source: from, ipProtocol: TCP, sourcePort: port }),
    ]),
  )
const TCP = 6

/** What leaves from an own address: where there is no way, and by which route it goes otherwise. A source that this machine does not have is passed over. */
export function sourcedWays(
  socket: Asked,
  asked: readonly { readonly to: string; readonly from: string }[],
): { none: { to: string; from: string; code: string }[]; ways: SourcedWay[] } {
  const questions = asked.map((way) => [way, getMatching(way.to, way.from)] as const)
  const answers = replied(socket, questions)
  return {
    none: answers.flatMap(closedIn),
    ways: answers.flatMap(({ way, errno, message }): SourcedWay[] => {
      const decoded = errno === 0 && message ? decodeRoute(message) : null
      if (decoded?.ok !== true) return []
      const { gateway = null, oif = 0, table, destination, prefix, type } = decoded.value
      const isLocal = type === ROUTE_TYPE.local
      const found = { ...way, gateway, index: oif, isLocal, table, destination, prefix }
      return isLocal || type === ROUTE_TYPE.unicast ? [found] : []
    }),
  }
}

const without = <Way>(socket: Asked, asked: readonly Question<Way>[]): (Way & { code: string })[] =>
  replied(socket, asked).flatMap(closedIn)

type Question<Way> = readonly [Way, question: Uint8Array]
interface Replied<Way> {
  readonly way: Way
  readonly errno: number
  readonly message: Message | undefined
}
function replied<Way>(socket: Asked, asked: readonly Question<Way>[]): Replied<Way>[] {
  const replies = socket.request(asked.map(([, question]) => question))
  return asked.flatMap(([way], at) => {
    const reply = replies[at]
    return reply?.answered ? [{ way, errno: reply.errno, message: reply.data[0] }] : []
  })
}
function closedIn<Way>({ way, errno, message }: Replied<Way>): (Way & { code: string })[] {
  const code = errno === 0 ? closedBy(message) : describeErrno(errno).code
  return code !== null && NO_WAY.has(code) ? [{ ...way, code }] : []
}
function closedBy(message: Message | undefined): string | null {
  const decoded = message ? decodeRoute(message) : null
  const type = decoded?.ok === true ? CLOSINGS[decoded.value.type] : undefined
  return type === undefined ? null : CODES[type]
}

/** Of all tables. The kernel picks them (Linux 4.20): a router with all networks of the world has few. */
export const closedRoutes = (socket: Asked): ClosedRoute[] =>
  [AF.inet, AF.inet6].flatMap((family) =>
    Object.entries(CLOSINGS).flatMap(([number, type]) =>
      socket.dump(dumpRoutes({ family, type: Number(number) })).flatMap((message) => {
        const decoded = decodeRoute(message)
        if (!decoded.ok || decoded.value.type !== Number(number) || decoded.value.family !== family) return []
        const { destination, prefix, table } = decoded.value
        return [{ destination, prefix, type, table }]
      }),
    ),
  )

/** None where the kernel has no such rules. */
export const wayRules = (socket: Asked): RoutingRule[] =>
  ([AF.inet, AF.inet6] as const).flatMap((family) => {
    try {
      return socket.dump(dumpRules(family)).flatMap((message): RoutingRule[] => {
        const decoded = decodeRule(message)
        if (!decoded.ok || decoded.value.family !== family) return []
        const { priority, table, closes = null, destination = null, source = null, ...rule } = decoded.value
        const some = rule.more || rule.ipProtocol !== undefined || rule.sourcePorts !== undefined
        return [
          {
            ...{ priority, table, closes, destination, prefix: rule.destinationPrefix, some },
            ...{ source, sourcePrefix: rule.sourcePrefix },
            family: family === AF.inet ? 'ipv4' : 'ipv6',
          },
        ]
      })
    } catch {
      return []
    }
  })
