/** Interfaces, and what they stand on (slaves of a bond, the parent of a VLAN), as /sys/class/net has them (Documentation/ABI/testing/sysfs-class-net). */
import type { BondReading, Frames, InterfaceReading, Pace } from '../../core/vitals/reading.ts'
import { namesAt, numberAt, textAt } from './files.ts'

const NET = '/sys/class/net'
/** A VLAN on a bond on its slaves. */
const DEEPEST = 3
const MOST = 32

/** Of net/core/dev.c and linux/if_link.h: what is damaged on the way, and what there was no room for. What no protocol wanted is neither (`rx_dropped`). */
const KINDS = {
  rx: {
    errors: 'rx_errors',
    parts: ['rx_crc_errors', 'rx_frame_errors', 'rx_length_errors'],
    dropped: ['rx_missed_errors', 'rx_fifo_errors', 'rx_over_errors'],
  },
  tx: {
    errors: 'tx_errors',
    parts: ['tx_carrier_errors', 'tx_aborted_errors', 'tx_window_errors', 'tx_heartbeat_errors'],
    dropped: ['tx_dropped', 'tx_fifo_errors'],
  },
} as const

export interface Wanted {
  readonly name: string
  readonly index: number
}

/** `paces`: also what they run at. */
export async function readInterfaces(
  wanted: readonly Wanted[],
  paces: boolean,
  net = NET,
): Promise<InterfaceReading[]> {
  const seen = new Set<string>()
  const found: InterfaceReading[] = []
  const add = async (name: string, depth: number): Promise<void> => {
    if (seen.has(name) || found.length >= MOST || name.includes('/')) return
    seen.add(name)
    const parts = await namesAt(`${net}/${name}`)
    const one = await readInterface(name, parts, paces, net)
    if (one) found.push(one)
    if (depth >= DEEPEST) return
    for (const lower of one?.lower ?? [])
      if (!parts.includes('bridge') || (await isUplink(`${net}/${lower}`))) await add(lower, depth + 1)
  }
  // In a network namespace whose /sys is another one's, interfaces of the same name are others.
  for (const { name, index } of wanted) if ((await numberAt(`${net}/${name}/ifindex`)) === index) await add(name, 1)
  return found
}

/** Of a bridge: a machine behind it may come and go as it likes. */
async function isUplink(at: string): Promise<boolean> {
  const parts = await namesAt(at)
  return parts.includes('device') || parts.includes('bonding')
}

/** Of what no core judges nothing is read: that which is no device counts, and runs at, what others do. */
async function readInterface(
  name: string,
  parts: readonly string[],
  paces: boolean,
  net: string,
): Promise<InterfaceReading | null> {
  const at = `${net}/${name}`
  const carrierChanges = await numberAt(`${at}/carrier_changes`)
  if (carrierChanges === null) return null
  const device = parts.includes('device')
  return {
    ...{ name, carrierChanges, device },
    lower: parts.flatMap((part) => (part.startsWith('lower_') ? [part.slice('lower_'.length)] : [])),
    rx: device ? await readFrames(at, 'rx') : NOT_READ,
    tx: device ? await readFrames(at, 'tx') : NOT_READ,
    pace: device && paces ? await readPace(at) : null,
    bond: parts.includes('bonding') ? await readBond(at, net) : null,
  }
}
const NOT_READ: Frames = { packets: 0, errors: 0, dropped: 0, kinds: {} }

async function readPace(at: string): Promise<Pace> {
  const [speed, duplex] = [await numberAt(`${at}/speed`), await textAt(`${at}/duplex`)]
  // -1: not known (ethtool.h, SPEED_UNKNOWN).
  return { speed: speed !== null && speed > 0 ? speed : null, half: duplex === 'half' }
}

async function readFrames(at: string, direction: 'rx' | 'tx'): Promise<Frames> {
  const { errors, parts, dropped } = KINDS[direction]
  const names = [errors, ...parts, ...dropped]
  const entries = await Promise.all(
    names.map(async (kind) => [kind, (await numberAt(`${at}/statistics/${kind}`)) ?? 0] as const),
  )
  const count = (kind: string): number => entries.find(([name]) => name === kind)?.[1] ?? 0
  return {
    packets: (await numberAt(`${at}/statistics/${direction}_packets`)) ?? 0,
    // Some drivers add all up, some count the kinds alone.
    errors: Math.max(
      count(errors),
      parts.reduce((sum, kind) => sum + count(kind), 0),
    ),
    // Drivers count one loss as several of these.
    dropped: Math.max(...dropped.map(count)),
    kinds: Object.fromEntries(entries.filter(([, value]) => value > 0)),
  }
}

/** Null: it is no bond. */
async function readBond(at: string, net: string): Promise<BondReading | null> {
  const slaves = await textAt(`${at}/bonding/slaves`)
  if (slaves === null) return null
  const names = slaves.split(/\s+/).filter((name) => name !== '')
  const states = names.map(async (name) => ({
    name,
    up: (await textAt(`${net}/${name}/bonding_slave/mii_status`)) !== 'down',
  }))
  // `active-backup 1`: its name and number.
  const [mode = ''] = ((await textAt(`${at}/bonding/mode`)) ?? '').split(' ')
  return { mode, slaves: await Promise.all(states) }
}
