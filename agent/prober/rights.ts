/** What strangers' bytes are parsed by has no rights. */
import { readFileSync } from 'node:fs'

/** A user of its own, where the package made one; else the one that owns nothing. */
const USERS = ['lvsm-prober', 'nobody'] as const
const NOBODY = 65_534

interface User {
  readonly uid: number
  readonly gid: number
}

/** By the text of /etc/passwd. */
export function userOf(passwd: string): User {
  const lines = passwd.split('\n').map((line) => line.split(':'))
  for (const user of USERS) {
    const [, , uid, gid] = lines.find(([name]) => name === user) ?? []
    if (uid !== undefined && gid !== undefined && Number(uid) > 0 && Number(gid) > 0)
      return { uid: Number(uid), gid: Number(gid) }
  }
  return { uid: NOBODY, gid: NOBODY }
}

/** For good. Throws where it may not. */
export function giveUpRights(): void {
  if (process.geteuid?.() !== 0) return
  const { uid, gid } = userOf(readPasswd())
  // Whoever is root no more may not give up groups.
  process.setgroups?.([])
  process.setgid?.(gid)
  process.setuid?.(uid)
}
function readPasswd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8')
  } catch {
    return ''
  }
}
