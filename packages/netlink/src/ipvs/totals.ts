/** /proc/net/ip_vs_stats: what all services of the reader's network namespace had together (net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_stats_show`). */
import { type Decoded, decoding, Malformed } from '../bytes.ts'

export interface Totals {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
}

/** Two lines of heads, then hexadecimal figures; rates in a paragraph of their own. */
export const decodeTotals = (text: string): Decoded<Totals> =>
  decoding('/proc/net/ip_vs_stats', () => {
    const line = text.split('\n')[2] ?? ''
    const figures = line.trim().split(/\s+/)
    if (figures.length !== 5 || !figures.every((one) => /^[0-9A-F]{1,16}$/.test(one)))
      throw new Malformed(`the line "${line}"`)
    const [connections = 0, inPackets = 0, outPackets = 0, inBytes = 0, outBytes = 0] = figures.map((one) =>
      Number.parseInt(one, 16),
    )
    return { connections, inPackets, outPackets, inBytes, outBytes }
  })
