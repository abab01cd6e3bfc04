/**
 * The house laws, checked on the operations themselves before any is carried out. It shares no code with
 * `diff` (names of services are the model's) and trusts nothing of it: it plays the operations on what the kernel said.
 */
import { destKey, isMark, serviceKey } from '@lvsm/model'
import type { NatRules } from './nat-rules.ts'
import { type AliasBoard, aliasBoard, judgeAlias, judgeDummy, judgeLocalRoute, judgeLoudness } from './audit-aliases.ts'
import { judgeGuard, judgeGue, judgeTunnel, type TunnelBoard, tunnelBoard } from './audit-tunnels.ts'
import { type AnswerBoard, answerBoard, judgeAnswers, judgeRoute } from './audit-routes.ts'
import { judgeSources } from './audit-sources.ts'
import { judgeMarks, judgeTurns } from './audit-marks.ts'
import { judgeWords } from './audit-words.ts'
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'

export interface AuditInput {
  readonly observed: Observed
  /** Service key → destination keys that are ours. */
  readonly owned: ReadonlyMap<string, ReadonlySet<string>>
  /** Floating addresses that this node holds as the owner now. */
  readonly held: ReadonlySet<string>
  /** Key of a service by mark → the address that its packets come to. */
  readonly marked?: ReadonlyMap<string, string>
}

const WRITABLE =
  /^net\/ipv4\/(ip_forward|vs\/(conntrack|run_estimation|sloppy_(tcp|sctp)|expire_nodest_conn|expire_quiescent_template|backup_only|sync_(version|threshold|refresh_period|retries|persist_mode|sock_size|ports))|conf\/[^/]+\/(arp_ignore|arp_announce|send_redirects|accept_redirects|promote_secondaries)|conf\/(?!(?:all|default)\/)[^/]+\/(accept_local|forwarding|rp_filter))$|^net\/ipv6\/conf\/(all\/forwarding|[^/]+\/(accept_ra|accept_redirects)|lvsm-([a-z][0-9a-f]{8}|vips)\/disable_ipv6)$|^net\/netfilter\/nf_conntrack_tcp_timeout_established$/
const SYNC_RECORD = 'sync daemons'
interface Board {
  readonly sysctls: Map<string, string>
  /** `service|destination` → weight. */
  readonly weights: Map<string, number>
  readonly services: Set<string>
  /** Service or destination → whether this plan made it come or leave. */
  readonly turns: Map<string, 'came' | 'left'>
  readonly aliases: AliasBoard
  /** `ADDRESS INDEX` of aliases that the plan took off. */
  readonly left: Set<string>
  readonly tunnels: TunnelBoard
  readonly answers: AnswerBoard
}

/** Every law that the plan breaks, one sentence each; empty when it may run. */
export function audit(plan: readonly Operation[], auditInput: AuditInput): string[] {
  const board: Board = {
    sysctls: new Map(),
    weights: new Map(),
    services: new Set(),
    turns: new Map(),
    aliases: aliasBoard(auditInput.observed),
    left: new Set(),
    tunnels: tunnelBoard(auditInput.observed),
    answers: answerBoard(auditInput.observed),
  }
  for (const [path, value] of auditInput.observed.sysctls) if (value !== null) board.sysctls.set(path, value)
  for (const service of auditInput.observed.services ?? []) {
    const name = serviceKey(service)
    board.services.add(name)
    for (const dest of service.dests) board.weights.set(`${name}|${destKey(dest)}`, dest.weight)
  }
  return [
    ...plan.flatMap((operation) => judge(operation, auditInput, board)),
    ...emptied(plan, auditInput, board),
    ...judgeTurns(board.weights, auditInput.owned),
  ]
}

function judge(operation: Operation, auditInput: AuditInput, board: Board): string[] {
  switch (operation.kind) {
    case 'sysctl':
      return judgeSetting(operation, board)
    case 'nat-rules':
      return judgeRules(operation.needs, auditInput, board)
    case 'timeouts':
      return Object.entries(operation.timeouts)
        .filter(([, seconds]) => seconds !== null && !(Number.isInteger(seconds) && seconds > 0))
        .map(([name, seconds]) => `the timeout ${name} would be ${seconds} seconds`)
    case 'alias-add':
    case 'alias-remove':
      if (operation.kind === 'alias-remove') board.left.add(`${operation.address} ${operation.index}`)
      return judgeAlias(operation, auditInput, board.sysctls, board.aliases)
    case 'local-route-add':
    case 'local-route-remove':
      return judgeLocalRoute(operation, auditInput, board.sysctls, board.aliases)
    case 'dummy-add':
    case 'dummy-up':
    case 'dummy-remove':
      return judgeDummy(operation, auditInput, board.left)
    case 'gue-open':
    case 'gue-close':
      return judgeGue(operation, auditInput, board.tunnels)
    case 'tunnel-add':
    case 'tunnel-up':
    case 'tunnel-remove':
      return judgeTunnel(operation, auditInput, board.tunnels)
    case 'sync-start':
    case 'sync-stop':
      return judgeSync(operation, auditInput, board)
    case 'route-set':
    case 'route-remove':
      return judgeRoute(operation, auditInput.observed)
    case 'answer-route-set':
    case 'answer-route-remove':
    case 'answer-rule-add':
    case 'answer-rule-remove':
      return judgeAnswers(operation, auditInput.observed, board.answers)
    default:
      return judgeTable(operation, auditInput, board)
  }
}

function judgeSetting({ path, value }: Extract<Operation, { kind: 'sysctl' }>, board: Board): string[] {
  board.sysctls.set(path, value)
  return [
    ...(WRITABLE.test(path) ? [] : [`${path} is not ours to write`]),
    ...judgeLoudness(path, value, board.aliases),
  ]
}

function judgeRules(needs: NatRules | null, { held, observed }: AuditInput, board: Board): string[] {
  return [
    ...(needs?.untranslated ?? [])
      .filter(({ address }) => held.has(address))
      .map(({ address }) => `the NAT rules would stop what ${address} says, which this node holds`),
    ...judgeMarks(needs, held),
    ...judgeSources(needs, held, observed),
    ...judgeGuard(needs, board.tunnels),
  ]
}

type SyncOperation = Extract<Operation, { readonly kind: 'sync-start' | 'sync-stop' }>

/** IPVS itself would pass an owner's packets by where a backup daemon runs and `backup_only` is set (ip_vs.h: sysctl_backup_only). */
function judgeSync({ kind, daemon }: SyncOperation, { owned }: AuditInput, board: Board): string[] {
  if (kind === 'sync-stop')
    return owned.has(SYNC_RECORD) ? [] : [`a ${daemon.state} daemon that is not ours would be stopped`]
  const broken: string[] = []
  if (board.sysctls.get('net/ipv4/vs/backup_only') === '1')
    broken.push(`a ${daemon.state} daemon beside backup_only: the owner would forward nothing`)
  if (daemon.syncId < 1 || daemon.syncId > 255) broken.push(`sync id ${daemon.syncId} takes connections of any cluster`)
  return broken
}

type TableOperation = Extract<Operation, { readonly service: unknown }>

function judgeTable(operation: TableOperation, auditInput: AuditInput, board: Board): string[] {
  const { kind } = operation
  const service = serviceKey(operation.service)
  const leaves = kind === 'dest-remove' || kind === 'dest-flush'
  const dest = leaves ? operation : kind === 'dest-add' || kind === 'dest-edit' ? operation.dest : null
  const name = dest ? `${service}|${destKey(dest)}` : service
  const broken: string[] = []
  const adds = kind.endsWith('-add')
  const before = board.turns.get(name)
  const turn = adds ? 'came' : leaves || kind === 'service-remove' ? 'left' : before
  if (before !== undefined && turn !== before) broken.push(`${name} deleted and added in one plan`)
  if (turn !== undefined) board.turns.set(name, turn)
  broken.push(...judgeWords(operation, name))
  if (kind.endsWith('-remove'))
    broken.push(...judgeOwnership(name, service, auditInput), ...judgeWeight(kind, name, board))
  if (dest && !board.services.has(service)) broken.push(`${name} without its service`)
  if (adds && (dest ? board.weights.has(name) : board.services.has(name)))
    broken.push(`${name} is there already: edit it`)
  if (kind === 'dest-flush')
    broken.push(...judgeOwnership(name, service, auditInput), ...judgeMemory(operation, auditInput))
  if (kind === 'service-add') board.services.add(name)
  if (kind === 'service-remove') board.services.delete(name)
  if (leaves) board.weights.delete(name)
  if (kind === 'dest-add' || kind === 'dest-edit') board.weights.set(name, operation.dest.weight)
  return broken
}

function judgeOwnership(name: string, service: string, auditInput: AuditInput): string[] {
  const ours = auditInput.owned.get(service)
  const dest = name.split('|')[1]
  return ours && (dest === undefined || ours.has(dest)) ? [] : [`${name} is foreign and would be removed`]
}

function judgeWeight(kind: string, name: string, board: Board): string[] {
  if (kind === 'dest-remove') return board.weights.get(name) === 0 ? [] : [`${name} removed before weight 0`]
  const left = [...board.weights.keys()].filter((key) => key.startsWith(`${name}|`))
  return left.length > 0 ? [`${name} removed with ${left.length} destinations in it`] : []
}

/** Elsewhere they are the connections of an earlier reign; under the address they live. */
function judgeMemory({ service }: TableOperation, { held, observed, marked }: AuditInput): string[] {
  const address = isMark(service) ? marked?.get(serviceKey(service)) : service.address
  if (address === undefined)
    return [`connections of ${serviceKey(service)} forgotten: whose addresses they have is not known`]
  const loopbacks = new Set(observed.links.filter((link) => link.loopback).map((link) => link.index))
  const here = observed.addresses.some((entry) => entry.address === address && !loopbacks.has(entry.index))
  return here || held.has(address) ? [`connections to ${address} forgotten where it is answered`] : []
}

/** A service that serves before and after the plan serves at every moment of it. */
function emptied(plan: readonly Operation[], auditInput: AuditInput, board: Board): string[] {
  const touched = new Set(plan.flatMap((operation) => ('service' in operation ? [serviceKey(operation.service)] : [])))
  return (auditInput.observed.services ?? []).flatMap((service) => {
    const name = serviceKey(service)
    if (!touched.has(name)) return []
    const weights = new Map(service.dests.map((dest) => [destKey(dest), dest.weight]))
    const alive = (): boolean => [...weights.values()].some((weight) => weight > 0)
    const after = [...board.weights].some(([key, weight]) => key.startsWith(`${name}|`) && weight > 0)
    if (!alive() || !after) return []
    for (const operation of plan) {
      if (!('service' in operation) || serviceKey(operation.service) !== name) continue
      if (operation.kind === 'dest-add' || operation.kind === 'dest-edit')
        weights.set(destKey(operation.dest), operation.dest.weight)
      if (operation.kind === 'dest-remove' || operation.kind === 'dest-flush') weights.delete(destKey(operation))
      if (!alive()) return [`${name} would have nobody to serve it for a moment`]
    }
    return []
  })
}
