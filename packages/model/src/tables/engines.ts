/** What tells the clients of a persistent service apart beside their address (net/netfilter/ipvs/ip_vs_pe_*.c). */
import type { Protocol } from './protocols.ts'

export interface EngineRow {
  readonly module: string
  /** Of other packets it knows no client, and the kernel drops them. */
  readonly protocols: readonly Protocol[]
}

export const ENGINES = {
  /** By the Call-ID (RFC 3261, section 8.1.1.4). */
  sip: { module: 'ip_vs_pe_sip', protocols: ['udp'] },
} as const satisfies Readonly<Record<string, EngineRow>>

export type Engine = keyof typeof ENGINES

/** One row, with columns of their general type; undefined for an engine that somebody else set. */
export const engineRow = (name: string): EngineRow | undefined =>
  Object.hasOwn(ENGINES, name) ? ENGINES[name as Engine] : undefined
