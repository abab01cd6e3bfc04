/**
 * Fence tables: which groups and addresses are in them, and when they are rebuilt. Law: an address that may still be on is in
 * the tables; one of a group that changed or left stays, closed, until it is off for certain (FENCE.md, section 1).
 */
import { type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import { fenceMs } from '@lvsm/base'
import { directs } from '@lvsm/lease'
import type { LeaseInput } from './events.ts'
import { buildTables } from './kernel-calls.ts'
import { goneText } from './fence-gone.ts'
import { extendFence } from './renew.ts'
import { fenceCalls, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { stepDown } from './step-down.ts'

/** Asks for a check of the tables, or a rebuild (`gone`: somebody changed them), as soon as no call is out. */
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

/** An element with a call out cannot be carried over; one in a planned transfer is left alone, unless its address is unguarded. */
const mustWait = (instance: GroupState, due: 'perhaps' | 'gone'): boolean =>
  instance.phase !== 'closing' &&
  (fenceCalls(instance) > 0 ||
    (due === 'perhaps' && (instance.phase === 'handingOver' || instance.phase === 'draining')))

function reopenGroup(state: LeaseState, instance: GroupState): void {
  const reason = `its fence was gone: ${goneText(state, instance)}; closing it and opening again`
  stepDown(state, instance, reason, { event: 'note', reopen: true })
}

/** The tables were rebuilt: a carried element has little time left; one that was not carried had run out or was flushed. */
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

/** Adds the addresses that a group had before to its chain, which stays closed until they are off. */
function joined(group: LeaseGroup, leaving: readonly LeaseGroup[]): LeaseGroup {
  const old = named(leaving, group.name)
  return old ? { ...group, addresses: [...group.addresses, ...old.addresses] } : group
}
