/**
 * Settings of the kernel as they were before us. Whoever sets one says so in the record, before it is written; when nothing of the
 * configuration needs it any more, and it still has the value that we wrote, it gets the former one back. A value that somebody else
 * wrote meanwhile stays.
 */
import type { Desired } from './desired.ts'
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'
import { FORMER, formersOf, GUE_KEY, gueKey, type OwnedRecord, SYNC_KEY } from './record.ts'
import { boundWords } from './sync.ts'
import { rememberTimeouts } from './timeouts.ts'
import { rememberAliases } from './unmarked.ts'
import { isOfOwnDevice } from './tunnels.ts'

type Settings = Pick<Observed, 'sysctls' | 'gue' | 'syncDaemons' | 'timeouts' | 'services' | 'links' | 'addresses'>
type Wanted = Pick<Desired, 'sysctls' | 'gue' | 'timeouts' | 'sync'>

/** Others rely on forwarding once it is on (containers, routers), and would not notice why it is off; a device takes its settings along. */
const isKept = (path: string): boolean => FORWARDING.test(path) || isOfOwnDevice(path)
const FORWARDING = /^net\/(ipv4\/(ip_forward|conf\/[^/]+\/forwarding)|ipv6\/conf\/(all\/forwarding|[^/]+\/accept_ra))$/

/** What this version writes; a later one may have written more, which it knows to give back, and this one leaves alone. */
const WRITTEN =
  /^net\/(ipv4\/(vs\/(conntrack|run_estimation|sloppy_(tcp|sctp)|expire_(nodest_conn|quiescent_template)|backup_only|sync_(version|threshold|refresh_period|retries|persist_mode|sock_size|ports))|conf\/[^/]+\/(arp_ignore|arp_announce|send_redirects|accept_redirects|promote_secondaries)|conf\/(?!(all|default)\/)[^/]+\/(accept_local|rp_filter))|ipv6\/conf\/[^/]+\/accept_redirects)$|^net\/netfilter\/nf_conntrack_tcp_timeout_established$/

/** Of the value that new interfaces begin with: which of them were there when we wrote it. */
const KNOWN = 'known '
const INHERITED = /^net\/ipv4\/conf\/([^/]+)\/send_redirects$/
const DEFAULT = 'net/ipv4/conf/default/send_redirects'

const formers = (record: OwnedRecord) => formersOf(record, FORMER.key)

/** Settings that are to be looked at although nothing of the configuration needs them. */
export const formerSettings = (record: OwnedRecord): string[] => formers(record).map(({ name }) => name)

/** Last of all operations: an address is gone before the node may answer ARP again. */
export function giveBack(
  { sysctls: now }: Pick<Settings, 'sysctls'>,
  wanted: Wanted,
  record: OwnedRecord,
): Operation[] {
  const needed = new Set(wanted.sysctls.map(({ path }) => path))
  return formers(record)
    .filter(({ name, wrote }) => WRITTEN.test(name) && !needed.has(name) && now.get(name) === wrote)
    .map(({ name, was, wrote }) => ({
      kind: 'sysctl',
      path: name,
      value: was,
      was: wrote,
      why: 'as it was before lvsm needed it otherwise',
    }))
}

const namesOf = ({ sysctls }: Pick<Wanted, 'sysctls'>): string[] =>
  sysctls.flatMap(({ path }) => INHERITED.exec(path)?.[1] ?? [])

/** An interface that came since then has our value from its first moment: it is to have the former one of `default`, as it would have without us. */
function rememberInherited(
  record: Map<string, ReadonlySet<string>>,
  { sysctls }: Pick<Settings, 'sysctls'>,
  wanted: Wanted,
): void {
  const values = record.get(FORMER.key + DEFAULT)
  const [former] = formers(record).filter(({ name }) => name === DEFAULT)
  if (!former || !values || ![...values].some((one) => one.startsWith(KNOWN))) return
  for (const { path } of wanted.sysctls) {
    const name = INHERITED.exec(path)?.[1]
    if (name === undefined || values.has(KNOWN + name) || record.has(FORMER.key + path)) continue
    if (sysctls.get(path) === former.wrote)
      record.set(FORMER.key + path, new Set([FORMER.was + former.was, FORMER.wrote + former.wrote]))
  }
}

/** The record with what this plan is about to overwrite or open, and without what was given back or is somebody else's by now. */
export function rememberSettings(
  record: OwnedRecord,
  observed: Settings,
  wanted: Wanted,
  plan: readonly Operation[],
): OwnedRecord {
  const { sysctls: now, gue, syncDaemons } = observed
  const needed = new Set(wanted.sysctls.map(({ path }) => path))
  const next = new Map(record)
  // Ours was in between: the former value is the one from before that.
  const before = ({ path, was }: Extract<Operation, { kind: 'sysctl' }>): string | undefined =>
    formers(record).find(({ name, wrote }) => name === path && wrote === was)?.was
  for (const { name, wrote } of formers(record))
    if (!needed.has(name) && now.has(name) && now.get(name) !== wrote) next.delete(FORMER.key + name)
  for (const operation of plan)
    if (operation.kind === 'sysctl' && needed.has(operation.path) && operation.was !== null && !isKept(operation.path))
      next.set(
        FORMER.key + operation.path,
        new Set([
          FORMER.was + (before(operation) ?? operation.was),
          FORMER.wrote + operation.value,
          ...(operation.path === DEFAULT ? namesOf(wanted).map((name) => KNOWN + name) : []),
        ]),
      )
  rememberInherited(next, observed, wanted)
  rememberTimeouts(next, observed, wanted)
  rememberAliases(next, observed)
  for (const operation of plan) if (operation.kind === 'gue-open') next.set(gueKey(operation), new Set())
  if (syncDaemons?.length === 0) next.delete(SYNC_KEY)
  const isStarted = plan.some(({ kind }) => kind === 'sync-start')
  if (wanted.sync !== null && (isStarted || next.get(SYNC_KEY)?.size === 0))
    next.set(SYNC_KEY, new Set(boundWords(wanted.sync)))
  for (const key of record.keys())
    if (key.startsWith(GUE_KEY) && gue && ![...gue, ...wanted.gue].some((one) => key === gueKey(one))) next.delete(key)
  return next
}
