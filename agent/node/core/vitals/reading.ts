/** What the kernel says of this machine at one moment, of that which ails clusters: texts of /sys and /proc, as figures that only grow, and states. */

/** One direction of an interface: frames that went well, that were damaged or not sent, and for which there was no room. */
export interface Frames {
  readonly packets: number
  readonly errors: number
  readonly dropped: number
  /** By the kernel's name, where one is not 0. */
  readonly kinds: Readonly<Record<string, number>>
}
export interface InterfaceReading {
  readonly name: string
  /** That of the cluster that stands on it; its own name: it is one itself. */
  readonly under: string
  readonly carrierChanges: number
  readonly rx: Frames
  readonly tx: Frames
  /** Mbit/s; null: it has none, or does not say. */
  readonly speed: number | null
  readonly half: boolean
  /** Null: it is no bond. */
  readonly bond: BondReading | null
}
export interface BondReading {
  readonly mode: string
  readonly slaves: readonly { readonly name: string; readonly up: boolean }[]
}
export interface VitalsReading {
  readonly interfaces: readonly InterfaceReading[]
}
