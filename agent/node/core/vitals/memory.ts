/**
 * Memory that is not there: programs that the kernel killed for want of it, and programs that stand still because it is looked for. What was killed
 * before this agent began is nobody's trouble any more.
 */
import { between, listed, type Instant, type Trouble } from '@lvsm/base'
import type { MemoryReading } from './reading.ts'

/** Whoever is called for what failed finds the cause for so long; after that, among the events. */
const TOLD_MS = 900_000
/** Share of the time in which nobody who had work went on, of ten seconds (Documentation/accounting/psi.rst: full, avg10). */
const PRESSURE = { begins: 25, ends: 5, readings: 2 } as const
/**
 * Percent of all memory that is still to be had. Who idles does not count as one who stands still: where a single program is at its own bound
 * (MemoryHigh=) and nobody else has work, pressure alone says the same as on a machine that has none left.
 */
const LEFT = { begins: 5, ends: 10 } as const

interface Killing {
  readonly at: Instant
  readonly count: number
}
export interface Memory {
  readonly kills: number | null
  /** Kills by control group, as they were read last; null: not yet. */
  readonly units: ReadonlyMap<string, number> | null
  /** Whose they were is asked. */
  readonly asks: boolean
  readonly killings: readonly Killing[]
  /** Control groups of which somebody was killed, since when nothing was told. */
  readonly victims: readonly string[]
  readonly pressed: number
  readonly pressure: number
  /** Percent. */
  readonly left: number
  /** Of this machine's own control groups alone, for its kernel is shared. */
  readonly own: boolean
}
export const NO_MEMORY: Memory = {
  ...{
    kills: null,
    units: null,
    asks: true,
    killings: [],
    victims: [],
    pressed: 0,
    pressure: 0,
    left: 100,
    own: false,
  },
}

export function memoryNow(before: Memory, read: MemoryReading, now: Instant): Memory {
  const { kills, units, pressure, left, own } = read
  const risen = kills === null || before.kills === null ? 0 : Math.max(0, kills - before.kills)
  const lately = before.killings.filter(({ at }) => between(at, now) < TOLD_MS)
  const killings = risen > 0 ? [...lately, { at: now, count: risen }] : lately
  return {
    ...{ kills, killings, own, left: left ?? 100 },
    units: units ?? before.units,
    asks: units === null && (risen > 0 || before.asks),
    victims: killings.length === 0 ? [] : [...new Set([...before.victims, ...victimsIn(before.units, units)])],
    pressure: pressure ?? 0,
    pressed: pressedNow(before.pressed, pressure ?? 0, left ?? 100),
  }
}

/** Units of which somebody was killed; of one that was begun anew since, and counts from 0, its slice still tells. */
function victimsIn(before: Memory['units'], units: MemoryReading['units']): string[] {
  if (before === null || units === null) return []
  const risen = new Map([...units].map(([path, kills]) => [path, risenBy(before.get(path) ?? 0, kills)]))
  return [...risen].flatMap(([path, by]) => {
    const below = [...risen].filter(([other]) => other.startsWith(`${path}/`))
    return by > below.reduce((sum, [, of]) => sum + of, 0) ? [path.slice(path.lastIndexOf('/') + 1)] : []
  })
}
const risenBy = (before: number, now: number): number => (now < before ? now : now - before)

function pressedNow(before: number, pressure: number, left: number): number {
  if (pressure >= PRESSURE.begins && left < LEFT.begins) return before + 1
  return before >= PRESSURE.readings && pressure >= PRESSURE.ends && left < LEFT.ends ? before : 0
}

export const memoryTroubles = (memory: Memory, node: string): Trouble[] => [
  ...killedTrouble(memory, node),
  ...pressureTrouble(memory, node),
]

const MOST_NAMED = 3
function killedTrouble({ kills, killings, victims, own }: Memory, node: string): Trouble[] {
  const killed = killings.reduce((sum, { count }) => sum + count, 0)
  if (killed === 0) return []
  const whose = victims.length === 0 ? '' : `: of ${listed(victims, MOST_NAMED)}`
  const counted = own
    ? `memory.events of the container: oom_kill ${kills ?? 0}, ${killed} more than before`
    : `/proc/vmstat: oom_kill ${kills ?? 0}, ${killed} more than before, in all control groups and containers of this machine`
  return [
    {
      ...{ code: 'memory-killed', severity: 'warning', object: `node ${node}` },
      message: `the kernel of ${node} killed ${killed} ${killed === 1 ? 'process' : 'processes'} for want of memory within the last 15 minutes${whose}`,
      evidence: `${counted}${victims.length === 0 ? '' : '; memory.events of its control group: oom_kill'}`,
      hint: `on ${node}: journalctl -k -g "Killed process" names them; does what they served run again? free -m and systemd-cgtop -m show who has the memory; a higher limit of that unit (MemoryMax=), or more memory`,
    },
  ]
}

function pressureTrouble({ pressed, pressure, left, own }: Memory, node: string): Trouble[] {
  if (pressed < PRESSURE.readings) return []
  const [share, percent] = [Math.round(pressure), Math.round(left)]
  const files = own
    ? 'memory.pressure, memory.max and memory.current of the container'
    : '/proc/pressure/memory, MemAvailable of /proc/meminfo'
  return [
    {
      ...{ code: 'memory-pressure', severity: 'warning', object: `node ${node}` },
      message: `${node} has hardly any memory left, and stands still for want of it: ${share} % of the last ten seconds all that had work waited for memory`,
      evidence: `${files}: full avg10=${pressure}, ${percent} % available`,
      hint: `on ${node}: free -m, vmstat 1 (si, so), and systemd-cgtop -m show who has the memory; end or limit that (MemoryMax=)`,
    },
  ]
}
