/** Programs that cannot go on, and what keeps lvsm from working: stopped processes, control groups, disks. */
import { accessSync, constants, statfsSync } from 'node:fs'
import { plainLine } from '@lvsm/base'
import type { MachineFacts } from '@lvsm/protocol'
import { stoppedProcesses } from '@lvsm/kernel'
import { readPorts } from './listeners.ts'
import { unitIn } from './processes.ts'
import { textOf } from './settings.ts'

export function readStopped(): NonNullable<MachineFacts['stopped']> {
  const stopped = stoppedProcesses()
  const ports = stopped.length === 0 ? new Map<string, number>() : readPorts()
  return stopped.map(({ pid, name, sockets }) => ({
    pid,
    name: plainLine(name),
    unit: unitIn(textOf(`/proc/${pid}/cgroup`) ?? ''),
    ports: [...new Set((sockets ?? []).flatMap((socket) => ports.get(socket) ?? []))].toSorted((a, b) => a - b),
  }))
}

/** `max 100000`, `20000 100000`: microseconds of each period (kernel documentation, cgroup-v2). */
export function percentIn(max: string): number | null {
  const [quota = '', period = ''] = max.trim().split(' ')
  return /^\d+$/.test(quota) && Number(period) > 0 ? Math.round((Number(quota) * 100) / Number(period)) : null
}
/** Of each unit that one of lvsm's processes is in. */
export function readHeld(processes: MachineFacts['processes']): NonNullable<MachineFacts['held']> {
  const groups = new Map(
    processes
      .filter(({ name }) => name.startsWith('lvsm-'))
      .map(({ pid, name, unit }) => [
        /^0::(\/.*)$/m.exec(textOf(`/proc/${pid}/cgroup`) ?? '')?.[1] ?? '',
        unit || name,
      ]),
  )
  return [...groups].flatMap(([group, unit]) => {
    if (group === '' || group === '/') return []
    const at = `/sys/fs/cgroup${group}`
    const frozen = /^frozen 1$/m.test(textOf(`${at}/cgroup.events`) ?? '')
    return [{ unit, frozen, cpuPercent: percentIn(textOf(`${at}/cpu.max`) ?? '') }]
  })
}

const STATE = '/var/lib/lvsm'
/** Where lvsm keeps its state, as its processes say it, or where it always is. */
export function readDisks(processes: MachineFacts['processes']): NonNullable<MachineFacts['disks']> {
  const named = processes.flatMap(({ words }) => /(?:^|\s)--state-dir[= ](\S+)/.exec(words)?.[1] ?? [])
  return [...new Set([...named, STATE])].flatMap((path) => {
    try {
      const { bavail, bsize, ffree, files } = statfsSync(path)
      return [{ path, freeBytes: bavail * bsize, freeFiles: files > 0 ? ffree : null, readOnly: isReadOnly(path) }]
    } catch {
      return []
    }
  })
}
export function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}
