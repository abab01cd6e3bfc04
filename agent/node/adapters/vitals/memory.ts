/** Memory: what was killed for want of it, whose it was, and how long all stood still (Documentation/accounting/psi.rst, admin-guide/cgroup-v2.rst). */
import type { MemoryReading } from '../../core/vitals/reading.ts'
import { namesAt, textAt } from './files.ts'

const CGROUPS = '/sys/fs/cgroup'
/** Slices and their units; more is a machine of another kind. */
const MOST = 1000

/** Of lines with a name and a number. */
const figureIn = (text: string | null, name: string): number | null => {
  const [, figure] = new RegExp(`^${name} (\\d+)$`, 'm').exec(text ?? '') ?? []
  return figure === undefined ? null : Number(figure)
}

export async function readMemory(units: boolean, proc = '/proc', cgroups = CGROUPS): Promise<MemoryReading> {
  const pressure = /^full avg10=([\d.]+)/m.exec((await textAt(`${proc}/pressure/memory`)) ?? '')?.[1]
  return {
    kills: figureIn(await textAt(`${proc}/vmstat`), 'oom_kill'),
    pressure: pressure === undefined ? null : Number(pressure),
    units: units ? await readUnits(cgroups) : null,
  }
}

/** By unit: of control groups below slices, and of slices that have none; empty where control groups are of the first version. */
async function readUnits(root: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const slice of await partsOf(root)) {
    const units = await partsOf(`${root}/${slice}`)
    for (const unit of units.length === 0 ? [''] : units) {
      if (found.size >= MOST) return found
      const kills = figureIn(await textAt(`${root}/${slice}/${unit}/memory.events`), 'oom_kill')
      if (kills !== null) found.set(unit === '' ? slice : unit, kills)
    }
  }
  return found
}
const partsOf = async (path: string): Promise<string[]> =>
  (await namesAt(path)).filter((name) => /\.(?:slice|service|scope)$/.test(name))
