/** A status as tables for eyes: one glance says who owns what, and what is wrong. */
import {
  type AnswerLine,
  answersOf,
  droppedLines,
  droppedTitle,
  epochText,
  listedTroubles,
  type Exit,
  type GroupReport,
  groupWhy,
  type Health,
  headOf,
  type HistoryEvent,
  isTold,
  judge,
  type KeyChange,
  keyChangeText,
  lostWithMove,
  ownerAge,
  pingRows,
  type RealserverReport,
  type ServerWord,
  serverWhy,
  serviceNotes,
  shownWord,
  serverWord,
  type ServiceReport,
  type Status,
  unknownConnections,
} from '@lvsm/protocol'
import { destKey, forwardText, placeText, serviceSpec } from '@lvsm/model'
import { nodeTable } from './node-table.ts'
import { type Paint, type Tone } from './paint.ts'
import { table } from './table.ts'
import { troubleLine } from './trouble-text.ts'
import { timeText, wantedTable } from './wanted-text.ts'

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
      section(serviceTitle(status, service), serverTable(status, service, paint), paint),
    ),
    section('NODES', nodeTable(status, paint), paint),
  ]
  const found = listedTroubles(status, events)
  if (found.length > 0)
    parts.push(section('TROUBLES', found.map((trouble) => troubleLine(trouble, paint, status)).join('\n'), paint))
  if (status.wanted !== undefined && status.wanted.length > 0)
    parts.splice(1, 0, section('MAINTENANCE', wantedTable(status.wanted, paint), paint))
  if (status.keys !== undefined && status.keys.length > 0)
    parts.push(section('HEARTBEAT KEYS', status.keys.map(keyLine).join('\n'), paint))
  const dropped = droppedLines(status.counters).map((line) => `  ${line}`)
  if (dropped.length > 0) parts.push(section(droppedTitle(status), dropped.join('\n'), paint))
  return `${parts.join('\n\n')}\n`
}

const keyLine = (change: KeyChange): string =>
  [`  ${keyChangeText(change)}`, ...(change.hint === undefined ? [] : [`    → ${change.hint}`])].join('\n')

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
  impaired: 'bad',
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

const OWNERLESS: Readonly<Record<GroupReport['state'], readonly [Tone, string]>> = {
  owned: ['bad', 'nobody'],
  moving: ['bad', 'nobody'],
  nobody: ['bad', 'nobody'],
  stopped: ['warn', 'stopped'],
  unknown: ['warn', 'not known'],
}
function groupTable(status: Status, paint: Paint): string {
  const { groups } = status
  const rows = groups.map((group) => [
    group.name,
    group.owner !== null ? paint('good', group.owner) : paint(...OWNERLESS[group.state]),
    group.owner === null ? '-' : String(group.number),
    group.owner === null
      ? '-'
      : `${Math.max(0, Math.round(group.leftMs))} ms${inBrackets(ownerAge(status, group.name))}`,
    group.addresses.join(', '),
    group.directors.join(' > '),
    groupWhy(group, timeText),
  ])
  return table(['group', 'owner', 'lease', 'left', 'addresses', 'directors', 'why'], rows, paint, ['lease', 'left'])
}

const inBrackets = (text: string): string => (text === '' ? '' : ` (${text})`)

/** Only where a group has ping nodes; an older agent tells of none. */
function pingSections(groups: readonly Partial<GroupReport>[], paint: Paint): string[] {
  const rows = pingRows(groups).map(({ group, address, owner, reached, unreached, unknown }) => [
    ...[group, address, reached.join(', ') || '-'],
    unreached.map((node) => paint(node === owner ? 'bad' : 'warn', node)).join(', ') || '-',
    unknown.join(', ') || '-',
  ])
  const head = ['group', 'ping node', 'reached by', 'not reached by', 'not known of']
  return rows.length === 0 ? [] : [section('PING NODES', table(head, rows, paint), paint)]
}

/** Only where a director knows so few of them that a move would end some. */
function knownSections(groups: readonly GroupReport[], paint: Paint): string[] {
  const lines = groups.flatMap((group) => unknownConnections(group).map((text) => `  ${group.name}: ${text}`))
  return lines.length === 0 ? [] : [section('CONNECTIONS', lines.join('\n'), paint)]
}

function serviceTitle(status: Status, service: ServiceReport): string {
  const { name, group } = service
  return `SERVICE ${name}  ${placeText(service)} ${serviceSpec(service)}, group ${group}${serviceNotes(status, service)}`
}

const TONE_OF_SERVER: Readonly<Record<ServerWord, Tone>> = {
  ...{ draining: 'warn', drained: 'warn', stopping: 'warn', stopped: 'warn' },
  ...{ 'failed, kept': 'bad', failed: 'bad' },
  ...{ full: 'warn', degraded: 'warn', 'stands in': 'warn' },
  ...{ 'in reserve': 'dim', healthy: 'good', 'not checked': 'dim' },
}
const health = (server: RealserverReport, told: boolean, paint: Paint): string =>
  paint(told ? TONE_OF_SERVER[serverWord(server)] : 'warn', shownWord(server, told))

function serverTable(status: Status, service: ServiceReport, paint: Paint): string {
  if (service.realservers.length === 0) return paint('bad', '  no realservers')
  const told = isTold(status, service)
  const known = (count: number): string => (told ? String(count) : '-')
  const rows = service.realservers.map((server: RealserverReport) => [
    server.backup === true ? `${server.node} (backup)` : server.node,
    destKey(server),
    forwardText(server),
    known(server.weight),
    known(server.active),
    known(server.inactive),
    health(server, told, paint),
    serverWhy(server, told, timeText, status.troubles),
  ])
  const head = ['realserver', 'address', 'forward', 'weight', 'active', 'inactive', 'health', 'why']
  return [
    table(head, rows, paint, ['weight', 'active', 'inactive']),
    ...lostWithMove(service).map((line) => `  ${line}`),
  ].join('\n')
}
