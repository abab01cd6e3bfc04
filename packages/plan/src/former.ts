/**
 * Settings of the kernel as they were before us. Whoever sets one says so in the record, before it is written; when nothing of the
 * configuration needs it any more, and it still has the value that we wrote, it gets the former one back. A value that somebody else
 * wrote meanwhile stays.
 */
import type { Desired } from './desired.ts'
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'
import { FORMER, formersOf, GUE_KEY, gueKey, type OwnedRecord, SYNC_KEY } from './record.ts'
import { rememberTimeouts } from './timeouts.ts'
import { isOfTunnel } from './tunnels.ts'

type Settings = Pick<Observed, 'sysctls' | 'gue' | 'syncDaemons' | 'timeouts' | 'services'>
type Wanted = Pick<Desired, 'sysctls' | 'gue' | 'timeouts'>

/** Others rely on forwarding once it is on (containers, routers), and would not notice why it is off; a device takes its settings along. */
const isKept = (path: string): boolean => FORWARDING.test(path) || isOfTunnel(path)
const FORWARDING = /^net\/(ipv4\/ip_forward|ipv6\/conf\/(all\/forwarding|[^/]+\/accept_ra))$/

const formers = (record: OwnedRecord) => formersOf(record, FORMER.key)

/** Settings that are to be looked at although nothing of the configuration needs them. */
export const formerSettings = (record: OwnedRecord): string[] => formers(record).map(({ name }) => name)

/** Last of all operations: an address is gone before the node may answer ARP again. */
export function giveBack({ sysctls: now }: Settings, wanted: Wanted, record: OwnedRecord): Operation[] {
  const needed = new Set(wanted.sysctls.map(({ path }) => path))
  return formers(record)
    .filter(({ name, wrote }) => !needed.has(name) && now.get(name) === wrote)
    .map(({ name, was, wrote }) => ({
      kind: 'sysctl',
      path: name,
      value: was,
      was: wrote,
      why: 'as it was before lvsm needed it otherwise',
    }))
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
  for (const { name, wrote } of formers(record))
    if (!needed.has(name) && now.has(name) && now.get(name) !== wrote) next.delete(FORMER.key + name)
  for (const operation of plan)
    if (operation.kind === 'sysctl' && needed.has(operation.path) && operation.was !== null && !isKept(operation.path))
      next.set(FORMER.key + operation.path, new Set([FORMER.was + operation.was, FORMER.wrote + operation.value]))
  rememberTimeouts(next, observed, wanted)
  for (const operation of plan) if (operation.kind === 'gue-open') next.set(gueKey(operation), new Set())
  if (syncDaemons?.length === 0) next.delete(SYNC_KEY)
  if (plan.some(({ kind }) => kind === 'sync-start')) next.set(SYNC_KEY, new Set())
  for (const key of record.keys())
    if (key.startsWith(GUE_KEY) && gue && ![...gue, ...wanted.gue].some((one) => key === gueKey(one))) next.delete(key)
  return next
}
