/** What `lvsm stats` can show of a group, a service or a realserver, and sort by. */
import type { Counted, RealserverStats } from '@lvsm/protocol'

export type Row = Counted & Partial<Pick<RealserverStats, 'weight'>>
export interface Column {
  readonly title: string
  /** Null: it has none. */
  readonly of: (row: Row) => number | null
  /** Always; or with rates, or with totals. */
  readonly shown: 'always' | 'rates' | 'totals'
}

/** By the word that `--sort` takes. */
export const COLUMNS = {
  weight: { title: 'weight', of: ({ weight = null }) => weight, shown: 'always' },
  active: { title: 'active', of: ({ active }) => active, shown: 'always' },
  inactive: { title: 'inactive', of: ({ inactive }) => inactive, shown: 'always' },
  persistent: { title: 'persistent', of: ({ persistent }) => persistent, shown: 'always' },
  'connections/s': { title: 'conn/s', of: ({ rates }) => rates.connections, shown: 'rates' },
  'packets-in/s': { title: 'packets in/s', of: ({ rates }) => rates.inPackets, shown: 'rates' },
  'packets-out/s': { title: 'out/s', of: ({ rates }) => rates.outPackets, shown: 'rates' },
  'bytes-in/s': { title: 'bytes in/s', of: ({ rates }) => rates.inBytes, shown: 'rates' },
  'bytes-out/s': { title: 'out/s', of: ({ rates }) => rates.outBytes, shown: 'rates' },
  connections: { title: 'connections', of: ({ totals }) => totals.connections, shown: 'totals' },
  'packets-in': { title: 'packets in', of: ({ totals }) => totals.inPackets, shown: 'totals' },
  'packets-out': { title: 'out', of: ({ totals }) => totals.outPackets, shown: 'totals' },
  'bytes-in': { title: 'bytes in', of: ({ totals }) => totals.inBytes, shown: 'totals' },
  'bytes-out': { title: 'out', of: ({ totals }) => totals.outBytes, shown: 'totals' },
} as const satisfies Readonly<Record<string, Column>>
export type ColumnName = keyof typeof COLUMNS
export const COLUMN_NAMES = Object.keys(COLUMNS) as ColumnName[]

/** The most first; what is equal stays in its order. Null: as the configuration has them. */
export function sorted<Item extends Row>(rows: readonly Item[], by: ColumnName | null): readonly Item[] {
  if (by === null) return rows
  const { of } = COLUMNS[by]
  return rows.toSorted((one, other) => (of(other) ?? 0) - (of(one) ?? 0))
}
