/**
 * What keeps a service's clients from it before any check would see that: its owner's packet filter, somebody else who answers for its
 * address, or a destination of others in its table. By what the owner says of itself.
 */
import { familyOf, listed } from '@lvsm/base'
import { dropsClientsOf, dropsSomeOf } from '../troubles/dropped.ts'
import type { NodeTrouble, RealserverReport, ServiceReport, Status } from './status.ts'

type Known = Pick<Status, 'groups' | 'services' | 'troubles'>

/** By the owner of its group, and so now. */
function saidByOwner({ groups, troubles }: Known, { group }: ServiceReport): readonly NodeTrouble[] {
  const owner = groups.find(({ name }) => name === group)?.owner ?? null
  return troubles.filter(({ node, pastMs }) => node === owner && pastMs === undefined)
}

/** A packet filter lets none of its clients through; it is a warning until whoever took the group has looked again. */
export const clientsDropped = (status: Known, service: ServiceReport): NodeTrouble | undefined =>
  saidByOwner(status, service).find((one) => dropsClientsOf(one, service.name))

/** A packet filter drops all that is forwarded: answers of realservers by NAT among it. */
export const forwardDropped = (status: Known, service: ServiceReport): NodeTrouble | undefined =>
  saidByOwner(status, service).find(
    (one) => one.code === 'forward-dropped' && service.realservers.some((server) => isUnforwarded(one, server)),
  )
/** Its answers are among that. */
export function isUnforwarded({ object = '' }: NodeTrouble, { forward, address }: RealserverReport): boolean {
  const [, family] = object.split(' ')
  return forward === 'nat' && (family === 'inet' || family === (familyOf(address) === 'ipv4' ? 'ip' : 'ip6'))
}

const RIVAL = / owns \((\S+) on \S+\)$/
/** Somebody else answers for its address, or for that of the gateway of its realservers by NAT. */
export function contested(status: Known, service: ServiceReport): NodeTrouble | undefined {
  const all = status.services.filter(({ group }) => group === service.group)
  return saidByOwner(status, service).find(({ code, object, message }) => {
    if (code !== 'address-conflict' || object !== `group ${service.group}`) return false
    const address = RIVAL.exec(message)?.[1]
    if (address === undefined || address === service.address) return true
    const isGateway = all.every((one) => one.address !== address)
    return isGateway && service.realservers.some(({ forward }) => forward === 'nat')
  })
}

/** As packages/plan/src/foreign-destinations.ts says it: `10.9.9.9:80 in service …, with 50 of 53 of the weight`. */
const SHARE = /^(\S+) in service .* with (\d+) of (\d+) of the weight$/
/** A destination of others with a share of the weight. */
export const isStranger = ({ code, message }: NodeTrouble): boolean =>
  code === 'foreign-destination' && SHARE.test(message)
/** Destinations of others to which the owner's kernel sends its clients. */
const strangersOf = (status: Known, service: ServiceReport): readonly NodeTrouble[] =>
  saidByOwner(status, service).filter((one) => one.object === `service ${service.name}` && isStranger(one))
function strangersText(status: Known, service: ServiceReport): string[] {
  const shares = strangersOf(status, service).map(({ message }) => SHARE.exec(message) ?? [])
  const [, , , all = ''] = shares[0] ?? []
  if (all === '') return []
  const sum = shares.reduce((weight, [, , one = '0']) => weight + Number(one), 0)
  const names = shares.map(([, key = '']) => key)
  return [
    `${service.name}: realservers that nobody checks get ${sum} of ${all} of the weight (${listed(names, MOST_NAMES)})`,
  ]
}

/** All of these, the worst first. */
export const hindrancesOf = (status: Known, service: ServiceReport): readonly NodeTrouble[] => [
  ...[clientsDropped, forwardDropped, contested].flatMap((found) => found(status, service) ?? []),
  ...strangersOf(status, service),
]

const MOST_NAMES = 4
/** Of services whose answers the owner's packet filter drops, from some of their realservers. */
export const unforwardedTexts = (status: Known, services: readonly ServiceReport[]): string[] =>
  services.flatMap((service) => {
    const trouble = forwardDropped(status, service)
    if (!trouble) return []
    const lost = service.realservers.filter((one) => isUnforwarded(trouble, one)).map(({ node }) => node)
    return [`${service.name}: ${trouble.message}: clients that are sent to ${listed(lost, MOST_NAMES)} get no answer`]
  })
/** Of services whose clients may get elsewhere. */
export function hinderedTexts(status: Known, services: readonly ServiceReport[]): string[] {
  const rivals = new Map<string, string[]>()
  for (const service of services) {
    const message = contested(status, service)?.message
    if (message !== undefined) rivals.set(message, [...(rivals.get(message) ?? []), service.name])
  }
  return [
    ...services.flatMap((service) => {
      const trouble = saidByOwner(status, service).find((one) => dropsSomeOf(one, service.name))
      return trouble ? [`${service.name}: ${trouble.message}`] : []
    }),
    ...services.flatMap((service) => strangersText(status, service)),
    ...[...rivals].map(([message, names]) => `${listed(names, MOST_NAMES)}: ${message}: ${DOUBT}`),
  ]
}
const DOUBT = 'whether clients reach this cluster, or that machine, is not known'
