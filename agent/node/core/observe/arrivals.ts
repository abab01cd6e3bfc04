/**
 * A server that listens at the realserver's own address alone, while clients' packets arrive for the VIP (direct routing, tunnelling, local
 * delivery): a check of the own address is well, and every client is refused, unless a rule of that machine turns what arrives to the own
 * address (redirect, dnat), which is not looked at: so it is a warning. Told whatever the check wants of its own view, and nobody is
 * taken out for it. Where nobody listens at the own address either, the check says so, or it is not for us to know: the server may be in
 * another network namespace.
 */
import { endpointText, type Trouble } from '@lvsm/base'
import type { OwnArrival } from '@lvsm/model'
import { type FoundSocket, socketsAt } from './listening.ts'
import { type Found, foundAgain, sureOf } from './looks.ts'

/** By its name: so many looks in a row found nobody at the VIP, and somebody at the own address. */
export type Astray = Found<{ readonly arrival: OwnArrival }>
export const NOBODY_ASTRAY: Astray = new Map()

/** Sockets that cannot be read say nothing. */
export function astrayNow(
  before: Astray,
  arrivals: readonly OwnArrival[],
  found: readonly FoundSocket[] | null,
): Astray {
  if (found === null) return NOBODY_ASTRAY
  const elsewhere = arrivals.filter((arrival) => socketsAt(found, arrival).length === 0 && listensAtOwn(arrival, found))
  return foundAgain(
    before,
    elsewhere.map((arrival) => [nameOf(arrival), { arrival }]),
  )
}
const nameOf = ({ service, protocol, port, own }: OwnArrival): string => `${service} ${protocol} ${own} ${port}`
const listensAtOwn = ({ protocol, port, own }: OwnArrival, found: readonly FoundSocket[]): boolean =>
  found.some((one) => one.protocol === protocol && one.port === port && one.address === own)

export const astrayTroubles = (astray: Astray, node: string): Trouble[] =>
  sureOf(astray).map(({ arrival }) => listensElsewhere(arrival, node))

function listensElsewhere({ service, protocol, address, own, port }: OwnArrival, node: string): Trouble {
  const [vip, there] = [endpointText(address, port), endpointText(own, port)]
  return {
    ...{ code: 'listens-elsewhere', severity: 'warning', object: `service ${service}` },
    message: `nobody listens on ${node} at ${vip} (${protocol.toUpperCase()}), where clients of service ${service} arrive: the server there listens at ${there} alone`,
    hint: `unless a rule of ${node} turns them there (nft list ruleset), let the server listen at ${vip} too, or at all addresses; ss -${protocol === 'udp' ? 'lunp' : 'ltnp'} shows who listens where`,
  }
}
