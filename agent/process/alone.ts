/** One process of each kind for each network namespace: two would take each other's addresses, tables and routes away. */
import { readFileSync } from 'node:fs'
import { claimName, KernelError, type NameClaim } from '@lvsm/kernel'

/** What becomes of a start: `warning` where somebody else took the name who cannot be one of ours. */
export type Alone =
  | { readonly ok: true; readonly warning: string | null }
  | { readonly ok: false; readonly reason: string }

export interface Claims {
  claim(name: string): NameClaim
  /** Of this process. */
  readonly uid: number
  commandOf(pid: number): string | null
}

const CLAIMS: Claims = {
  claim: claimName,
  uid: process.geteuid?.() ?? 0,
  commandOf(pid) {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim() || null
    } catch {
      return null
    }
  },
}

/** The name is kept until the process ends. */
export function claimNamespace(program: string, claims: Claims = CLAIMS): Alone {
  const claim = claimed(program, claims)
  if (claim instanceof KernelError) {
    const warning = `cannot make sure that no other ${program} runs in this network namespace: ${claim.message}`
    return { ok: true, warning }
  }
  if (claim.kind === 'held') return { ok: true, warning: null }
  const { holder } = claim
  // Any user may take a name: one must not be able to keep the node from its start.
  if (holder === null || (holder.uid !== 0 && holder.uid !== claims.uid)) {
    const who = holder === null ? 'somebody' : `process ${holder.pid} of user ${holder.uid}`
    const warning = `${who} holds the name @${program} of this network namespace, and is no ${program}: a second ${program} would not be noticed (ss -xlp shows who it is)`
    return { ok: true, warning }
  }
  const command = holder.pid > 0 ? claims.commandOf(holder.pid) : null
  const who = holder.pid > 0 ? `process ${holder.pid}${command === null ? '' : `: ${command}`}` : 'of another container'
  return { ok: false, reason: `another ${program} already runs in this network namespace (${who})` }
}

/** Where the kernel does not allow it, a node must be able to start all the same. */
function claimed(program: string, { claim }: Claims): NameClaim | KernelError {
  try {
    return claim(program)
  } catch (error) {
    if (error instanceof KernelError) return error
    throw error
  }
}
