/** What a service is beside scheduler and check, and what the kernel would refuse of it, or heed without a word. */
import { hostPrefix } from '../address.ts'
import { MOST } from '../config.ts'
import type { Path } from '../document.ts'
import { durationText, parseDuration } from '../duration.ts'
import { parseNetmask } from '../netmask.ts'
import { ENGINES, type EngineRow, forwarding, namesOf, PROTOCOLS, protocolRow } from '../tables/index.ts'
import { checkHelper } from './applications.ts'
import type { Served, Service } from './pools.ts'
import { isUnread, type Refuse, type Rule } from './rule.ts'

export function checkOptions(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  checkOnePacket(service, servers, path, refuse)
  checkPersistence(service, path, refuse)
  checkHelper(service, servers, path, refuse)
  checkUnchecked(service, path, refuse)
  for (const server of servers) checkThresholds(server, refuse)
  checkBackups(service, servers, path, refuse)
}

const protocolsThat = (has: (name: keyof typeof PROTOCOLS) => boolean): string =>
  namesOf(PROTOCOLS).filter(has).join(' or ')

function checkOnePacket(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  const { protocol } = service
  if (service['one-packet'] !== true || protocol === undefined) return
  if (!protocolRow(protocol).onePacket)
    return refuse(
      'one-packet-protocol',
      [...path, 'one-packet'],
      `connections of ${protocolRow(protocol).title} have more than one packet, which all belong to one realserver`,
      `take it out; it is for protocol: ${protocolsThat((name) => protocolRow(name).onePacket)}`,
    )
  for (const { item, here } of servers)
    if (item.forward !== undefined && forwarding(item.forward).answersThroughDirector)
      refuse(
        'one-packet-answers',
        here('forward'),
        `${forwarding(item.forward).title} translates answers by the connection that they belong to, and with one-packet IPVS keeps none`,
        'use forward: dr for this realserver, or take one-packet out and lower udp-timeout of the cluster',
      )
}

function checkPersistence(service: Service, path: Path, refuse: Refuse): void {
  const { persistence, address, protocol } = service
  if (persistence !== undefined) checkSeconds(persistence, [...path, 'persistence'], refuse)
  for (const key of ['persistence-netmask', 'persistence-engine'] as const)
    if (service[key] !== undefined && !Object.hasOwn(service, 'persistence'))
      refuse(
        'no-persistence',
        [...path, key],
        'nothing says for how long clients are to come to the same realserver',
        'add persistence: 300s, or take it out',
      )
  const netmask = service['persistence-netmask']
  const prefix = netmask === undefined ? null : parseNetmask(netmask)
  if (prefix !== null && address !== undefined && prefix > hostPrefix(address))
    refuse(
      'bad-netmask',
      [...path, 'persistence-netmask'],
      `an address like ${address} has ${hostPrefix(address)} bits, not ${prefix}`,
      `use at most ${hostPrefix(address)}`,
    )
  const engine = service['persistence-engine']
  if (engine === undefined || protocol === undefined) return
  const { protocols }: EngineRow = ENGINES[engine]
  if (!protocols.includes(protocol))
    refuse(
      'engine-protocol',
      [...path, 'persistence-engine'],
      `the engine ${engine} reads packets of ${protocols.join(' and ')} alone, and the kernel would drop those of ${protocol}`,
      `take it out, or use protocol: ${protocols.join(' or ')}`,
    )
}

/** The kernel counts in whole seconds. */
function checkSeconds(written: string, path: Path, refuse: Refuse): void {
  const seconds = (parseDuration(written) ?? Number.NaN) / 1000
  if (Number.isNaN(seconds)) return
  if (!Number.isInteger(seconds) || seconds < 1)
    refuse('not-whole-seconds', path, `${written}: IPVS counts whole seconds, from one on`, 'write 60s, or 5m')
  else if (seconds > MOST.timeoutSeconds)
    refuse(
      'out-of-range',
      path,
      `${written} is more than a week: the table of connections would never become smaller`,
      `use at most ${durationText(MOST.timeoutSeconds * 1000)}; minutes are usual`,
    )
}

export const ipvsTimeouts: Rule = (draft, refuse) => {
  for (const key of ['tcp-timeout', 'tcp-fin-timeout', 'udp-timeout'] as const) {
    const written = draft[key]
    if (written !== undefined) checkSeconds(written, [key], refuse)
  }
}

/** Of a protocol that no prober speaks nobody checks anything without being told how. */
function checkUnchecked(service: Service, path: Path, refuse: Refuse): void {
  const { protocol } = service
  if (protocol === undefined || Object.hasOwn(service, 'check') || protocolRow(protocol).check !== null) return
  refuse(
    'no-check',
    [...path, 'protocol'],
    `there is no check for ${protocolRow(protocol).title}, and none is said: a dead realserver would stay in the table`,
    'add check: { type: script, command: [PROGRAM] }, { type: tcp, port: PORT }, or { type: none }',
  )
}

function checkThresholds({ item, place }: Served, refuse: Refuse): void {
  const { 'upper-threshold': upper, 'lower-threshold': lower } = item
  if (lower === undefined || isUnread(item, 'upper-threshold')) return
  if (upper === undefined)
    refuse(
      'lower-without-upper',
      place('lower-threshold'),
      'without an upper threshold a realserver takes all connections, and the lower one means nothing',
      'add upper-threshold: CONNECTIONS, or take it out',
    )
  else if (lower > upper)
    refuse(
      'thresholds-crossed',
      place('lower-threshold'),
      `lower-threshold ${lower} is above upper-threshold ${upper}`,
      'a realserver that is full takes connections again under the lower one: use at most the upper',
    )
}

/** The weight that realservers without the backups have; null where it is not known. */
function ownWeight(servers: readonly Served[]): number | null {
  const unread = servers.some(({ item }) => isUnread(item, 'weight') || isUnread(item, 'backup'))
  const own = servers.filter(({ item }) => item.backup !== true)
  return unread ? null : own.reduce((sum, { item }) => sum + (item.weight ?? 1), 0)
}

function checkBackups(service: Service, servers: readonly Served[], path: Path, refuse: Refuse): void {
  const [first] = servers
  if (first && servers.every(({ item }) => item.backup === true))
    return refuse(
      'only-backups',
      first.here('backup'),
      `service "${service.name}" has nobody but backups: there is nobody that they could stand in for`,
      'take backup out of those that are to serve',
    )
  const { quorum = 1, hysteresis = 0 } = service
  if (isUnread(service, 'quorum') || isUnread(service, 'hysteresis')) return
  if (hysteresis >= quorum && hysteresis > 0)
    return refuse(
      'hysteresis-too-large',
      [...path, 'hysteresis'],
      `with hysteresis ${hysteresis} a quorum of ${quorum} would never be lost`,
      `use less than the quorum${quorum > 1 ? `: ${quorum - 1} at most` : ', or raise that'}`,
    )
  const weight = ownWeight(servers)
  const needed = quorum + hysteresis
  if (weight === null || servers.length === 0 || needed <= Math.max(1, weight)) return
  refuse(
    'quorum-out-of-reach',
    [...path, 'quorum'],
    `realservers of weight ${weight} in all never come to ${needed} (quorum${hysteresis > 0 ? ' and hysteresis' : ''})`,
    `use at most ${Math.max(1, weight - hysteresis)}, or raise weights; backups do not count`,
  )
}
