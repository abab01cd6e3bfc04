/**
 * Memory that is not there: programs that the kernel killed for want of it, and programs that stand still because it is looked for. What was killed
 * before this agent began is nobody's trouble any more.
 */
import { between, listed, type Instant, type Trouble } from '@lvsm/base'
import type { MemoryReading } from './reading.ts'

/** Whoever is called for what failed finds the cause for so long; after that, among the events. */
const TOLD_MS = 900_000
/** Share of the time in which nothing at all went on, of ten seconds (Documentation/accounting/psi.rst: full, avg10). */
const PRESSURE = { begins: 25, ends: 5, readings: 2 } as const

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
}
export const NO_MEMORY: Memory = {
  ...{ kills: null, units: null, asks: true, killings: [], victims: [], pressed: 0, pressure: 0 },
}

export function memoryNow(before: Memory, read: MemoryReading, now: Instant): Memory {
  const { kills, units, pressure } = read
  const risen = kills === null || before.kills === null ? 0 : Math.max(0, kills - before.kills)
  const lately = before.killings.filter(({ at }) => between(at, now) < TOLD_MS)
  const killings = risen > 0 ? [...lately, { at: now, count: risen }] : lately
  return {
    ...{ kills, killings },
    units: units ?? before.units,
    asks: units === null && (risen > 0 || before.asks),
    victims: killings.length === 0 ? [] : [...new Set([...before.victims, ...victimsIn(before.units, units)])],
    pressure: pressure ?? 0,
    pressed: pressedNow(before.pressed, pressure ?? 0),
  }
}
const victimsIn = (before: Memory['units'], units: MemoryReading['units']): string[] =>
  before === null || units === null
    ? []
    : [...units].flatMap(([unit, kills]) => (kills > (before.get(unit) ?? 0) ? [unit] : []))

function pressedNow(before: number, pressure: number): number {
  if (pressure >= PRESSURE.begins) return before + 1
  return before >= PRESSURE.readings && pressure >= PRESSURE.ends ? before : 0
}

const MOST_NAMED = 3
export function memoryTroubles({ kills, killings, victims, pressed, pressure }: Memory, node: string): Trouble[] {
  const killed = killings.reduce((sum, { count }) => sum + count, 0)
  const found: Trouble[] = []
  if (killed > 0) {
    const whose = victims.length === 0 ? '' : `: of ${listed(victims, MOST_NAMED)}`
    found.push({
      ...{ code: 'memory-killed', severity: 'warning', object: `node ${node}` },
      message: `the kernel of ${node} killed ${killed} ${killed === 1 ? 'process' : 'processes'} for want of memory within the last 15 minutes${whose}`,
      evidence: `/proc/vmstat: oom_kill ${kills ?? 0}, ${killed} more than before${victims.length === 0 ? '' : '; memory.events of its control group: oom_kill'}`,
      hint: `on ${node}: journalctl -k -g "Killed process" names them; does what they served run again? free -m and systemd-cgtop -m show who has the memory; a higher limit of that unit (MemoryMax=), or more memory`,
    })
  }
  if (pressed >= PRESSURE.readings)
    found.push({
      ...{ code: 'memory-pressure', severity: 'warning', object: `node ${node}` },
      message: `${node} stands still for want of memory: ${Math.round(pressure)} % of the last ten seconds nothing went on`,
      evidence: `/proc/pressure/memory: full avg10=${pressure}`,
      hint: `on ${node}: free -m, vmstat 1 (si, so), and systemd-cgtop -m show who has the memory; end or limit that (MemoryMax=)`,
    })
  return found
}
