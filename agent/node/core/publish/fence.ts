/** From what nf_tables says to the report of `lvsm fence status`: what is open, for how long, and what is missing. */
import {
  type FenceElementReport,
  type FenceFamily,
  type FenceGroupReport,
  type FencePartName,
  type FenceReport,
  type FenceTableReport,
} from '@lvsm/protocol'
import { familyOf, type Trouble, MARKS } from '@lvsm/base'
import { type Config, type ConfigGroup } from '@lvsm/model'

/** A group in one table, as the kernel has it. */
export interface ObservedFenceGroup {
  readonly name: string
  readonly addresses: readonly string[]
  /** Null: the element is not there, or has run out. */
  readonly element: { readonly leftMs: number; readonly timeoutMs: number } | null
  readonly droppedPackets: number
  readonly droppedBytes: number
  /** Are all rules of its chain there? */
  readonly whole: boolean
}
export interface ObservedFenceTable {
  readonly part: FencePartName
  readonly family: FenceFamily
  readonly present: boolean
  /** Names of its base chains. */
  readonly hooks: readonly string[]
  /** Base chains that it must have, and has not. */
  readonly missingHooks: readonly string[]
  readonly groups: readonly ObservedFenceGroup[]
}

export function reportFence(
  config: Config | null,
  node: string,
  tables: readonly ObservedFenceTable[],
  leaseFault: string | null,
): FenceReport {
  const directed = config?.groups.filter(({ directors }) => directors.includes(node)) ?? []
  const names = new Set([
    ...directed.map(({ name }) => name),
    ...tables.flatMap(({ groups }) => groups.map(({ name }) => name)),
  ])
  return {
    cluster: config?.cluster ?? '',
    node,
    directs: directed.map(({ name }) => name),
    leaseFault,
    tables: tables
      // There are none of IPv6 where nobody has such addresses.
      .filter(({ family, present }) => present || family !== 'ip6')
      .map(({ part, family, present, hooks }): FenceTableReport => ({ part, family, present, hooks })),
    groups: [...names].map((name) => reportGroup(name, directed, tables)),
    faults: directed.length === 0 ? [] : faultsOf(directed, tables, leaseFault),
  }
}

function reportGroup(
  name: string,
  directed: readonly ConfigGroup[],
  tables: readonly ObservedFenceTable[],
): FenceGroupReport {
  const found = tables.flatMap((table) =>
    table.groups.filter((group) => group.name === name).map((group) => ({ table, group })),
  )
  return {
    name,
    directed: directed.some((group) => group.name === name),
    addresses: [...new Set(found.flatMap(({ group }) => group.addresses))],
    elements: found.map(
      ({ table: { part, family }, group: { element, droppedPackets, droppedBytes } }): FenceElementReport => ({
        part,
        family,
        open: element !== null,
        leftMs: element?.leftMs ?? 0,
        timeoutMs: element?.timeoutMs ?? 0,
        droppedPackets,
        droppedBytes,
      }),
    ),
  }
}

const critical = (code: string, message: string, hint: string): Trouble => ({
  code,
  severity: 'critical',
  message,
  hint,
})

function faultsOf(
  directed: readonly ConfigGroup[],
  tables: readonly ObservedFenceTable[],
  leaseFault: string | null,
): Trouble[] {
  const hint =
    leaseFault === null
      ? 'lvsm-lease puts it back within a second: look again; if it does not, look at its log and restart it'
      : 'start lvsm-lease: before anything else it builds the fence, closed; a clean stop takes the tables away together with the addresses'
  if (!tables.some(({ present }) => present)) {
    const message = `no fence stands: nothing in the kernel stops this node from answering for ${directed.map(({ name }) => name).join(', ')}`
    return [critical('no-fence', message, hint)]
  }
  return tables.flatMap((table) => {
    const guarded = directed.filter((group) => guardedBy(table, group).length > 0)
    if (guarded.length === 0) return []
    return table.present ? incomplete(guarded, table, hint) : [missingTable(table, hint)]
  })
}

/** ARP is about addresses of IPv4, and what stands in ip6 about the others. */
const guardedBy = ({ family }: ObservedFenceTable, { addresses }: ConfigGroup): string[] =>
  addresses
    .map(({ address }) => address)
    .filter(
      (address) => family === 'inet' || family === 'netdev' || (family === 'arp') === (familyOf(address) === 'ipv4'),
    )

/** Only the egress hook may be missing for good. */
const missingTable = ({ part, family }: ObservedFenceTable, hint: string): Trouble =>
  family === 'netdev'
    ? {
        code: 'no-fence-egress',
        severity: 'warning',
        message: `the table netdev ${MARKS.fenceTable} is missing: announcements of raw sockets are not guarded by the kernel`,
        hint: `kernels before 5.16 have no egress hook; on others ${hint}`,
      }
    : critical('no-fence-table', `the table ${family} ${MARKS.fenceTable} is missing: ${UNGUARDED[part]}`, hint)

const UNGUARDED: Readonly<Record<FencePartName, string>> = {
  announce: 'nothing stops this node from announcing addresses that are not its own',
  serve: 'nothing stops this node from serving addresses that are not its own',
}

function incomplete(directed: readonly ConfigGroup[], table: ObservedFenceTable, hint: string): Trouble[] {
  const name = `${table.family} ${MARKS.fenceTable}`
  const hooks = table.missingHooks.map((hook) =>
    critical('no-fence-hook', `the table ${name} has no chain ${hook}: what passes there is not guarded`, hint),
  )
  const groups = directed.flatMap((group): Trouble[] => {
    const found = table.groups.find((one) => one.name === group.name)
    if (!found?.whole)
      return [critical('no-fence-group', `the chain of group ${group.name} in ${name} is missing or incomplete`, hint)]
    const free = guardedBy(table, group).filter((address) => !found.addresses.includes(address))
    return free.map((address) =>
      critical('no-fence-address', `address ${address} of group ${group.name} is not guarded by ${name}`, hint),
    )
  })
  return [...hooks, ...groups]
}
