/** Why a realserver does not serve, where more is known of it than its check says: a trouble of a node, or that its node is dead. */
import { listed } from '@lvsm/base'
import { isRefused, silenceOf } from '../silence.ts'
import { dropsServerOf, dropsWayTo, refuses } from '../troubles/dropped.ts'
import { isWithoutWay } from '../troubles/echoes.ts'
import type { NodeTrouble, RealserverReport, ServiceReport, Status } from './status.ts'

export type Cause =
  | { readonly of: 'node' }
  /** The realserver's own node says it, or the owner of it. */
  | { readonly of: 'server'; readonly trouble: NodeTrouble }
  /** It keeps the owner's checks from it: by a packet filter, or because the owner's kernel has no way to it. */
  | { readonly of: 'filter' | 'way'; readonly trouble: NodeTrouble }

/** Of a server, by the agent of its node. */
const OF_SERVER: ReadonlySet<string> = new Set(['accepts-nobody', 'nobody-listens', 'stopped-process'])

/** Null: what its check says is all that is known. */
export function causeOf(status: Status, service: ServiceReport, server: RealserverReport): Cause | null {
  const { node, healthy, reason } = server
  const object = `service ${service.name}`
  const owner = tellerOf(status, service)
  const present = status.troubles.filter(({ pastMs }) => pastMs === undefined)
  const find = (is: (one: NodeTrouble) => boolean): NodeTrouble | undefined => present.find(is)
  if (status.nodes.some(({ name, state }) => name === node && state === 'dead')) return { of: 'node' }
  const own = find(
    (one) =>
      (one.node === node && dropsServerOf(one, service.name)) ||
      (one.object === object &&
        ((OF_SERVER.has(one.code) && one.node === node) ||
          (one.code === 'flapping' && one.message.startsWith(`realserver ${node} of `)))),
  )
  if (own) return { of: 'server', trouble: own }
  if (healthy !== false) return null
  // What is dropped has no answer, and what is refused is refused.
  const isSo = (one: NodeTrouble): boolean => (refuses(one) ? isRefused(reason) : silenceOf(reason) === 'silent')
  const filter = find((one) => one.node === owner && dropsWayTo(one, service.name, node) && isSo(one))
  if (filter) return { of: 'filter', trouble: filter }
  const way = find((one) => one.node === owner && isWithoutWay(one, node))
  return way ? { of: 'way', trouble: way } : null
}

/** Whose table it is. */
export const tellerOf = ({ groups, node }: Pick<Status, 'groups' | 'node'>, { group }: ServiceReport): string =>
  groups.find(({ name }) => name === group)?.owner ?? node

const MOST_NAMES = 4
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
  return [...parts.values()].map(({ names, says }) => `${listed(names, MOST_NAMES)} ${says}`).join(', ')
}
const causeText = (cause: Cause, { weight }: RealserverReport): string =>
  `${cause.of === 'node' ? 'its node is dead' : cause.trouble.message}${weight > 0 ? '; kept' : ''}`

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
  const deaths = dead.length === 0 ? [] : [`${listed(dead, MOST_NAMES)} ${dead.length === 1 ? 'is' : 'are'} dead`]
  return out.length === 0 ? null : [...said, ...deaths].join('; ')
}
