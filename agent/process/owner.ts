/** A process that root started works as whoever owns its directory: what it writes there is not root's then, and it can no more. */
import { type Stats, statSync } from 'node:fs'

export interface Identity {
  readonly uid: number
  setgroups(groups: readonly number[]): void
  setgid(gid: number): void
  setuid(uid: number): void
}
const SELF: Identity = {
  uid: process.geteuid?.() ?? 0,
  setgroups: (groups) => process.setgroups?.([...groups]),
  setgid: (gid) => process.setgid?.(gid),
  setuid: (uid) => process.setuid?.(uid),
}

/** For good. Nothing where the process is not root's, or the directory is, or is not there. */
export function becomeOwner(directory: string, self: Identity = SELF): void {
  const owner = self.uid === 0 ? ownerOf(directory) : null
  if (!owner || owner.uid === 0) return
  // Whoever is root no more may not give up groups.
  self.setgroups([])
  self.setgid(owner.gid)
  self.setuid(owner.uid)
}

function ownerOf(directory: string): Stats | null {
  const stats = statSync(directory, { throwIfNoEntry: false })
  return stats?.isDirectory() ? stats : null
}
