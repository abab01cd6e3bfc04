/**
 * What the fence tables hold. Law: an address that this node may still have on is in them; one of a group that changed
 * or left stays, closed, until it was taken off for certain.
 */
import { fenceMs } from '@lvsm/base'
import { directs, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import type { LeaseInput } from './events.ts'
import { buildTables } from './kernel-calls.ts'
import { extendFence } from './renew.ts'
import { fenceCalls, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { stepDown } from './step-down.ts'

/** The tables may have to be others than the last ones; `gone`: somebody changed those. Answers of the kernel come first. */
export function checkTables(state: LeaseState, view: LeaseView, gone = false): void {
  state.tablesDue = gone || state.tablesDue === 'gone' ? 'gone' : 'perhaps'
  tickFenceTables(state, view)
}

export function tickFenceTables(state: LeaseState, view: LeaseView): void {
  const { tablesDue } = state
  if (tablesDue === null || [...state.instances.values()].some((instance) => mustWait(instance, tablesDue))) return
  state.tablesDue = null
  const groups = wantedTables(state, view)
  const text = JSON.stringify(groups)
  if (text === state.builtTables && tablesDue === 'perhaps') return
  state.builtTables = text
  for (const instance of buildTables(state, groups, fenceMs(view.timing))) reopenGroup(state, instance)
}

/** With a call out it cannot be carried; in a planned move it is left alone, unless the address is unguarded. */
const mustWait = (instance: GroupState, due: 'perhaps' | 'gone'): boolean =>
  instance.phase !== 'closing' &&
  (fenceCalls(instance) > 0 ||
    (due === 'perhaps' && (instance.phase === 'handingOver' || instance.phase === 'draining')))

function reopenGroup(state: LeaseState, instance: GroupState): void {
  stepDown(state, instance, 'its fence was gone; closing it and opening again', { event: 'note', reopen: true })
}

/** What was carried has little left; what was not had run out, or somebody had flushed it. */
export function onCarried(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  { result }: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (instance.phase !== 'active') return
  if (result === 'done') extendFence(state, view, instance)
  else reopenGroup(state, instance)
}

function wantedTables(state: LeaseState, view: LeaseView): LeaseGroup[] {
  const mine = view.groups
    .filter((group) => directs(view, group))
    .map((group) => {
      const instance = state.instances.get(group.name)
      return instance?.change === null ? instance.group : group
    })
  const known = new Set(mine.flatMap(({ addresses }) => addresses.map(({ address }) => address)))
  const leaving = [...state.instances.values()]
    .filter((instance) => instance.change !== null)
    .map(({ group }) => ({ ...group, addresses: group.addresses.filter(({ address }) => !known.has(address)) }))
    .filter(({ addresses }) => addresses.length > 0)
  return [...mine.map((group) => joined(group, leaving)), ...leaving.filter(({ name }) => !named(mine, name))]
}

const named = (groups: readonly LeaseGroup[], wanted: string): LeaseGroup | undefined =>
  groups.find(({ name }) => name === wanted)

/** A group's chain is closed while its old shape is: its old addresses may share it. */
function joined(group: LeaseGroup, leaving: readonly LeaseGroup[]): LeaseGroup {
  const old = named(leaving, group.name)
  return old ? { ...group, addresses: [...group.addresses, ...old.addresses] } : group
}
