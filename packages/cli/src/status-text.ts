/** A status as tables for eyes: one glance says who owns what, and what is wrong. */
import {
  type AnswerLine,
  answersOf,
  counterOf,
  listedTroubles,
  type Exit,
  type GroupReport,
  type Health,
  headOf,
  type HistoryEvent,
  isDrop,
  judge,
  type RealserverReport,
  type ServerWord,
  serverWhy,
  serverWord,
  type ServiceReport,
  type Status,
} from '@lvsm/protocol'
import { destKey, forwardText, placeText, serviceSpec } from '@lvsm/model'
import { unknownConnections } from './established-text.ts'
import { nodeTable } from './node-table.ts'
import { type Paint, type Tone } from './paint.ts'
import { table } from './table.ts'
import { troubleLine } from './trouble-text.ts'
import { ageText, periodText, timeText, wantedTable } from './wanted-text.ts'

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
  const found = listedTroubles(status, events)
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
  const { health } = said
  const beside = headOf(status, said).map(({ weight, text }) => paint(weight === 'over' ? 'dim' : weight, `; ${text}`))
  const verdict = [paint(TONE_OF[health], health), ...beside].join('')
  const below = answersOf(said).map(
    ({ label, texts }) => `\n  ${paint(TONE_OF_ANSWER[label], label.padEnd(LONGEST_LABEL))}  ${texts.join('; ')}`,
  )
  return `${paint('strong', status.cluster)}  seen by ${status.node}, revision ${status.revision}${epochText(status)}: ${verdict}${below.join('')}`
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

function serviceTitle(service: ServiceReport): string {
  const { name, group } = service
  const isOut = service.realservers.length > 0 && service.realservers.every(({ state }) => state !== undefined)
  const maintenance = isOut ? ': no new connections, all realservers are drained or stopped' : ''
  return `SERVICE ${name}  ${placeText(service)} ${serviceSpec(service)}, group ${group}${maintenance}`
}

const TONE_OF_SERVER: Readonly<Record<ServerWord, Tone>> = {
  ...{ draining: 'warn', drained: 'warn', stopping: 'warn', stopped: 'warn' },
  ...{ 'failed, kept': 'bad', failed: 'bad' },
  ...{ full: 'warn', degraded: 'warn', 'stands in': 'warn' },
  ...{ 'in reserve': 'dim', healthy: 'good', 'not checked': 'dim' },
}
function health(server: RealserverReport, paint: Paint): string {
  const word = serverWord(server)
  return paint(TONE_OF_SERVER[word], word)
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
    serverWhy(server, service.told ?? true, timeText),
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
