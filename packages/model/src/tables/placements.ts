/**
 * Where an address of a service stands on a realserver that has it for itself (packages/plan/TRAPS.md, rows 1 and 2): always as a
 * single host, so that it claims no network, and never as a source of what the node says by itself. Whatever it stands on, Linux answers
 * ARP for it on every interface that is asked, unless the settings of that interface say otherwise: they are the same for all rows.
 */
import { MARKS } from '@lvsm/base'

export interface PlacementRow {
  /** In sentences, of an address. */
  readonly title: string
  /** Name of the one device that it stands on; null: there is no such one. */
  readonly device: string | null
  /** On each device by which packets for it come out of a tunnel: without tunnels there is none. */
  readonly onTunnels: boolean
  /** No address at all, but a route of the kernel's table of what is local: no list of addresses has it. */
  readonly isRoute: boolean
}

export const PLACEMENTS = {
  lo: { title: 'alias on lo', device: 'lo', onTunnels: false, isRoute: false },
  /** A device of our own, which leaves with the last address on it. */
  dummy: { title: `alias on ${MARKS.vipDevice}`, device: MARKS.vipDevice, onTunnels: false, isRoute: false },
  route: { title: 'local route', device: null, onTunnels: false, isRoute: true },
  tunnel: { title: 'alias on its tunnel devices', device: null, onTunnels: true, isRoute: false },
} as const satisfies Readonly<Record<string, PlacementRow>>

export type Placement = keyof typeof PLACEMENTS

/** Where a realserver says nothing. */
export const DEFAULT_PLACEMENT: Placement = 'lo'

/** One row, with columns of their general type. */
export const placementRow = (name: Placement): PlacementRow => PLACEMENTS[name]
