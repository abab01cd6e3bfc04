/** Tables of the kernel that are full, so that it drops packets: of neighbours, and of connection tracking. By what it dropped lately, not since boot. */
import { type Instant, listed, type Trouble } from '@lvsm/base'
import type { TablesReading } from './reading.ts'
import { grown, rise, type Series } from './series.ts'

const LATELY_MS = 60_000
/** Of its room; below the second it is over. */
const NEARLY = { begins: 0.9, ends: 0.8 } as const

type TableName = 'ipv4' | 'ipv6' | 'conntrack'
const NAMES: readonly TableName[] = ['ipv4', 'ipv6', 'conntrack']
interface Table {
  readonly series: Series
  readonly count: number
  readonly most: number
  /** Packets that were dropped within the last minute. */
  readonly dropped: number
  /** Within the last minute it looked for room so often. */
  readonly sought: number
  readonly nearly: boolean
}
export type FullTables = ReadonlyMap<TableName, Table>
export const NO_TABLES: FullTables = new Map()

export const tablesNow = (before: FullTables, read: TablesReading, now: Instant): FullTables =>
  new Map(
    NAMES.flatMap((name): [TableName, Table][] => {
      const one = read[name]
      if (one === null) return []
      const { count, most } = one
      const last = before.get(name)
      const series = grown(last?.series ?? [], { at: now, figures: { dropped: one.dropped, sought: one.sought } })
      const [dropped, sought] = [rise(series, 'dropped', now, LATELY_MS), rise(series, 'sought', now, LATELY_MS)]
      const nearly = most > 0 && count >= most * (last?.nearly === true ? NEARLY.ends : NEARLY.begins)
      return [[name, { series, count, most, dropped, sought, nearly }]]
    }),
  )

export const tableTroubles = (tables: FullTables, node: string): Trouble[] => [
  ...neighbourTable(tables, node),
  ...conntrackTable(tables, node),
]

const FILES = { ipv4: 'arp_cache', ipv6: 'ndisc_cache' } as const
function neighbourTable(tables: FullTables, node: string): Trouble[] {
  const full = (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const table = tables.get(family)
    // Permanent ones, and those that others put there, stand among the entries, and take no room (net/core/neighbour.c, gc_entries).
    return table && (table.dropped > 0 || (table.nearly && table.sought > 0)) ? [{ ...table, family }] : []
  })
  if (full.length === 0) return []
  const drops = full.some(({ dropped }) => dropped > 0)
  const families = listed(
    full.map(({ family }) => (family === 'ipv4' ? 'IPv4' : 'IPv6')),
    2,
  )
  const settings = full.flatMap(({ family, most }) =>
    [3, 2, 1].map((nth) => `net.${family}.neigh.default.gc_thresh${nth}=${most * 2 ** (nth - 1)}`),
  )
  return [
    {
      ...{ code: 'neighbours-full', severity: drops ? 'critical' : 'warning', object: `node ${node}` },
      message: `the neighbour table (${families}) of ${node} is ${drops ? 'full' : 'nearly full'}`,
      evidence: full
        .map(
          ({ family, dropped, sought, count, most }) =>
            `/proc/net/stat/${FILES[family]}: ${count} entries, gc_thresh3 ${most}, within a minute table_fulls ${dropped}, forced_gc_runs ${sought}`,
        )
        .join('; '),
      hint: `on ${node}: sysctl -w ${settings.join(' ')}, and the same in a file of /etc/sysctl.d; ip neigh show nud all | wc -l, and who asks for so many (a scan, a network that is too large)`,
    },
  ]
}

function conntrackTable(tables: FullTables, node: string): Trouble[] {
  const table = tables.get('conntrack')
  if (!table) return []
  const { count, most, dropped, nearly } = table
  // One that is evicted or clashes is dropped, too, where there is room.
  if (!nearly) return []
  const drops = dropped > 0
  return [
    {
      ...{ code: 'conntrack-full', severity: drops ? 'critical' : 'warning', object: `node ${node}` },
      message: `the table of connection tracking of ${node} is ${drops ? 'full' : 'nearly full'}: ${count} of ${most}`,
      evidence: `/proc/sys/net/netfilter/nf_conntrack_count, nf_conntrack_max; /proc/net/stat/nf_conntrack: ${dropped} dropped within a minute`,
      hint: `on ${node}: sysctl -w net.netfilter.nf_conntrack_max=${most * 4}, and the same in a file of /etc/sysctl.d; lvsm doctor says whether IPVS needs it; conntrack -L | head shows whose they are`,
    },
  ]
}
