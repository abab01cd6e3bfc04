/** Realservers that should serve and do not, and services that nobody serves, as entries: one for each cause. */
import { listed, type Severity } from '@lvsm/base'
import type { HistoryEvent } from '../events/event.ts'
import { failedSince } from '../events/since.ts'
import { causeOf, isHeldOut, tellerOf } from '../http/causes.ts'
import { droppedOf, isTold, outOf } from '../http/serving.ts'
import type { RealserverReport, ServiceReport, Status } from '../http/status.ts'
import { judge, type Verdict } from '../http/verdict.ts'
import { isRefused, silenceOf } from '../silence.ts'
import type { ListedTrouble } from './listed.ts'

interface Out {
  readonly service: ServiceReport
  readonly server: RealserverReport
}
/** Of several services, and of several realservers, that are out for one reason. */
interface Case {
  readonly names: readonly string[]
  readonly all: readonly Out[]
}

export function serversOf(status: Status, events: readonly HistoryEvent[]): ListedTrouble[] {
  const said = judge(status)
  const owned = new Set(
    status.groups.flatMap(({ name, owner, state }) => (owner !== null && state !== 'unknown' ? [name] : [])),
  )
  const told = status.services.filter((service) => owned.has(service.group) && isTold(status, service))
  const byServer = new Map<string, Out[]>()
  for (const service of told)
    for (const server of outOf(service)) {
      const which = kindOf(said, service, server)
      if (isSaid(status, service, server, which)) continue
      const key = JSON.stringify([server.node, reasonOf(server), which])
      byServer.set(key, [...(byServer.get(key) ?? []), { service, server }])
    }
  const cases = new Map<string, Case>()
  for (const all of byServer.values()) {
    const [first] = all
    if (!first) continue
    const services = all.map(({ service }) => service.name)
    const key = JSON.stringify([services, reasonOf(first.server), kindOf(said, first.service, first.server)])
    const before = cases.get(key) ?? { names: [], all: [] }
    cases.set(key, { names: [...before.names, first.server.node], all: [...before.all, ...all] })
  }
  return [
    ...[...cases.values()].flatMap((one) => outEntry(status, events, said, one)),
    ...unservedOf(status, told, said),
  ]
}

/** What was measured behind it differs for each, and with each check. */
const reasonOf = ({ healthy, reason }: RealserverReport): string => {
  const [cause = '', ...more] = bareOf(reason).split(': ')
  const alike = more.map((text) => text.replaceAll(/\d+(\.\d+)? (ms|s|min)\b/g, '…'))
  return `${healthy === false ? 'failed' : 'is out'} (${[cause, ...alike].join(': ')})`
}

/** What its check saw, without why it serves all the same: that is so of one of several that failed alike. */
const bareOf = (reason: string): string => reason.replace(/; (?:kept|serves although)[^;]*$/, '')

type Which = 'service-unserved' | 'service-doubtful' | 'kept' | 'backup' | 'server-failed'
function kindOf({ served, doubted }: Verdict, { name }: ServiceReport, server: RealserverReport): Which {
  if (served.get(name) === false) return 'service-unserved'
  if (doubted.has(name)) return 'service-doubtful'
  if (server.weight > 0) return 'kept'
  return server.backup === true ? 'backup' : 'server-failed'
}
/** Something else in the list says it, as urgently: where nobody serves, that is told beside a warning, and beside a way that is gone. */
function isSaid(status: Status, service: ServiceReport, server: RealserverReport, which: Which): boolean {
  const isCritical = SEVERITY[which] === 'critical'
  if (!isCritical && isHeldOut(status, service, server)) return true
  const cause = causeOf(status, service, server)
  if (!cause || cause.of === 'node') return cause !== null
  if (cause.of === 'way') return which === 'server-failed'
  return !isCritical || cause.trouble.severity === 'critical'
}
const MEANS: Readonly<Partial<Record<Which, string>>> = {
  kept: 'it is kept all the same, and clients are still sent to it',
  backup: 'it could not stand in if the others failed',
}
const CODES: Readonly<Record<Which, string>> = {
  'service-unserved': 'service-unserved',
  'service-doubtful': 'service-doubtful',
  kept: 'server-failed',
  backup: 'server-failed',
  'server-failed': 'server-failed',
}
const SEVERITY: Readonly<Record<Which, Severity>> = {
  'service-unserved': 'critical',
  'service-doubtful': 'critical',
  kept: 'warning',
  backup: 'warning',
  'server-failed': 'warning',
}
const MOST_NAMES = 4

function outEntry(
  status: Status,
  events: readonly HistoryEvent[],
  said: Verdict,
  { names, all }: Case,
): ListedTrouble[] {
  const [first] = all
  if (!first) return []
  const { service, server } = first
  const which = kindOf(said, service, server)
  const services = [...new Set(all.map((one) => one.service.name))]
  const [since] = all
    .flatMap((one) => failedSince(events, one.server.node, one.service.name) ?? [])
    // ISO 8601: texts in the order of time.
    .toSorted((one, other) => (one < other ? -1 : 1))
  const is = server.healthy === false ? 'failed' : names.length > 1 ? 'are out' : 'is out'
  const means = MEANS[which]
  const isOne = all.every((one) => one.server.reason === server.reason)
  return [
    {
      node: tellerOf(status, service),
      code: CODES[which],
      severity: SEVERITY[which],
      object: `service ${service.name}`,
      message: `${services.join(', ')}: ${which === 'backup' ? 'backup ' : ''}${listed(names, MOST_NAMES)} ${is} (${isOne ? server.reason : `${bareOf(server.reason)}; the others alike`})`,
      ...(since === undefined ? {} : { since }),
      ...(means === undefined ? {} : { means }),
      hint: stepOf(status, service, server),
    },
  ]
}

/** Not served, though none of its realservers is out: it has none, or all are full, which its own trouble says. */
const unservedOf = (status: Status, told: readonly ServiceReport[], { served, faults }: Verdict): ListedTrouble[] =>
  told.flatMap((service) => {
    const { name } = service
    const object = `service ${name}`
    const isKnown =
      status.troubles.some((one) => one.object === object && one.code === 'pool-full') ||
      droppedOf(status, service) !== null
    if (served.get(name) !== false || outOf(service).length > 0 || isKnown) return []
    return [
      {
        node: tellerOf(status, service),
        ...{ code: 'service-unserved', severity: 'critical', object },
        message: faults.services.get(name) ?? `${name} is not served`,
        hint: serviceStep(name),
      },
    ]
  })

const serviceStep = (name: string): string => `lvsm explain service ${name}`
function stepOf(
  { nodes, troubles }: Status,
  { name }: ServiceReport,
  { node, healthy, reason }: RealserverReport,
): string {
  const kind = nodes.some((one) => one.name === node) ? 'node' : 'server'
  const check = healthy === false ? `lvsm check run ${name}/${node} --explain: what it is asked, and answers; ` : ''
  const server =
    healthy === false && isRefused(reason) ? `on ${node}: does its server run (ss -ltnp)? else start it; ` : ''
  const own = healthy === false ? troubles.find((one) => one.node === node && WAYS.has(one.code)) : undefined
  // What its own agent could not name stands in the machine, or before it.
  const doctor =
    kind === 'node' && own === undefined && silenceOf(reason) === 'silent' ? `on ${node}: lvsm doctor; ` : ''
  const first = own ? `first what ${node} says of itself (${own.code}); ` : ''
  return `${first}${server}${check}${doctor}lvsm explain ${kind} ${node}`
}

/** What a node says of its own ways, by which its servers may not be reached. */
const WAYS: ReadonlySet<string> = new Set([
  ...[
    'cut-off',
    'interface-down',
    'link-down',
    'link-address-gone',
    'interface-errors',
    'interface-flaps',
    'qdisc-harm',
    'no-way',
    'link-no-way',
    'fixed-neighbour',
    'duplicate-address',
  ],
  ...['drop-rule', 'memory-killed', 'memory-pressure', 'conntrack-full', 'neighbours-full'],
])

/** The worst first. */
const ORDER: readonly Which[] = ['service-unserved', 'service-doubtful', 'kept', 'server-failed', 'backup']
/**
 * What is wrong with one service, in the sentence of the head of a status, for whoever is told of services one by one: whatever else says why.
 * Null: nothing.
 */
export function serviceEntry(status: Status, service: ServiceReport, said: Verdict): ListedTrouble | null {
  const { name } = service
  const fault = said.faults.services.get(name)
  if (fault === undefined && said.served.get(name) !== false) return null
  const [worst] = outOf(service)
    .map((server) => ({ server, which: kindOf(said, service, server) }))
    .toSorted((one, other) => ORDER.indexOf(one.which) - ORDER.indexOf(other.which))
  const which = worst?.which ?? 'service-unserved'
  const means = MEANS[which]
  return {
    node: tellerOf(status, service),
    ...{ code: CODES[which], severity: SEVERITY[which], object: `service ${name}` },
    message: fault ?? `${name} is not served`,
    ...(means === undefined ? {} : { means }),
    hint: worst ? stepOf(status, service, worst.server) : serviceStep(name),
  }
}
