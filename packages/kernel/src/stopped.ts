/** Programs of this network namespace that a signal or a debugger stopped (man 5 proc_pid_stat: state T), with their sockets. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface StoppedProcess {
  readonly pid: number
  readonly name: string
  /** Numbers of its sockets; null: this process may not see them. */
  readonly sockets: readonly string[] | null
}

const STOPPED: ReadonlySet<string> = new Set(['T', 't'])

/** Behind its name in parentheses, which may have any letter. */
export const stateIn = (stat: string): string => /\) (\S)/.exec(stat.slice(stat.lastIndexOf(')')))?.[1] ?? ''
const nameIn = (stat: string): string => stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))

function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
const namespaceOf = (pid: string): string | null => attempt(() => readlinkSync(`/proc/${pid}/ns/net`))

/** Numbers of the sockets that a process has open; null: this process may not see them. */
export const socketsOf = (pid: number | string): string[] | null =>
  attempt(() => readdirSync(`/proc/${pid}/fd`))?.flatMap(
    (fd) => /^socket:\[(\d+)\]$/.exec(attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '')?.[1] ?? [],
  ) ?? null

export function stoppedProcesses(): StoppedProcess[] {
  const own = namespaceOf('self')
  return (attempt(() => readdirSync('/proc')) ?? []).flatMap((pid): StoppedProcess[] => {
    const stat = /^\d+$/.test(pid) ? attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) : null
    if (stat === null || !STOPPED.has(stateIn(stat))) return []
    // Of one whose namespace may not be seen it is not known that it is another one.
    const space = namespaceOf(pid)
    if (space !== null && space !== own) return []
    return [{ pid: Number(pid), name: nameIn(stat), sockets: socketsOf(pid) }]
  })
}
