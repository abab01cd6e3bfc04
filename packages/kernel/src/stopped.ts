/**
 * Programs of this network namespace that a signal or a debugger stopped (man 5 proc_pid_stat: states T and t), or that are frozen with their control
 * group, with their sockets.
 */
import { freezer, type FrozenBy, inSameGroup } from './control-group.ts'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface Program {
  readonly pid: number
  readonly name: string
  /** It is frozen: the file that thaws it. */
  readonly frozen?: string
}
export interface StoppedProcess extends Program {
  /** Numbers of its sockets; null: this process may not see them. */
  readonly sockets: readonly string[] | null
}
/** Of some sockets. */
export interface StoppedServers {
  /** By socket: all programs that have it open, or all of the control group that it was made in, each of which a signal stopped, or is frozen. */
  readonly servers: ReadonlyMap<string, readonly Program[]>
  /** Programs that a signal stopped, or that are frozen, and nobody knows whether they have one of those sockets, or have it alone. */
  readonly others: readonly Program[]
}
/** Of sockets. */
type Groups = ReadonlyMap<string, string>
export const NOBODY: StoppedServers = { servers: new Map(), others: [] }

const STOPPED: ReadonlySet<string> = new Set(['T', 't'])
/** A debugger stops for a moment, at each system call (strace), whom it looks at. */
const BY_SIGNAL = 'T'
/** Has ended, and no files any more. */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X'])

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
/** Whoever is frozen looks as if he slept: interruptibly, with control groups of the first version not. */
const SLEEPS: ReadonlySet<string> = new Set(['S', 'D'])
/** Null: it is awake, or has ended. */
function heldAs(pid: number, stat: string, frozenBy: FrozenBy): Program | null {
  const state = stateIn(stat)
  const program = { pid, name: nameIn(stat) }
  if (state === BY_SIGNAL) return program
  const frozen = SLEEPS.has(state) ? frozenBy(pid) : null
  return frozen === null ? null : { ...program, frozen }
}
const namespaceOf = (pid: string, proc: string): string | null => attempt(() => readlinkSync(`${proc}/${pid}/ns/net`))
const statOf = (pid: number | string, proc: string): string =>
  attempt(() => readFileSync(`${proc}/${pid}/stat`, 'utf8')) ?? ''
const pidsIn = (proc: string): string[] => attempt(() => readdirSync(proc).filter((name) => /^\d+$/.test(name))) ?? []

/** Numbers of the sockets that a process has open; null: this process may not see them. */
export function socketsOf(pid: number | string, proc = '/proc'): string[] | null {
  const files = attempt(() => readdirSync(`${proc}/${pid}/fd`))
  const targets = files?.map((fd) => targetOf(`${proc}/${pid}/fd/${fd}`))
  // Of its own user's processes anybody sees how many files they have, and with CAP_SYS_PTRACE which.
  if (targets === undefined || targets.includes(null)) return null
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target ?? '')?.[1] ?? [])
}
/** Empty: it was closed meanwhile; null: this process may not see it. */
function targetOf(file: string): string | null {
  try {
    return readlinkSync(file)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? null : ''
  }
}

/** Null: another network namespace. Of one whose namespace may not be seen it is not known that it is another one. */
function stoppedAs(pid: string, stat: string, proc: string): StoppedProcess | null {
  const space = namespaceOf(pid, proc)
  if (space !== null && space !== namespaceOf('self', proc)) return null
  return { pid: Number(pid), name: nameIn(stat), sockets: socketsOf(pid, proc) }
}

export const stoppedProcesses = (proc = '/proc'): StoppedProcess[] =>
  pidsIn(proc).flatMap((pid) => {
    const stat = statOf(pid, proc)
    return STOPPED.has(stateIn(stat)) ? (stoppedAs(pid, stat, proc) ?? []) : []
  })

/**
 * Who of those that a signal stopped, or that are frozen, has one of these sockets, so that nobody else could accept there; in steps, one for each process: a machine
 * may have thousands. `groups`: of sockets the control group that they were made in, by which somebody is known whose files this process may not see.
 */
export function* stoppedServers(
  wanted: ReadonlySet<string>,
  proc = '/proc',
  groups: Groups = new Map(),
  roots?: readonly string[],
): Generator<undefined, StoppedServers> {
  const frozenBy = freezer(proc, roots)
  const stopped: StoppedProcess[] = []
  const awake: string[] = []
  for (const pid of pidsIn(proc)) {
    const stat = statOf(pid, proc)
    const state = stateIn(stat)
    const held = heldAs(Number(pid), stat, frozenBy)
    const one = held ? stoppedAs(pid, stat, proc) : null
    if (one) stopped.push({ ...one, ...held })
    else if (state !== '' && !ENDED.has(state)) awake.push(pid)
    yield
  }
  const servers = new Map<string, Program[]>()
  for (const { sockets, ...program } of stopped)
    for (const socket of new Set(sockets)) if (wanted.has(socket)) listed(servers, socket).push(program)
  // Whoever is awake, or may have anything, may accept there, too.
  if (servers.size > 0 && stopped.some(({ sockets }) => sockets === null)) servers.clear()
  for (const pid of servers.size > 0 ? awake : []) {
    const sockets = socketsOf(pid, proc)
    if (sockets === null && statOf(pid, proc) !== '') servers.clear()
    for (const socket of sockets ?? []) servers.delete(socket)
    if (servers.size === 0) break
    yield
  }
  const hidden = stopped.filter(({ sockets }) => sockets === null)
  for (const [socket, group] of servers.size === 0 ? groups : []) {
    const programs = wanted.has(socket) ? yield* wholeGroup(hidden, group, { proc, roots, frozenBy }) : null
    if (programs) servers.set(socket, programs)
    yield
  }
  const known = new Set([...servers.values()].flat().map(({ pid }) => pid))
  const mayBe = ({ pid, sockets }: StoppedProcess): boolean =>
    !known.has(pid) && (sockets === null || sockets.some((socket) => wanted.has(socket)))
  return { servers, others: stopped.filter(mayBe).map(asProgram) }
}
const asProgram = ({ pid, name, frozen }: Program): Program => ({
  ...{ pid, name },
  ...(frozen === undefined ? {} : { frozen }),
})
interface Where {
  readonly proc: string
  readonly roots: readonly string[] | undefined
  readonly frozenBy: FrozenBy
}
/** Null: it is not known, or somebody in it is awake. A step for each process, as there. */
function* wholeGroup(
  stopped: readonly StoppedProcess[],
  group: string,
  { proc, roots, frozenBy }: Where,
): Generator<undefined, Program[] | null> {
  for (const { pid } of stopped) {
    const pids = inSameGroup(pid, group, proc, roots)
    yield
    if (pids === null) continue
    const held: Program[] = []
    for (const one of pids) {
      const stat = statOf(one, proc)
      const program = heldAs(Number(one), stat, frozenBy)
      if (program) held.push(program)
      else if (stat !== '' && !ENDED.has(stateIn(stat))) return null
      yield
    }
    return held
  }
  return null
}
function listed<Key, Value>(lists: Map<Key, Value[]>, key: Key): Value[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

/** Still? */
export const isStoppedNow = ({ pid }: Program, proc = '/proc', roots?: readonly string[]): boolean =>
  heldAs(pid, statOf(pid, proc), freezer(proc, roots)) !== null
