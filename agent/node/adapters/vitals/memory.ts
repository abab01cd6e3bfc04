/**
 * Memory: what was killed for want of it, whose it was, and how long all stood still (Documentation/accounting/psi.rst, admin-guide/cgroup-v2.rst).
 * /proc is the kernel's: in a container it counts what happened to every neighbour, and the container's own control group tells what is its own.
 */
import { readlink } from 'node:fs/promises'
import type { MemoryReading } from '../../core/vitals/reading.ts'
import { namesAt, numberAt, textAt } from './files.ts'

const CGROUPS = '/sys/fs/cgroup'
/** Slices and their units; more is a machine of another kind. */
const MOST = 1000
/** Of the first namespace of processes, in every kernel (include/linux/proc_ns.h, PROC_PID_INIT_INO). */
const FIRST_PIDS = 'pid:[4026531836]'

/** Of lines with a name and a number. */
const figureIn = (text: string | null, name: string): number | null => {
  const [, figure] = new RegExp(`^${name}:? +(\\d+)(?: kB)?$`, 'm').exec(text ?? '') ?? []
  return figure === undefined ? null : Number(figure)
}

export async function readMemory(units: boolean, proc = '/proc', cgroups = CGROUPS): Promise<MemoryReading> {
  const own = await ownGroup(proc, cgroups)
  const full = await textAt(own === null ? `${proc}/pressure/memory` : `${own}/memory.pressure`)
  const pressure = /^full avg10=([\d.]+)/m.exec(full ?? '')?.[1]
  return {
    kills: figureIn(await textAt(own === null ? `${proc}/vmstat` : `${own}/memory.events`), 'oom_kill'),
    pressure: pressure === undefined ? null : Number(pressure),
    left: (own === null ? null : await leftIn(own)) ?? (await leftOf(proc)),
    units: units ? await readUnits(own ?? cgroups) : null,
    own: own !== null,
  }
}

/** The control group of a container as a whole; null: this is a machine of its own. The first group of a kernel has no events. */
async function ownGroup(proc: string, cgroups: string): Promise<string | null> {
  if ((await textAt(`${cgroups}/memory.events`)) !== null) return cgroups
  const pids = await readlink(`${proc}/self/ns/pid`).catch(() => FIRST_PIDS)
  if (pids === FIRST_PIDS) return null
  const path = /^0::(\/.*)$/m.exec((await textAt(`${proc}/self/cgroup`)) ?? '')?.[1]
  // With control groups of the first version nobody knows: nothing is read there.
  return path === undefined || path === '/' ? cgroups : `${cgroups}${path}`
}

/** Percent that is still to be had: free, or taken back at any time. */
async function leftOf(proc: string): Promise<number | null> {
  const text = await textAt(`${proc}/meminfo`)
  const [all, left] = [figureIn(text, 'MemTotal'), figureIn(text, 'MemAvailable')]
  return all === null || left === null || all === 0 ? null : (100 * left) / all
}
/** Null: it has no bound of its own. */
async function leftIn(group: string): Promise<number | null> {
  const [most, used] = [await numberAt(`${group}/memory.max`), await numberAt(`${group}/memory.current`)]
  if (most === null || used === null || most === 0) return null
  const stat = await textAt(`${group}/memory.stat`)
  const files = (figureIn(stat, 'active_file') ?? 0) + (figureIn(stat, 'inactive_file') ?? 0)
  return (100 * Math.max(0, most - used + files)) / most
}

/** By path: of slices, and of the control groups below them, whose counters end with them; empty where control groups are of the first version. */
async function readUnits(root: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const slices = await partsOf(root)
  for (const slice of slices) await put(found, root, slice)
  for (const slice of slices)
    for (const unit of await partsOf(`${root}/${slice}`)) await put(found, root, `${slice}/${unit}`)
  return found
}
async function put(found: Map<string, number>, root: string, path: string): Promise<void> {
  if (found.size >= MOST) return
  const kills = figureIn(await textAt(`${root}/${path}/memory.events`), 'oom_kill')
  if (kills !== null) found.set(path, kills)
}
const partsOf = async (path: string): Promise<string[]> =>
  (await namesAt(path)).filter((name) => /\.(?:slice|service|scope)$/.test(name))
