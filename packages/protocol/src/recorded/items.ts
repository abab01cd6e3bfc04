/**
 * A status in pieces, each under a name of its own as text: what changes of it from one second to the next is little. What counts on
 * all the time is left out (connections, what is left of a lease, ages, counters): of the past it is not said.
 */
import * as z from 'zod'
import {
  type NodeTrouble,
  type RealserverReport,
  type ServiceReport,
  type Status,
  statusReport,
} from '../http/status.ts'
import { NO_RECORD, type OwnRecord, ownRecord } from './report.ts'

export type Items = ReadonlyMap<string, string>

/** Realservers of all services together; of more, no service is recorded. */
export const MOST_RECORDED = 5000

export function itemsOf(status: Status, own: OwnRecord): Map<string, string> {
  const { groups, services, nodes, troubles, wanted, counters: _, delays: _delays, ...head } = status
  const items = new Map<string, string>()
  const put = (name: string, value: unknown): void => void items.set(name, JSON.stringify(value))
  const isLarge = serversIn(services) > MOST_RECORDED
  put('head', head)
  put('order', [groups, isLarge ? [] : services, nodes].map(namesOf))
  for (const { established: __, ...group } of groups) put(`group ${group.name}`, { ...group, leftMs: 0 })
  for (const service of isLarge ? [] : services) put(`service ${service.name}`, steadyService(service))
  for (const { ageMs: __, ...node } of nodes) put(`node ${node.name}`, node)
  put('wanted', wanted ?? [])
  troubles.forEach((trouble) => put(troubleName(trouble), steadyTrouble(trouble)))
  put('own', own)
  return items
}
export const serversIn = (services: Status['services']): number =>
  services.reduce((sum, { realservers }) => sum + realservers.length, 0)

const namesOf = (all: readonly { readonly name: string }[]): string[] => all.map(({ name }) => name)
const steadyServer = (server: RealserverReport): RealserverReport => ({ ...server, active: 0, inactive: 0 })
const steadyService = (service: ServiceReport): ServiceReport => ({
  ...service,
  realservers: service.realservers.map(steadyServer),
})
function steadyTrouble(trouble: NodeTrouble): NodeTrouble {
  const { leftMs: _, ...steady } = trouble
  return steady
}
const TROUBLE = 'trouble '
const troubleName = ({ node, code, object = '', message }: NodeTrouble): string =>
  TROUBLE + JSON.stringify([node, code, object, message])

const order = z.tuple([z.array(z.string()), z.array(z.string()), z.array(z.string())])

/** Null: they are none of a status. */
export function statusOf(items: Items): { readonly status: Status; readonly own: OwnRecord } | null {
  const read = (name: string): unknown => parsed(items.get(name))
  const [groups, services, nodes] = order.safeParse(read('order')).data ?? [[], [], []]
  const head = z.record(z.string(), z.unknown()).safeParse(read('head')).data
  const all = (kind: string, names: readonly string[]): unknown[] => names.map((name) => read(`${kind} ${name}`))
  const status = statusReport.safeParse({
    ...head,
    groups: all('group', groups),
    services: all('service', services),
    nodes: all('node', nodes),
    troubles: [...items.keys()].filter((name) => name.startsWith(TROUBLE)).map(read),
    wanted: read('wanted'),
    counters: {},
  })
  return status.success ? { status: status.data, own: ownRecord.safeParse(read('own')).data ?? NO_RECORD } : null
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
