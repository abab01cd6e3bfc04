/**
 * The control group that a socket was made in, as sock_diag names it by its number (INET_DIAG_CGROUP_ID), which is the inode of its directory; and who
 * is in it. Anybody may read that, of processes whose files nobody else may see.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'

/** Where the second version is mounted; beside the first one, below. */
export const CGROUP_ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'] as const
/** Its own is everybody's: who is in no other. */
const ROOT = '/'

/** All processes of the group with that number, where this process is in it; null: it is in another one, or others are in groups below. */
export function inSameGroup(
  pid: number | string,
  group: string,
  proc: string,
  roots: readonly string[] = CGROUP_ROOTS,
): readonly string[] | null {
  try {
    const [, path = ROOT] = /^0::(\/.*)$/m.exec(readFileSync(`${proc}/${pid}/cgroup`, 'utf8')) ?? []
    const at = path === ROOT ? undefined : roots.map((root) => `${root}${path}`).find((one) => inodeOf(one) === group)
    if (at === undefined || readdirSync(at, { withFileTypes: true }).some((one) => one.isDirectory())) return null
    return readFileSync(`${at}/cgroup.procs`, 'utf8').split('\n').filter(Boolean)
  } catch {
    return null
  }
}
function inodeOf(path: string): string | null {
  try {
    return String(statSync(path, { bigint: true }).ino)
  } catch {
    return null
  }
}

/** The freezer of the first version, where that is what there is. */
const FREEZER = 'freezer'
/** Null: it is not frozen, or nobody knows. */
export type FrozenBy = (pid: number | string) => string | null
/**
 * Of a process whose control group, or one above it, is frozen (cgroup.freeze, `docker pause`): the file that thaws the outermost of them. It takes no
 * signal, and its state is that of one who sleeps (admin-guide/cgroup-v2.rst, cgroup-v1/freezer-subsystem.rst). Each group is looked at once: for one pass.
 */
export function freezer(proc: string, roots: readonly string[] = CGROUP_ROOTS): FrozenBy {
  const known = new Map<string, string | null>()
  return (pid) => {
    const text = textOf(`${proc}/${pid}/cgroup`)
    const [, path = ROOT] = /^0::(\/.*)$/m.exec(text) ?? []
    const [, older = ROOT] = /^\d+:(?:[^:]*,)?freezer(?:,[^:]*)?:(\/.*)$/m.exec(text) ?? []
    const groups = `${path}\n${older}`
    const before = known.get(groups)
    if (before !== undefined) return before
    const file = thawing(path, older, roots)
    known.set(groups, file)
    return file
  }
}
function thawing(path: string, older: string, roots: readonly string[]): string | null {
  for (const root of roots) {
    if (path !== ROOT && /^frozen 1$/m.test(textOf(`${root}${path}/cgroup.events`)))
      return outermost(root, path, 'cgroup.freeze', '1')
    if (older !== ROOT && textOf(`${root}/${FREEZER}${older}/freezer.state`) === 'FROZEN')
      return outermost(`${root}/${FREEZER}`, older, 'freezer.self_freezing', '1').replace(/self_freezing$/, 'state')
  }
  return null
}
function outermost(root: string, path: string, file: string, says: string): string {
  const parts = path.split('/').filter(Boolean)
  const groups = parts.map((_, at) => `${root}/${parts.slice(0, at + 1).join('/')}`)
  return `${groups.find((one) => textOf(`${one}/${file}`) === says) ?? `${root}${path}`}/${file}`
}
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
