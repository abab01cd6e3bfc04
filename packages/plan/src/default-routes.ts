/** The default routes of a realserver by NAT, one of each family, beside those of others. */
import { familyOf, MARKS } from '@lvsm/base'
import { FAMILIES } from '@lvsm/model'
import { familyOfDefault, type Observed, type ObservedDefault } from './observed.ts'
import type { Operation } from './operation.ts'

export interface DesiredGateway {
  readonly address: string
  /** 0: no interface reaches it. */
  readonly index: number
}

type Seen = Pick<Observed, 'defaults'>
const isOurs = ({ protocol }: ObservedDefault): boolean => protocol === MARKS.routeProtocol
const leastMetric = (all: readonly ObservedDefault[]): number => Math.min(...all.map(({ metric }) => metric))

/** Those of its family: the ones that lead there, whoever made them, and those of others that lead elsewhere. */
function around({ defaults }: Seen, { address, index }: DesiredGateway) {
  const family = familyOf(address)
  const all = defaults.filter((entry) => familyOfDefault(entry) === family)
  const isRight = (entry: ObservedDefault): boolean => entry.gateway === address && entry.index === index
  return {
    right: all.filter(isRight),
    wrong: all.filter((entry) => !isRight(entry)),
    foreign: all.filter((entry) => !isRight(entry) && !isOurs(entry)),
    metric: FAMILIES[family].usualMetric,
  }
}

/** The kernel takes the least metric: of others' routes those count that are not behind the right one, or behind where ours would be. */
export function foreignDefaults(observed: Seen, gateway: DesiredGateway): readonly ObservedDefault[] {
  const { right, foreign, metric } = around(observed, gateway)
  const best = isComing(observed, gateway) || right.length === 0 ? metric : leastMetric(right)
  return foreign.filter((entry) => entry.metric <= best)
}

/** Is one of ours to be set? Never where it would take the place of another's, or stand behind it. */
function isComing(observed: Seen, gateway: DesiredGateway): boolean {
  const { right, foreign, metric } = around(observed, gateway)
  if (gateway.index === 0 || leastMetric(foreign) <= metric) return false
  return right.length === 0 || leastMetric(right) >= leastMetric(foreign)
}

export function defaultRoutes(observed: Seen, gateways: readonly DesiredGateway[]): Operation[] {
  const families = new Set(gateways.map(({ address }) => familyOf(address)))
  const left = observed.defaults.filter((entry) => isOurs(entry) && !families.has(familyOfDefault(entry)))
  return [...gateways.flatMap((gateway) => towards(observed, gateway)), ...left.map(removed)]
}

function towards(observed: Seen, gateway: DesiredGateway): Operation[] {
  const { wrong, metric } = around(observed, gateway)
  const isSet = isComing(observed, gateway)
  // Setting one replaces that of its family and metric: there is no moment without.
  const left = wrong.filter((entry) => isOurs(entry) && !(isSet && entry.metric === metric))
  const set: Operation = { kind: 'route-set', gateway: gateway.address, index: gateway.index }
  return [...(isSet ? [set] : []), ...left.map(removed)]
}

const removed = ({ gateway, index }: ObservedDefault): Operation => ({
  kind: 'route-remove',
  gateway,
  index,
  protocol: MARKS.routeProtocol,
})
