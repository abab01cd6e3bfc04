/**
 * What the fence tables hold. Law: an address that this node may still have on is in them; one of a group that changed
 * or left stays, closed, until it was taken off for certain.
 */
import { fenceMs } from '@lvsm/base'
import { directs, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import { giveUp } from './closing.ts'
import type { LeaseInput } from './events.ts'
import { buildTables } from './kernel.ts'
import type { Seat } from './seat.ts'
import type { Station } from './station.ts'

/** Has the tables built anew when they would be others than the last ones, or when somebody changed those. */
export function guard(station: Station, view: LeaseView, changed = false): void {
  const groups = guarded(station, view)
  const text = JSON.stringify(groups)
  if (text === station.guarded && !changed) return
  station.guarded = text
  buildTables(station, groups, fenceMs(view.timing))
}

/** The tables were built without what this node holds: its elements had run out, or somebody had flushed them. */
export function onCarried(station: Station, seat: Seat, answer: Extract<LeaseInput, { kind: 'fenced' }>): void {
  if (answer.ok || seat.phase !== 'holding') return
  giveUp(station, seat, { kind: 'note', reason: 'its fence was gone; closing it and opening again', reopen: true })
}

function guarded(station: Station, view: LeaseView): LeaseGroup[] {
  const mine = view.groups
    .filter((group) => directs(view, group))
    .map((group) => {
      const seat = station.seats.get(group.name)
      return seat && seat.next === undefined ? seat.group : group
    })
  const known = new Set(mine.flatMap(({ addresses }) => addresses.map(({ address }) => address)))
  const leaving = [...station.seats.values()]
    .filter((seat) => seat.next !== undefined)
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
