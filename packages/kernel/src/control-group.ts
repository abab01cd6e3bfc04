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
