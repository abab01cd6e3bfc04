/**
 * What no trouble says because nobody in particular has it, as entries beside the troubles of a status: a node that is dead, a realserver that
 * should serve and does not, a group without an owner. One for each cause: what a dead node served is said of the node alone.
 */
import { spanText, listed } from '@lvsm/base'
import {
  type HistoryEvent,
  isTold,
  judge,
  majorityOf,
  type NodeReport,
  type NodeTrouble,
  outOf,
  type RealserverReport,
  type ServiceReport,
  type Status,
  type Verdict,
  votes,
} from '@lvsm/protocol'
import { lastMove } from './explain/group.ts'
import { failedSince } from './explain/server.ts'
import { changeText } from './explain/subject.ts'

export interface Entry extends NodeTrouble {
  /** In place of what its kind says comes of it. */
  readonly means?: string
}

/** Does anything here need the events, which say since when? */
export const isUnsaid = (status: Status): boolean => unsaid(status, []).length > 0

/** `events`: the oldest first; none where nobody told them. */
export const unsaid = (status: Status, events: readonly HistoryEvent[]): Entry[] => [
  ...status.groups.flatMap((group) => unownedOf(group, status, events)),
  ...status.nodes.filter(({ state }) => state === 'dead').map((node) => deadOf(node, status)),
  ...serversOf(status, events),
]

function unownedOf(group: Status['groups'][number], { node }: Status, events: readonly HistoryEvent[]): Entry[] {
  const { name, state, owner, addresses, reason } = group
  if (owner !== null || state !== 'nobody') return []
  const since = lastMove(events, name, group)?.at
  return [
    {
      ...{ node, code: 'group-unowned', severity: 'critical', object: `group ${name}` },
      message: `nobody owns ${name} (${addresses.join(', ')}): ${reason}`,
      ...(since === undefined ? {} : { since }),
      hint: `lvsm explain group ${name}: why no director could take it`,
    },
  ]
}

function deadOf({ name, reason, roles, voter, ageMs }: NodeReport, status: Status): Entry {
  const at = (one: RealserverReport): boolean => one.node === name && one.weight > 0
  const takes = status.services.filter(({ realservers }) => realservers.some(at)).map((service) => service.name)
  const answering = status.services.flatMap((service) =>
    isTold(status, service) && service.realservers.some((one) => at(one) && isAnswering(one)) ? [service.name] : [],
  )
  const means = [
    ...(roles.includes('director') ? ['it can take no group over'] : []),
    ...(voter ? voteOf(status) : []),
    ...(takes.length > 0 && answering.length === 0 ? [`clients of ${takes.join(', ')} may still be sent to it`] : []),
  ]
  const heard = typeof ageMs === 'number' ? `; its agent was heard last ${spanText(ageMs)} ago` : ''
  return {
    ...{ node: status.node, code: 'node-dead', severity: 'critical', object: `node ${name}` },
    message: `node ${name} is dead: nothing is heard from it over any link (${reason}${heard})`,
    ...(means.length === 0 ? {} : { means: means.join('; ') }),
    ...(answering.length === 0
      ? {}
      : {
          evidence: `its server answers the checks of ${answering.join(', ')}: the machine may run, and lvsm-lease there be silent`,
        }),
    hint: deadStep(status, name),
  }
}
/** What its missing vote costs; nothing in particular where the voters that are left stand another loss. */
function voteOf({ nodes, troubles }: Status): string[] {
  const voters = nodes.filter(({ voter }) => voter)
  const needed = majorityOf(voters.length)
  const left = voters.filter((node) => votes(node, troubles) !== false).length
  if (left > needed) return []
  return left === needed
    ? ['without its vote, one more voter lost costs the majority']
    : [`its vote is lost: ${left} of ${voters.length} voters are left, and ${needed} must agree`]
}
/** By a check that was made. */
const isAnswering = ({ healthy, basis, kept }: RealserverReport): boolean =>
  healthy === true && basis === undefined && kept === undefined

export const deadStep = (status: Status, name: string): string =>
  `look at the machine (does it answer ping, its console). Where it runs: systemctl status lvsm-lease there; one that hangs (ps: state T or D) is started anew by systemctl restart lvsm-lease. Where it does not: start it; if it never comes back: ${changeText(status, `lvsm node remove ${name}`, `without ${name}`)}`

interface Out {
  readonly service: ServiceReport
  readonly server: RealserverReport
}
/** Of several services, and of several realservers, that are out for one reason. */
interface Case {
  readonly names: readonly string[]
  readonly all: readonly Out[]
}

function serversOf(status: Status, events: readonly HistoryEvent[]): Entry[] {
  const said = judge(status)
  const owned = new Set(
    status.groups.flatMap(({ name, owner, state }) => (owner !== null && state !== 'unknown' ? [name] : [])),
  )
  const told = status.services.filter((service) => owned.has(service.group) && isTold(status, service))
  const byServer = new Map<string, Out[]>()
  for (const service of told)
    for (const server of outOf(service)) {
      if (isSaid(status, service, server)) continue
      const key = JSON.stringify([server.node, causeOf(server), kindOf(said, service, server)])
      byServer.set(key, [...(byServer.get(key) ?? []), { service, server }])
    }
  const cases = new Map<string, Case>()
  for (const all of byServer.values()) {
    const [first] = all
    if (!first) continue
    const services = all.map(({ service }) => service.name)
    const key = JSON.stringify([services, causeOf(first.server), kindOf(said, first.service, first.server)])
    const before = cases.get(key) ?? { names: [], all: [] }
    cases.set(key, { names: [...before.names, first.server.node], all: [...before.all, ...all] })
  }
  return [
    ...[...cases.values()].flatMap((one) => outEntry(status, events, said, one)),
    ...unservedOf(status, told, said),
  ]
}

/** What was measured behind it differs for each, and with each check. */
const causeOf = ({ healthy, reason }: RealserverReport): string => {
  const [cause = '', ...more] = reason.split(': ')
  const alike = more.map((text) => text.replaceAll(/\d+(\.\d+)? (ms|s|min)\b/g, '…'))
  return `${healthy === false ? 'failed' : 'is out'} (${[cause, ...alike].join(': ')})`
}

/** By its node's death, or by a trouble that says more of it. */
function isSaid({ nodes, troubles }: Status, service: ServiceReport, { node }: RealserverReport): boolean {
  if (nodes.some(({ name, state }) => name === node && state === 'dead')) return true
  return troubles.some(
    ({ code, node: by, object, message }) =>
      object === `service ${service.name}` &&
      ((OF_SERVER.has(code) && by === node) || (code === 'flapping' && message.startsWith(`realserver ${node} of `))),
  )
}

/** Of a server, by the agent of its node. */
const OF_SERVER: ReadonlySet<string> = new Set(['accepts-nobody', 'stopped-process'])

type Which = 'service-unserved' | 'service-doubtful' | 'kept' | 'backup' | 'server-failed'
function kindOf({ served, doubted }: Verdict, { name }: ServiceReport, server: RealserverReport): Which {
  if (served.get(name) === false) return 'service-unserved'
  if (doubted.has(name)) return 'service-doubtful'
  if (server.weight > 0) return 'kept'
  return server.backup === true ? 'backup' : 'server-failed'
}
const MEANS: Readonly<Partial<Record<Which, string>>> = {
  kept: 'it is kept all the same, and clients are still sent to it',
  backup: 'it could not stand in if the others failed',
}
const MOST_NAMES = 4

function outEntry(status: Status, events: readonly HistoryEvent[], said: Verdict, { names, all }: Case): Entry[] {
  const [first] = all
  if (!first) return []
  const { service, server } = first
  const which = kindOf(said, service, server)
  const services = [...new Set(all.map((one) => one.service.name))]
  const [since] = all
    .flatMap((one) => failedSince(events, one.server.node, one.service.name) ?? [])
    .toSorted((one, other) => Date.parse(one) - Date.parse(other))
  const is = server.healthy === false ? 'failed' : names.length > 1 ? 'are out' : 'is out'
  const kind = status.nodes.some(({ name }) => name === server.node) ? 'node' : 'server'
  const check =
    server.healthy === false
      ? `lvsm check run ${service.name}/${server.node} --explain: what it is asked, and answers; `
      : ''
  const means = MEANS[which]
  const isOne = all.every((one) => one.server.reason === server.reason)
  return [
    {
      node: status.groups.find(({ name }) => name === service.group)?.owner ?? status.node,
      code: which === 'kept' || which === 'backup' ? 'server-failed' : which,
      severity: which === 'service-unserved' || which === 'service-doubtful' ? 'critical' : 'warning',
      object: `service ${service.name}`,
      message: `${services.join(', ')}: ${which === 'backup' ? 'backup ' : ''}${listed(names, MOST_NAMES)} ${is} (${server.reason}${isOne ? '' : '; the others alike'})`,
      ...(since === undefined ? {} : { since }),
      ...(means === undefined ? {} : { means }),
      hint: `${check}lvsm explain ${kind} ${server.node}`,
    },
  ]
}

/** Not served, though none of its realservers is out: it has none, or all are full, which its own trouble says. */
const unservedOf = (status: Status, told: readonly ServiceReport[], { served, faults }: Verdict): Entry[] =>
  told.flatMap((service) => {
    const { name, group } = service
    const object = `service ${name}`
    const isKnown = status.troubles.some((one) => one.object === object && one.code === 'pool-full')
    if (served.get(name) !== false || outOf(service).length > 0 || isKnown) return []
    return [
      {
        node: status.groups.find((one) => one.name === group)?.owner ?? status.node,
        ...{ code: 'service-unserved', severity: 'critical', object },
        message: faults.services.get(name) ?? `${name} is not served`,
        hint: `lvsm explain service ${name}`,
      },
    ]
  })
