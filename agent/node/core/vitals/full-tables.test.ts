import { after, instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { NO_TABLES, tablesNow, tableTroubles } from './full-tables.ts'
import type { TablesReading } from './reading.ts'

const NONE: TablesReading = { ipv4: null, ipv6: null, conntrack: null }
class Bench {
  #now = instant(0)
  #tables = NO_TABLES
  reads(one: Partial<TablesReading>, times = 1): this {
    for (let time = 0; time < times; time++) {
      this.#now = after(this.#now, 5000)
      this.#tables = tablesNow(this.#tables, { ...NONE, ...one }, this.#now)
    }
    return this
  }
  get said() {
    return tableTroubles(this.#tables, 'dir1')
  }
  get words(): string[] {
    return this.said.map(({ severity, message }) => `${severity}: ${message}`)
  }
}
const neighbours = (count: number, dropped: number, sought = 0) => ({ count, most: 1024, dropped, sought })

test('a neighbour table that was full lately is told with the settings that give it room, and over a minute later', () => {
  const bench = new Bench().reads({ ipv4: neighbours(700, 90) })
  expect(bench.words, 'since boot').toEqual([])
  bench.reads({ ipv4: neighbours(700, 95) })
  expect(bench.words).toEqual(['critical: the neighbour table (IPv4) of dir1 is full'])
  expect(bench.said[0]?.hint).toContain('gc_thresh3=4096 net.ipv4.neigh.default.gc_thresh2=2048')
  expect(bench.said[0]?.evidence).toContain('arp_cache: 700 entries, gc_thresh3 1024, within a minute table_fulls 5')
  expect(bench.reads({ ipv4: neighbours(700, 95) }, 14).words).toEqual([])
})
test('one that is nearly full is a warning, until a fifth of it is free', () => {
  const nearly = (sought: number) => ({ ipv4: neighbours(930, 0, sought), ipv6: neighbours(1000, 0, sought) })
  const bench = new Bench().reads(nearly(1)).reads(nearly(2))
  expect(bench.words).toEqual(['warning: the neighbour table (IPv4, IPv6) of dir1 is nearly full'])
  expect(bench.reads({ ipv4: neighbours(850, 0, 2), ipv6: neighbours(2, 0, 2) }).words).toHaveLength(1)
  expect(bench.reads({ ipv4: neighbours(800, 0, 3) }).words).toEqual([])
})
test('one with many entries that never looks for room has it: permanent ones, and those that others learned, do not count', () => {
  expect(new Bench().reads({ ipv4: neighbours(5000, 0, 9) }, 5).words).toEqual([])
  const bench = new Bench().reads({ ipv4: neighbours(1000, 0, 9) }).reads({ ipv4: neighbours(1000, 0, 10) })
  expect(bench.words).toHaveLength(1)
  expect(bench.reads({ ipv4: neighbours(1000, 0, 10) }, 14).words, 'no more').toEqual([])
})
test('connection tracking: nearly full, full, and over; what is dropped beside room is no full table', () => {
  const conntrack = (count: number, dropped: number) => ({ conntrack: { count, most: 1000, dropped, sought: 0 } })
  const bench = new Bench().reads(conntrack(10, 3)).reads(conntrack(10, 9))
  expect(bench.words).toEqual([])
  expect(bench.reads(conntrack(950, 9), 13).words).toEqual([
    'warning: the table of connection tracking of dir1 is nearly full: 950 of 1000',
  ])
  expect(bench.reads(conntrack(1000, 70)).words).toEqual([
    'critical: the table of connection tracking of dir1 is full: 1000 of 1000',
  ])
  expect(bench.said[0]?.hint).toContain('nf_conntrack_max=4000')
  expect(bench.reads(conntrack(700, 70)).words).toEqual([])
})
