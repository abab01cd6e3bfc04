/** Modules of IPVS that read what a protocol says inside its connections, and let further connections in by it (net/netfilter/ipvs/ip_vs_ftp.c). */
import type { KernelProtocol } from './protocols.ts'

export interface HelperRow {
  /** In sentences. */
  readonly title: string
  readonly module: string
  readonly protocol: KernelProtocol
  /** The port that the module reads unless it was loaded with `ports=`. */
  readonly port: number
}

export const HELPERS = {
  ftp: { title: 'FTP', module: 'ip_vs_ftp', protocol: 'tcp', port: 21 },
} as const satisfies Readonly<Record<string, HelperRow>>

export type Helper = keyof typeof HELPERS
/** The rows, with columns of their general type. */
export const helperRow = (name: Helper): HelperRow => HELPERS[name]
