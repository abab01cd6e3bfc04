/** What the kernel says of this machine at one moment, of that which ails clusters: texts of /sys and /proc, as figures that only grow, and states. */

/** One direction of an interface: frames that went well, that were damaged or not sent, and for which there was no room. */
export interface Frames {
  readonly packets: number
  readonly errors: number
  readonly dropped: number
  /** By the kernel's name, where one is not 0. */
  readonly kinds: Readonly<Record<string, number>>
}
/** What an interface runs at: its driver is asked for it under a lock of the whole kernel (ethtool_get_link_ksettings, RTNL). */
export interface Pace {
  /** Mbit/s; null: it has none, or does not say. */
  readonly speed: number | null
  readonly half: boolean
}
export interface InterfaceReading {
  readonly name: string
  /** What it stands on itself. */
  readonly lower: readonly string[]
  /** Of a machine, a real one or a virtual one; false: it passes on what others carry, and counts and says what they do. */
  readonly device: boolean
  readonly carrierChanges: number
  /** Of a device. */
  readonly rx: Frames
  readonly tx: Frames
  /** Of a device; null: nobody asked. */
  readonly pace: Pace | null
  /** Null: it is no bond. */
  readonly bond: BondReading | null
}
export interface BondReading {
  readonly mode: string
  readonly slaves: readonly { readonly name: string; readonly up: boolean }[]
}
export interface MemoryReading {
  /** Processes that were killed for want of memory since boot; in a container: of its own. */
  readonly kills: number | null
  /** The same of each control group that systemd made, by its path: of slices, with what is below them, and of units; null: nobody asked. */
  readonly units: ReadonlyMap<string, number> | null
  /** Percent of the last ten seconds in which all that had work waited for memory. */
  readonly pressure: number | null
  /** Percent of the memory that is still to be had. */
  readonly left: number | null
  /** This is a container: it is all of its own control group, for its kernel counts for its neighbours, too. */
  readonly own: boolean
}
export interface TableReading {
  readonly count: number
  readonly most: number
  /** Packets that were dropped for want of room, since boot. */
  readonly dropped: number
  /** So often it looked for room, since boot; of connection tracking nobody counts that. */
  readonly sought: number
}
/** Of neighbours of each family, and of connection tracking; null: the kernel has none, or does not show it here. */
export type TablesReading = Readonly<Record<'ipv4' | 'ipv6' | 'conntrack', TableReading | null>>
export interface VitalsReading {
  readonly interfaces: readonly InterfaceReading[]
  readonly memory: MemoryReading
  readonly tables: TablesReading
}
