/** Programs that are there and cannot go on, and lvsm itself where it is held (rows 47 to 49). */
import type { Check, Seen } from '../check.ts'

const stopped: Check = {
  name: 'stopped-process',
  rows: [47],
  title: 'a program was stopped',
  symptom:
    'its port takes connections, for the kernel does that, and nobody answers; of lvsm itself: a node that is not heard',
  why: 'a signal (kill -STOP, Ctrl-Z) or a debugger: the process is in state T until it is told to go on',
  mend: 'kill -CONT PID',
  look({ facts, part }) {
    return (facts.stopped ?? []).flatMap(({ pid, name, unit, ports }): Seen[] => {
      const asked = ports.filter((port) => part.ports.has(port))
      const isOwn =
        unit.startsWith('lvsm-') ||
        name.startsWith('lvsm-') ||
        facts.processes.some((one) => one.pid === pid && one.name.startsWith('lvsm-'))
      const what = isOwn ? (facts.processes.find((one) => one.pid === pid)?.name ?? name) : name
      const where = ports.length > 0 ? `, which listens at port ${ports.join(', ')},` : ''
      return [
        {
          severity: isOwn || asked.length > 0 ? 'critical' : ports.length > 0 ? 'warning' : 'info',
          object: `process ${pid}`,
          message: `${what} (process ${pid})${where} is stopped (state T)`,
          evidence: [`/proc/${pid}/stat: T`, ...(unit === '' ? [] : [`unit ${unit}`])],
          mend: `find who stopped it (a debugger? kill -STOP?), and: kill -CONT ${pid}`,
        },
      ]
    })
  },
}

/** Of one processor: below it an agent is late. */
const LEAST_PERCENT = 20

const held: Check = {
  name: 'held-unit',
  rows: [48],
  title: 'a control group gives too little time to a program',
  symptom: 'a node that is late, or not heard at all, although its processes are there',
  why: 'a frozen group gets no processor time; with a quota its processes stand still until the next period',
  mend: 'systemctl thaw UNIT; systemctl set-property UNIT CPUQuota=',
  look({ facts }) {
    return (facts.held ?? []).flatMap(({ unit, frozen, cpuPercent }): Seen[] => {
      if (frozen)
        return [
          {
            ...{
              severity: 'critical',
              object: unit,
              message: `${unit} is frozen`,
              evidence: ['cgroup.events: frozen 1'],
            },
            mend: `systemctl thaw ${unit}`,
          },
        ]
      if (cpuPercent === null || cpuPercent >= LEAST_PERCENT) return []
      return [
        {
          ...{ severity: 'warning', object: unit, message: `${unit} may use ${cpuPercent} % of one processor` },
          evidence: [`cpu.max: ${cpuPercent} %`],
          mend: `systemctl set-property ${unit} CPUQuota=`,
        },
      ]
    })
  },
}

/** Bytes, files. */
const [LEAST_BYTES, LEAST_FILES] = [16 << 20, 100]

const stateRoom: Check = {
  name: 'state-room',
  rows: [49],
  title: 'the directory of the state is full, or cannot be written',
  symptom: 'maintenance, votes and what was drained are forgotten at the next restart',
  why: 'what a node must not forget stands there before it acts on it',
  mend: 'make room (df, df -i), or mount it writable (mount -o remount,rw)',
  look({ facts }) {
    return (facts.disks ?? []).flatMap(({ path, freeBytes, freeFiles, readOnly }): Seen[] => {
      const fault = readOnly
        ? 'is mounted read-only'
        : freeBytes < LEAST_BYTES
          ? `has room for ${Math.floor(freeBytes / 1024)} kB`
          : freeFiles !== null && freeFiles < LEAST_FILES
            ? `has room for ${freeFiles} more files`
            : null
      if (fault === null) return []
      return [
        {
          ...{ severity: 'critical', object: path, message: `${path} ${fault}` },
          evidence: [readOnly ? `access(${path}): read-only file system` : `df ${path}; df -i ${path}`],
        },
      ]
    })
  },
}

export const HELD_CHECKS: readonly Check[] = [stopped, held, stateRoom]
