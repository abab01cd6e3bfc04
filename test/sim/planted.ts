/** The classical mistakes, each planted in one place (lease.md, What broke earlier drafts; the row is named). */
import { DRIFT, ROUNDING_MS } from '@lvsm/base'
import { RULES, type Rules, type Send } from '@lvsm/lease'
import { HONEST } from './cluster.ts'
import type { Planted } from './machine.ts'

const rule = (changed: Partial<Rules>): Planted => ({ ...HONEST, rules: { ...RULES, ...changed } })
const newest = (sends: ReadonlyMap<number, Send>): Send | undefined => [...sends.values()].at(-1)

/** Each is caught within some tens of random lives. */
export const PLANTED: Readonly<Record<string, Planted>> = {
  'quorum of one (15)': rule({ quorum: () => 1 }),
  'no quarantine (15)': rule({ quarantineMs: () => 0 }),
  "holder's timer from receipt (15)": rule({ holdFrom: (_sent, received) => received }),
  'RELEASE clears a newer grant (7)': rule({ releases: (grant, from) => grant.node === from }),
  'an ACK counts after release (8)': rule({ keptOnRelease: (sends) => new Map(sends) }),
  'ACK without exact send (6)': rule({ sendOf: newest }),
  'lock per group (11)': rule({ locks: (group) => [group.name] }),
  'holder outlives its grant': rule({ holdMs: (grantMs) => grantMs + 4 * ROUNDING_MS }),
  'renewal without compare-and-swap (10)': { ...HONEST, kernelRevives: true },
  'cached now (9)': { ...HONEST, cachesNow: true },
  "a predecessor's address outside the tables": { ...HONEST, sweepsNothing: true },
  'a stop without a view clears the fence': { ...HONEST, clearsUnseen: true },
}

/** Caught only where the clocks drift apart as far as they may, in `bound.ts`. */
export const PLANTED_AT_THE_BOUND: Readonly<Record<string, Planted>> = {
  'drift counted once (12)': rule({ holdMs: (grantMs) => grantMs * (1 - DRIFT) - ROUNDING_MS }),
  'drift not counted (12)': rule({ holdMs: (grantMs) => grantMs - ROUNDING_MS }),
}
