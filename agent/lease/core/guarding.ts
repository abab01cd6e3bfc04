/**
 * What the fence tables hold. Law: an address that this node may still have on is in them; one of a group that changed
 * or left stays, closed, until it was taken off for certain.
 */
import { fenceMs } from '@lvsm/base'
import { directs, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import type { LeaseInput } from './events.ts'
import { buildTables } from './kernel.ts'
import { extendFence } from './renewing.ts'
import { fenceCalls, type Seat } from './seat.ts'
import type { Station } from './station.ts'
import { stepDown } from './step-down.ts'

/** The tables may have to be others than the last ones; `gone`: somebody changed those. Answers of the kernel come first. */
export function guardSoon(station: Station, view: LeaseView, gone = false): void {
  station.guardDue = gone || station.guardDue === 'gone' ? 'gone' : 'perhaps'
  tendGuard(station, view)
}

export function tendGuard(station: Station, view: LeaseView): void {
  const { guardDue } = station
  if (guardDue === null || [...station.seats.values()].some((seat) => mustWait(seat, guardDue))) return
  station.guardDue = null
  const groups = guarded(station, view)
  const text = JSON.stringify(groups)
  if (text === station.guarded && guardDue === 'perhaps') return
  station.guarded = text
  for (const seat of buildTables(station, groups, fenceMs(view.timing))) reopen(station, seat)
}

/** With a call out it cannot be carried; in a planned move it is left alone, unless the address is unguarded. */
const mustWait = (seat: Seat, due: 'perhaps' | 'gone'): boolean =>
  seat.phase !== 'closing' &&
  (fenceCalls(seat) > 0 || (due === 'perhaps' && (seat.phase === 'parting' || seat.phase === 'draining')))

function reopen(station: Station, seat: Seat): void {
  stepDown(station, seat, 'its fence was gone; closing it and opening again', { event: 'note', reopen: true })
}

/** What was carried has little left; what was not had run out, or somebody had flushed it. */
export function onCarried(
  station: Station,
  view: LeaseView,
  seat: Seat,
  { result }: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (seat.phase !== 'holding') return
  if (result === 'done') extendFence(station, view, seat)
  else reopen(station, seat)
}

function guarded(station: Station, view: LeaseView): LeaseGroup[] {
  const mine = view.groups
    .filter((group) => directs(view, group))
    .map((group) => {
      const seat = station.seats.get(group.name)
      return seat?.change === null ? seat.group : group
    })
  const known = new Set(mine.flatMap(({ addresses }) => addresses.map(({ address }) => address)))
  const leaving = [...station.seats.values()]
    .filter((seat) => seat.change !== null)
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
