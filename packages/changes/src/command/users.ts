/** Who uses something: what is used is not removed. */
import { familyOf } from '@lvsm/base'
import { type Forward, forwarding } from '@lvsm/model'
import type { Noun } from '@lvsm/protocol'
import type { Document, DocumentServer, Named } from '../document/document.ts'
import { hostOf } from '../document/sections.ts'
import { nodeOfServer } from '../document/server-ref.ts'
import type { Which } from './command.ts'

type Users = (document: Document, name: string, which: Which) => readonly string[]

const namesOf = <T>(section: Named<T>, title: string, uses: (one: T, name: string) => boolean): string[] =>
  Object.entries(section).flatMap(([name, one]) => (uses(one, name) ? [`${title} "${name}"`] : []))
const hasNode = (servers: Named<DocumentServer> | undefined, node: string): boolean =>
  Object.keys(servers ?? {}).some((server) => nodeOfServer(server) === node)

const node: Users = ({ groups, pools, services }, name) => [
  ...namesOf(groups, 'group', ({ directors }) => directors.includes(name)).map((one) => `${one} (director)`),
  ...namesOf(pools, 'pool', ({ realservers }) => hasNode(realservers, name)),
  ...namesOf(services, 'service', ({ realservers }) => hasNode(realservers, name)),
]
const group: Users = ({ services }, name) => namesOf(services, 'service', (one) => one.group === name)
const vip: Users = ({ services }, address, which) =>
  namesOf(services, 'service', (one) => one.group === which['group'] && one.address === hostOf(address))
const pool: Users = ({ services }, name) => namesOf(services, 'service', (one) => one.pool === name)
const key: Users = (document, id) => (String(document['sign-with']) === id ? ['sign-with'] : [])

interface Served {
  readonly forward?: Forward | undefined
  readonly gateway?: string | undefined
  readonly address?: string | undefined
}
/** Realservers that name it, and those that have no other: a group's only gateway of a family is theirs. */
const gateway: Users = (document, cidr, which) => {
  const own = document.groups[which['group'] ?? '']
  const family = familyOf(hostOf(cidr))
  const only = Object.keys(own?.gateways ?? {}).filter((one) => familyOf(hostOf(one)) === family).length === 1
  const uses = (server: Served): boolean =>
    server.forward !== undefined &&
    forwarding(server.forward).needsGateway &&
    (server.gateway === hostOf(cidr) ||
      (only && server.gateway === undefined && familyOf(server.address ?? cidr) === family))
  const serves = (servers: Named<Parameters<typeof uses>[0]> | undefined): boolean =>
    Object.values(servers ?? {}).some(uses)
  return namesOf(
    document.services,
    'service',
    (one) =>
      one.group === which['group'] &&
      (serves(one.realservers) || serves(one.overrides) || serves(document.pools[one.pool ?? '']?.realservers)),
  )
}

/** A realserver of a pool: services that have it otherwise. */
const server: Users = (document, name, which) => {
  const inPool = document.pools[which['pool'] ?? '']?.realservers
  const member = nodeOfServer(name)
  const others = Object.keys(inPool ?? {}).filter((one) => nodeOfServer(one) === member).length
  if (inPool === undefined || others > 1) return []
  return namesOf(
    document.services,
    'service',
    (one) => one.pool === which['pool'] && Object.hasOwn(one.overrides ?? {}, member),
  ).map((one) => `${one} (override)`)
}

const USERS: Readonly<Partial<Record<Noun, Users>>> = { node, group, vip, gateway, pool, key, server }

/** In words, e.g. `service "http"`. */
export const usersOf = (document: Document, noun: Noun, which: Which): readonly string[] =>
  USERS[noun]?.(document, which[noun] ?? '', which) ?? []
