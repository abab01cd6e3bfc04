/** Where an address of a service stands on a node. */

export interface PlacementRow {
  /** Name of the device; null: the interface in whose network the address lies, or that the file names. */
  readonly device: string | null
  /** With the prefix length of a single host, so that the node claims no network by it (packages/plan/TRAPS.md, row 2). */
  readonly hostPrefix: boolean
  /** rtm_scope: an address of scope `host` is never chosen as the source of what the node says by itself. */
  readonly scope: 'universe' | 'host'
  /** Does the node answer ARP for it? Where not, the settings that silence it come first (packages/plan/TRAPS.md, row 1). */
  readonly answersArp: boolean
}

export const PLACEMENTS = {
  /** Of a realserver, kept by `lvsm-agent`. */
  alias: { device: 'lo', hostPrefix: true, scope: 'host', answersArp: false },
  /** Of a group's owner, kept by `lvsm-lease` while it has the lease. */
  floating: { device: null, hostPrefix: false, scope: 'universe', answersArp: true },
} as const satisfies Readonly<Record<string, PlacementRow>>

export type Placement = keyof typeof PLACEMENTS
