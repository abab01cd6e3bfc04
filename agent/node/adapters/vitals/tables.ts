/** Tables of the kernel that fill up: of neighbours, which every network namespace shares and the first one alone shows, and of connection tracking. */
import { ofProcessors } from '@lvsm/kernel'
import type { TableReading, TablesReading } from '../../core/vitals/reading.ts'
import { numberAt, textAt } from './files.ts'

export const readTables = async (proc = '/proc'): Promise<TablesReading> => ({
  ipv4: await readNeighbours(proc, 'ipv4', 'arp_cache'),
  ipv6: await readNeighbours(proc, 'ipv6', 'ndisc_cache'),
  conntrack: await readConntrack(proc),
})

async function readNeighbours(proc: string, family: string, file: string): Promise<TableReading | null> {
  const text = await textAt(`${proc}/net/stat/${file}`)
  const most = await numberAt(`${proc}/sys/net/${family}/neigh/default/gc_thresh3`)
  if (text === null || most === null) return null
  const [dropped, sought] = [ofProcessors(text, 'table_fulls', true), ofProcessors(text, 'forced_gc_runs', true)]
  return { count: ofProcessors(text, 'entries', false), most, dropped, sought }
}
/** Not there: nothing is tracked. */
async function readConntrack(proc: string): Promise<TableReading | null> {
  const at = `${proc}/sys/net/netfilter`
  const [count, most] = [await numberAt(`${at}/nf_conntrack_count`), await numberAt(`${at}/nf_conntrack_max`)]
  if (count === null || most === null) return null
  const text = (await textAt(`${proc}/net/stat/nf_conntrack`)) ?? ''
  const dropped = ofProcessors(text, 'drop', true) + ofProcessors(text, 'early_drop', true)
  return { count, most, dropped, sought: 0 }
}
