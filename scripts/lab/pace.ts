/**
 * How slowly a cluster in the lab is to live so that it can keep up: an emulated cluster that has nothing to do takes one core of two. Where
 * other work takes that core, its processes do nothing but fall behind, and a scenario shows that alone. So timing and checks of what is not
 * about time are stretched by what this machine gives just before the boot.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { text } from 'node:stream/consumers'
import { goFirst } from './precedence.ts'
import type { Topology } from './topology.ts'

const MEASURED_MS = 1500
const CORES = 2
const SLOWEST = 4
/** A machine that is nearly free is free. */
const ENOUGH = 0.8

/** Spins, and says how much of that time it had a processor. */
const SPIN = `
  const [began, used] = [performance.now(), process.cpuUsage()]
  while (performance.now() - began < ${MEASURED_MS});
  const { user, system } = process.cpuUsage(used)
  console.log((user + system) / 1000 / (performance.now() - began))`

/** As an emulator would have it. */
async function share(): Promise<number> {
  const child = spawn(process.execPath, ['-e', SPIN], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.pid !== undefined) goFirst(child.pid)
  return Number(await text(child.stdout))
}

/** Of the two cores that the lab would take, as many as this machine gives now: 0 to 2. */
export async function coresNow(): Promise<number> {
  const spinners = Math.min(CORES, availableParallelism())
  const shares = await Promise.all(Array.from({ length: spinners }, share))
  return shares.reduce((sum, one) => sum + one, 0)
}

/** 1: as the topology says; 4 at most. */
export const paceFor = (cores: number): number =>
  cores >= ENOUGH * CORES ? 1 : Math.min(SLOWEST, Math.ceil(CORES / Math.max(cores, 0.1)))

const DURATION = /^(\d+)(ms|s)$/
function stretched(text: string, pace: number): string {
  const [, digits, unit] = DURATION.exec(text) ?? []
  if (digits === undefined || unit === undefined) throw new Error(`${text} is no duration`)
  return `${Number(digits) * pace}${unit}`
}
const eachOf = (keys: readonly string[], values: object, pace: number): object =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, keys.includes(key) ? stretched(String(value), pace) : value]),
  )

/** The whole lease clock keeps its proportions; how long connections may drain is no matter of the machine. */
const TIMING = ['keepalive', 'lease', 'apply', 'warntime', 'deadtime']
const CHECK = ['interval', 'timeout']

export function paced(topology: Topology, pace: number): Topology {
  if (pace === 1) return topology
  const { timing, services } = topology
  return {
    ...topology,
    ...(timing ? { timing: eachOf(TIMING, timing, pace) as Record<string, string> } : {}),
    services: services.map((service) => {
      const { check } = service as { readonly check?: object }
      return check ? { ...(service as object), check: eachOf(CHECK, check, pace) } : service
    }),
  }
}
