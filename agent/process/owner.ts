/** A process that root started works as whoever owns its directory: what it writes there is not root's then, and it can no more. */
import { type Stats, statSync } from 'node:fs'

export interface Identity {
  readonly uid: number
  setgroups(groups: readonly number[]): void
  setgid(gid: number): void
  setuid(uid: number): void
  setegid(gid: number): void
  seteuid(uid: number): void
}
const SELF: Identity = {
  uid: process.geteuid?.() ?? 0,
  setgroups: (groups) => process.setgroups?.([...groups]),
  setgid: (gid) => process.setgid?.(gid),
  setuid: (uid) => process.setuid?.(uid),
  setegid: (gid) => process.setegid?.(gid),
  seteuid: (uid) => process.seteuid?.(uid),
}

/** For good, in `groups` and no others. Nothing where the process is not root's, or the directory is, or is not there. */
export function becomeOwner(directory: string, groups: readonly number[], self: Identity = SELF): void {
  const owner = self.uid === 0 ? ownerOf(directory) : null
  if (!owner || owner.uid === 0) return
  // Whoever is root no more may not give up groups.
  self.setgroups(groups)
  self.setgid(owner.gid)
  self.setuid(owner.uid)
}

function ownerOf(directory: string): Stats | null {
  const stats = statSync(directory, { throwIfNoEntry: false })
  return stats?.isDirectory() ? stats : null
}

/** Does what the owner of the directory may not: reads and writes what is root's. */
export type AsRoot = <T>(work: () => T) => T
export const STRAIGHT: AsRoot = (work) => work()

/** For now: what it writes is the owner's, until `work` of the function that it returns says otherwise. */
export function actAsOwner(directory: string, self: Identity = SELF): AsRoot {
  const owner = self.uid === 0 ? ownerOf(directory) : null
  if (!owner || owner.uid === 0) return STRAIGHT
  const { uid, gid } = owner
  const take = (user: number, group: number): void => {
    // Only root takes another group.
    self.seteuid(0)
    self.setegid(group)
    self.seteuid(user)
  }
  take(uid, gid)
  return (work) => {
    take(0, 0)
    try {
      return work()
    } finally {
      take(uid, gid)
    }
  }
}
