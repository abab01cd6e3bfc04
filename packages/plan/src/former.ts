/**
 * Settings of the kernel as they were before us. Whoever sets one says so in the record, before it is written; when nothing of the
 * configuration needs it any more, and it still has the value that we wrote, it gets the former one back. A value that somebody else
 * wrote meanwhile stays.
 */
import type { Desired } from './desired.ts'
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'
import { FORMER, GUE_KEY, gueKey, type OwnedRecord, SYNC_KEY } from './record.ts'
import { isOfTunnel } from './tunnels.ts'

interface Former {
  readonly path: string
  readonly was: string
  readonly wrote: string
}
type Settings = Pick<Observed, 'sysctls' | 'gue' | 'syncDaemons'>
type Wanted = Pick<Desired, 'sysctls' | 'gue'>

/** Others rely on forwarding once it is on (containers, routers), and would not notice why it is off; a device takes its settings along. */
const isKept = (path: string): boolean => FORWARDING.test(path) || isOfTunnel(path)
const FORWARDING = /^net\/(ipv4\/ip_forward|ipv6\/conf\/(all\/forwarding|[^/]+\/accept_ra))$/

const formers = (record: OwnedRecord): Former[] =>
  [...record].flatMap(([key, values]) => {
    if (!key.startsWith(FORMER.key)) return []
    const of = (prefix: string): string | undefined =>
      [...values].find((value) => value.startsWith(prefix))?.slice(prefix.length)
    const [was, wrote] = [of(FORMER.was), of(FORMER.wrote)]
    return was === undefined || wrote === undefined ? [] : [{ path: key.slice(FORMER.key.length), was, wrote }]
  })

/** Settings that are to be looked at although nothing of the configuration needs them. */
export const formerSettings = (record: OwnedRecord): string[] => formers(record).map(({ path }) => path)

/** Last of all operations: an address is gone before the node may answer ARP again. */
export function giveBack({ sysctls: now }: Settings, wanted: Wanted, record: OwnedRecord): Operation[] {
  const needed = new Set(wanted.sysctls.map(({ path }) => path))
  return formers(record)
    .filter(({ path, wrote }) => !needed.has(path) && now.get(path) === wrote)
    .map(({ path, was, wrote }) => ({
      kind: 'sysctl',
      path,
      value: was,
      was: wrote,
      why: 'as it was before lvsm needed it otherwise',
    }))
}

/** The record with what this plan is about to overwrite or open, and without what was given back or is somebody else's by now. */
export function rememberSettings(
  record: OwnedRecord,
  { sysctls: now, gue, syncDaemons }: Settings,
  wanted: Wanted,
  plan: readonly Operation[],
): OwnedRecord {
  const needed = new Set(wanted.sysctls.map(({ path }) => path))
  const next = new Map(record)
  for (const { path, wrote } of formers(record))
    if (!needed.has(path) && now.has(path) && now.get(path) !== wrote) next.delete(FORMER.key + path)
  for (const operation of plan)
    if (operation.kind === 'sysctl' && needed.has(operation.path) && operation.was !== null && !isKept(operation.path))
      next.set(FORMER.key + operation.path, new Set([FORMER.was + operation.was, FORMER.wrote + operation.value]))
  for (const operation of plan) if (operation.kind === 'gue-open') next.set(gueKey(operation), new Set())
  if (syncDaemons?.length === 0) next.delete(SYNC_KEY)
  if (plan.some(({ kind }) => kind === 'sync-start')) next.set(SYNC_KEY, new Set())
  for (const key of record.keys())
    if (key.startsWith(GUE_KEY) && gue && ![...gue, ...wanted.gue].some((one) => key === gueKey(one))) next.delete(key)
  return next
}
