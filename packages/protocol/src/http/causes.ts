/** Why a realserver does not serve, where more is known of it than its check says: a trouble of a node, or that its node is dead. */
import { listed } from '@lvsm/base'
import { isOverdue, isRefused, cameNothing, isWithoutAnyWay, ITS_AGENT_SAYS, silenceOf } from '../silence.ts'
import { dropsServerOf, dropsWayTo, refuses } from '../troubles/dropped.ts'
import { isWithoutAnswerTo, isWithoutWay } from '../troubles/echoes.ts'
import type { NodeTrouble, RealserverReport, ServiceReport, Status } from './status.ts'

export type Cause =
  | { readonly of: 'node' }
  /** The realserver's own node says it. */
  | { readonly of: 'server'; readonly trouble: NodeTrouble }
  /** It keeps the owner's checks from it: by a packet filter, or because the owner's kernel has no way to it. */
  | { readonly of: 'filter' | 'way'; readonly trouble: NodeTrouble }

/** Of a server, by the agent of its node, and what a check finds of it. */
const OF_SERVER: Readonly<Record<string, (reason: string) => boolean>> = {
  'accepts-nobody': isOverdue,
  'accepts-some': isOverdue,
  'nobody-listens': isRefused,
  'stopped-process': isOverdue,
}

/** Null: what its check says is all that is known; what explains something else than that is no cause of it. */
export function causeOf(status: Status, service: ServiceReport, server: RealserverReport): Cause | null {
  const { node, healthy, reason } = server
  const object = `service ${service.name}`
  const owner = tellerOf(status, service)
  if (healthy === true) return null
  const present = status.troubles.filter(({ pastMs }) => pastMs === undefined)
  const find = (is: (one: NodeTrouble) => boolean): NodeTrouble | undefined => present.find(is)
  // Whatever answers is on a machine that lives, though its heartbeats are gone.
  if (cameNothing(reason) && status.nodes.some(({ name, state }) => name === node && state === 'dead'))
    return { of: 'node' }
  // What is dropped has no answer, and what is refused is refused.
  const isSo = (one: NodeTrouble): boolean =>
    refuses(one) ? isRefused(reason) || isWithoutAnyWay(reason) : silenceOf(reason) === 'silent'
  const isFound = (code: string): boolean =>
    Object.hasOwn(OF_SERVER, code) && (OF_SERVER[code]?.(reason) === true || reason.startsWith(ITS_AGENT_SAYS))
  const own = find(
    (one) =>
      one.node === node &&
      ((dropsServerOf(one, service.name, owner) && isSo(one)) ||
        (isWithoutAnswerTo(one, owner) && cameNothing(reason)) ||
        // Whatever answers there, or does not, may be the other machine.
        (one.code === 'duplicate-address' && one.object === `address ${server.address}`) ||
        (one.object === object && isFound(one.code))),
  )
  if (own) return { of: 'server', trouble: own }
  if (healthy !== false) return null
  const filter = find((one) => one.node === owner && dropsWayTo(one, service.name, node) && isSo(one))
  if (filter) return { of: 'filter', trouble: filter }
  const way = find((one) => one.node === owner && isWithoutWay(one, node) && cameNothing(reason))
  return way ? { of: 'way', trouble: way } : null
}

/** Its own node says that no client is served there, or the node is dead: that is more than what a check saw. */
export function isGone(status: Status, service: ServiceReport, one: RealserverReport): boolean {
  const cause = causeOf(status, service, one)
  return cause?.of === 'node' || (cause?.of === 'server' && Object.hasOwn(OF_SERVER, cause.trouble.code))
}

/** By its owner, for it failed again and again: what its check says of it is why. */
export const isHeldOut = (status: Status, service: ServiceReport, { node }: RealserverReport): boolean =>
  status.troubles.some(
    (one) =>
      one.code === 'flapping' &&
      one.pastMs === undefined &&
      one.node === tellerOf(status, service) &&
      one.object === `service ${service.name}` &&
      one.message.startsWith(`realserver ${node} of `),
  )

/** Whose table it is. */
export const tellerOf = ({ groups, node }: Pick<Status, 'groups' | 'node'>, { group }: ServiceReport): string =>
  groups.find(({ name }) => name === group)?.owner ?? node

const MOST_NAMES = 4
const MOST_PARTS = 8
/** Who does not serve, each cause once: what is known of it before what a check saw. */
export function outText(status: Status, service: ServiceReport, out: readonly RealserverReport[]): string {
  const parts = new Map<string, { readonly names: string[]; readonly says: string }>()
  for (const one of out) {
    const cause = causeOf(status, service, one)
    const says = `${one.healthy === false ? 'failed' : 'is out'} (${cause ? causeText(cause, one) : one.reason})`
    const key = cause ? says : one.node
    const name = `${one.backup === true ? 'backup ' : ''}${one.node}`
    parts.set(key, { says, names: [...(parts.get(key)?.names ?? []), name] })
  }
  const all = [...parts.values()]
  const left = all.slice(MOST_PARTS).reduce((sum, { names }) => sum + names.length, 0)
  const said = all.slice(0, MOST_PARTS).map(({ names, says }) => `${listed(names, MOST_NAMES)} ${says}`)
  return `${said.join(', ')}${left > 0 ? ` and ${left} more` : ''}`
}
const causeText = (cause: Cause, { weight }: RealserverReport): string =>
  `${cause.of === 'node' ? 'nothing is heard of its node' : cause.trouble.message}${weight > 0 ? '; kept' : ''}`

/** What all of these are out for; null: of one of them no more is known than its check says. */
export function causesText(status: Status, service: ServiceReport, out: readonly RealserverReport[]): string | null {
  const dead: string[] = []
  const said = new Set<string>()
  for (const one of out) {
    const cause = causeOf(status, service, one)
    if (cause === null) return null
    if (cause.of === 'node') dead.push(one.node)
    else said.add(cause.trouble.message)
  }
  const deaths = dead.length === 0 ? [] : [`nothing is heard of ${listed(dead, MOST_NAMES)}`]
  return out.length === 0
    ? null
    : [...(said.size > 0 ? [listed([...said], MOST_NAMES, '; ')] : []), ...deaths].join('; ')
}
