/** A status as tables for eyes: one glance says who owns what, and what is wrong. */
import {
  type AnswerLine,
  answersOf,
  counterOf,
  type Exit,
  type GroupReport,
  type Health,
  type HistoryEvent,
  checkWord,
  isDrop,
  isFull,
  isPresent,
  judge,
  type RealserverReport,
  type ServiceReport,
  type Status,
  together,
} from '@lvsm/protocol'
import { destKey, forwardText, serviceKey, specText } from '@lvsm/model'
import { unknownConnections } from './established-text.ts'
import { nodeTable } from './node-table.ts'
import { type Paint, type Tone } from './paint.ts'
import { table } from './table.ts'
import { troubleLine } from './trouble-text.ts'
import { unsaid } from './unsaid.ts'
import { ageText, cutText, leftText, periodText, wantedTable } from './wanted-text.ts'

/** `coordinators`: what is wrong with them, where somebody asked; `events`: what says since when, the oldest first. */
export function statusText(
  status: Status,
  paint: Paint,
  coordinators: readonly string[] = [],
  events: readonly HistoryEvent[] = [],
): string {
  const parts = [
    summary(status, paint, coordinators),
    section('GROUPS', groupTable(status, paint), paint),
    ...pingSections(status.groups, paint),
    ...knownSections(status.groups, paint),
    ...status.services.map((service) =>
      section(serviceTitle(service) + saidBy(status, service.group), serverTable(service, paint), paint),
    ),
    section('NODES', nodeTable(status.nodes, paint), paint),
  ]
  const found = together([...status.troubles, ...unsaid(status, events)])
  if (found.length > 0)
    parts.push(section('TROUBLES', found.map((trouble) => troubleLine(trouble, paint, status.nodes)).join('\n'), paint))
  if (status.wanted !== undefined && status.wanted.length > 0)
    parts.splice(1, 0, section('MAINTENANCE', wantedTable(status.wanted, paint), paint))
  const dropped = droppedText(status.counters)
  if (dropped) parts.push(section(`DROPPED by ${status.node} since its processes started`, dropped, paint))
  return `${parts.join('\n\n')}\n`
}

/** What the answering node did not believe, or did not understand; an older agent counts none. */
const droppedText = (counters: Status['counters'] = {}): string =>
  Object.entries(counters)
    .filter(([name, count]) => isDrop(name) && !ORDINARY.has(name) && count > 0)
    .map(([name, count]) => {
      const counter = counterOf(name)
      const [one, many] = counter?.unit ?? ['message', 'messages']
      return `  ${count} ${count === 1 ? one : many}: ${counter?.help ?? name.slice('drop-'.length)}`
    })
    .join('\n')

/** They come with every restart of a node, or by its other link, and say nothing of now. */
const ORDINARY: ReadonlySet<string> = new Set(['drop-copy', 'drop-not-for-me', 'drop-retired-incarnation'])

const section = (title: string, body: string, paint: Paint): string => `${paint('strong', title)}\n${body}`

/** What `--check` ends with. */
export const CHECKED: Readonly<Record<Health, Exit>> = {
  healthy: 'ok',
  degraded: 'degraded',
  'not served': 'unserved',
  'not known': 'degraded',
}

export const TONE_OF: Readonly<Record<Health, Tone>> = {
  healthy: 'good',
  degraded: 'warn',
  'not served': 'bad',
  'not known': 'warn',
}

const TONE_OF_ANSWER: Readonly<Record<AnswerLine['label'], Tone>> = {
  'not served': 'bad',
  'not serving': 'bad',
  'cannot move': 'bad',
  'not redundant': 'warn',
  'not known': 'warn',
}
const LONGEST_LABEL = 'not redundant'.length

/** The verdict, and a line for each question of which the answer is not yes. */
function summary(status: Status, paint: Paint, coordinators: readonly string[]): string {
  const said = judge(status, coordinators)
  const { health, warnings } = said
  const verdict =
    paint(TONE_OF[health], health) + (said.other.length > 0 ? paint('bad', `; ${said.other.join('; ')}`) : '')
  const counted = warnings === 0 ? '' : paint('warn', `; ${warnings} warning${warnings === 1 ? '' : 's'}`)
  const past = together(status.troubles).filter((one) => !isPresent(one)).length
  const over = past === 0 ? '' : paint('dim', `; ${past} of the last minutes ${past === 1 ? 'is' : 'are'} over`)
  const below = answersOf(said).map(
    ({ label, texts }) => `\n  ${paint(TONE_OF_ANSWER[label], label.padEnd(LONGEST_LABEL))}  ${texts.join('; ')}`,
  )
  const wanted = (status.wanted ?? []).filter(({ idle }) => !idle).length
  const maintenance = wanted === 0 ? '' : paint('warn', `; maintenance: ${wanted}`)
  return `${paint('strong', status.cluster)}  seen by ${status.node}, revision ${status.revision}${epochText(status)}: ${verdict}${counted}${over}${maintenance}${below.join('')}`
}

/** Of the voters, where coordinators number them. */
const epochText = ({ epoch = 0 }: Status): string => (epoch > 1 ? `, epoch ${epoch}` : '')

function groupTable(status: Status, paint: Paint): string {
  const { groups } = status
  const rows = groups.map((group) => [
    group.name,
    group.owner !== null
      ? paint('good', group.owner)
      : group.state === 'stopped'
        ? paint('warn', 'stopped')
        : paint('bad', 'nobody'),
    group.owner === null ? '-' : String(group.number),
    group.owner === null ? '-' : `${Math.max(0, Math.round(group.leftMs))} ms${ownerAge(status, group.name)}`,
    group.addresses.join(', '),
    group.directors.join(' > '),
    (group.reason || group.state) + (group.wanted ? periodText(group.wanted) : ''),
  ])
  return table(['group', 'owner', 'lease', 'left', 'addresses', 'directors', 'why'], rows, paint, ['lease', 'left'])
}

/** Empty: it is of a moment ago, or nobody says how old it is. */
const ownerAge = ({ groups, nodes }: Status, group: string): string => {
  const owner = groups.find(({ name }) => name === group)?.owner
  const age = ageText(nodes.find(({ name }) => name === owner) ?? {})
  return age === '' ? '' : ` (${age})`
}
function saidBy(status: Status, group: string): string {
  const age = ownerAge(status, group)
  return age === '' ? '' : `, as its owner said it${age}`
}

/** Only where a group has ping nodes; an older agent tells of none. */
function pingSections(groups: readonly Partial<GroupReport>[], paint: Paint): string[] {
  const rows = groups.flatMap(({ name = '', owner, pings = [] }) =>
    pings.map(({ address, directors }) => {
      const those = (wanted: boolean | null): string =>
        directors
          .filter(({ reached }) => reached === wanted)
          .map(({ node }) => (wanted === false ? paint(node === owner ? 'bad' : 'warn', node) : node))
          .join(', ') || '-'
      return [name, address, those(true), those(false), those(null)]
    }),
  )
  const head = ['group', 'ping node', 'reached by', 'not reached by', 'not known of']
  return rows.length === 0 ? [] : [section('PING NODES', table(head, rows, paint), paint)]
}

/** Only where a director knows so few of them that a move would end some. */
function knownSections(groups: readonly GroupReport[], paint: Paint): string[] {
  const lines = groups.flatMap((group) => unknownConnections(group).map((text) => `  ${group.name}: ${text}`))
  return lines.length === 0 ? [] : [section('CONNECTIONS', lines.join('\n'), paint)]
}

/** What clients ask. */
export const placeText = ({ protocol, address, ports, fwmark = 0, ...service }: ServiceReport): string =>
  ports === undefined
    ? serviceKey({ protocol, address, port: service.port })
    : `${protocol} ${address} ports ${ports} (fwmark 0x${fwmark.toString(16)})`

function serviceTitle(service: ServiceReport): string {
  const { name, scheduler, schedulerFlags: flags = [], spec = specText({ scheduler, flags }), group } = service
  const isOut = service.realservers.length > 0 && service.realservers.every(({ state }) => state !== undefined)
  const maintenance = isOut ? ': no new connections, all realservers are drained or stopped' : ''
  return `SERVICE ${name}  ${placeText(service)} ${spec}, group ${group}${maintenance}`
}

/** An operator's word comes before that of the checks. */
function health(server: RealserverReport, paint: Paint): string {
  const { healthy, state, backup, weight, degraded } = server
  if (state !== undefined) return paint('warn', state)
  if (healthy === false) return paint('bad', weight > 0 ? 'failed, kept' : 'failed')
  if (isFull(server)) return paint('warn', 'full')
  if (degraded === true && healthy === true) return paint('warn', 'degraded')
  if (backup === true && healthy === true)
    return paint(weight > 0 ? 'warn' : 'dim', weight > 0 ? 'stands in' : 'in reserve')
  const word = checkWord(server)
  return paint(word === 'healthy' ? 'good' : 'dim', word)
}

function serverTable(service: ServiceReport, paint: Paint): string {
  if (service.realservers.length === 0) return paint('bad', '  no realservers')
  const rows = service.realservers.map((server: RealserverReport) => [
    server.backup === true ? `${server.node} (backup)` : server.node,
    destKey(server),
    forwardText(server),
    String(server.weight),
    String(server.active),
    String(server.inactive),
    health(server, paint),
    serverReason(server, service.told),
  ])
  const head = ['realserver', 'address', 'forward', 'weight', 'active', 'inactive', 'health', 'why']
  return [table(head, rows, paint, ['weight', 'active', 'inactive']), ...lostWithMove(service)].join('\n')
}

/** Of what no director can tell another. */
function lostWithMove({ realservers }: ServiceReport): string[] {
  const names = realservers.flatMap(({ node, forward }) => (forward === 'fullnat' ? [node] : []))
  if (names.length === 0) return []
  return [`  by full NAT: do not count on connections to ${names.join(', ')} when another director takes over`]
}

/** What a drained one would do if it were enabled, its check says. */
function serverReason(server: RealserverReport, told = true): string {
  const { state, wanted, reason } = server
  if (state === undefined || !wanted) return reason + limitText(server)
  const left = leftText(server, told) + (wanted.deadline === undefined ? '' : cutText(wanted.deadline))
  const check = checkWord(server)
  return `${wanted.intent} by ${wanted.author}${left}; ${check}: ${reason}`
}

/** Who has as many connections as it may gets no new ones. */
const limitText = (server: RealserverReport): string =>
  server.upper === undefined ? '' : `; ${isFull(server) ? 'full: ' : ''}at most ${server.upper} connections`
