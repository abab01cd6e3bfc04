/**
 * Why a life failed, on one screen: what kind of cluster it is, what ailed it lately, what each node believes and what its
 * kernel does, whom each voter lent its votes, and the last events. Times are true milliseconds from the moment of failure.
 */
import { DRIFT } from '@lvsm/base'
import { plain } from '../kit/tables.ts'
import type { Cluster } from './cluster.ts'
import type { Machine } from './machine.ts'

const EVENTS = 25
const AILMENTS = 8
const NODES = 9
const GROUPS = 3
/** Afflictions that ended before this many leases explain nothing any more. */
const RECENT_LEASES = 3

export function tellWhy(cluster: Cluster, plot: string, failure: string): string {
  const groups = groupsOfInterest(cluster, failure)
  const nodes = nodesOfInterest(cluster, groups)
  const { leaseMs } = cluster.present.timing
  return [
    `${failure}`,
    `  ${plot}, seed ${cluster.seed}, at ${cluster.schedule.now.toFixed(1)} ms; ${shapeOf(cluster)}`,
    ...section('ailments', cluster.afflictions.tell(RECENT_LEASES * leaseMs).slice(-AILMENTS)),
    ...section(
      'nodes (a: answers ARP until, s: serves until; ms from now)',
      nodes.map((machine) => nodeLine(cluster, machine, groups)),
    ),
    ...section(
      'votes',
      nodes
        .filter(({ name }) => cluster.present.voters.includes(name))
        .map((machine) => voteLine(cluster, machine, groups)),
    ),
    ...section('last events', cluster.history.slice(-EVENTS)),
    `  replay: npm run soak -- --plot '${plot}' --from ${cluster.seed} --seeds 1 --history`,
  ].join('\n')
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    ${line}`)]

function shapeOf({ shape, present, machines, revision }: Cluster): string {
  const { keepaliveMs, leaseMs, drainMs } = present.timing
  const drifts = machines.map(({ clock }) => Math.round(((clock.rate - 1) / DRIFT) * 100))
  return [
    `${shape.name}: ${machines.length} nodes, voters ${present.voters.join(' ')}`,
    `keepalive ${keepaliveMs}, lease ${leaseMs}, drain ${drainMs} ms`,
    `${shape.links} link${shape.links > 1 ? 's' : ''}, ${shape.egress ? '' : 'no '}egress hook`,
    `revision ${revision + 1} of ${shape.revisions.length}`,
    `clocks at ${drifts.join(' ')} % of the bound`,
  ].join('; ')
}

/** Those that the failure is about; else the first ones. */
function groupsOfInterest(cluster: Cluster, failure: string): readonly string[] {
  const words = new Set(failure.split(/[\s,;:]+/))
  const all = cluster.shape.revisions.flatMap(({ groups }) => groups)
  const named = all.filter(
    ({ name, addresses }) => words.has(name) || addresses.some(({ address }) => words.has(plain(address))),
  )
  return [...new Set((named.length > 0 ? named : all).map(({ name }) => name))].slice(0, GROUPS)
}
function nodesOfInterest(cluster: Cluster, groups: readonly string[]): readonly Machine[] {
  const directs = ({ name }: Machine): boolean =>
    cluster.present.groups.some((group) => groups.includes(group.name) && group.directors.includes(name))
  const votes = ({ name }: Machine): boolean => cluster.present.voters.includes(name)
  const rank = (machine: Machine): number => Number(directs(machine)) * 2 + Number(votes(machine))
  return cluster.machines.toSorted((a, b) => rank(b) - rank(a)).slice(0, NODES)
}

const from = (cluster: Cluster, at: number): string => {
  const ms = at - cluster.schedule.now
  if (!Number.isFinite(ms)) return ms > 0 ? 'for ever' : 'no'
  return ms < -99_999 ? 'long ago' : `${ms >= 0 ? '+' : ''}${ms.toFixed(1)}`
}

function nodeLine(cluster: Cluster, machine: Machine, groups: readonly string[]): string {
  const { label, process, clock, kernel } = machine
  const status = process?.core.status(clock.read(cluster.schedule.now))
  const parts = groups.map((group) => {
    const role = status?.groups.find(({ name }) => name === group)?.role ?? 'none'
    const belief = process?.core.localLeases().find((one) => one.group.name === group)
    const until = belief ? clock.trueAt(belief.until) : Number.NEGATIVE_INFINITY
    const [announce, serve] = [kernel.now.endOf(group, 'announce'), kernel.now.endOf(group, 'serve')]
    return [
      `${group}: ${role}, believes ${from(cluster, until)} (ever ${from(cluster, cluster.law.endOf(label, group))})`,
      `fence a ${from(cluster, announce)} s ${from(cluster, serve)}`,
    ].join(', ')
  })
  const on = kernel.now.addresses().map((address) => {
    const guard = kernel.now.groupOf(address) ?? 'unguarded'
    return `${address} (${guard}) ${from(cluster, kernel.now.offAt(address))}`
  })
  const held =
    process && process.heldUntil > cluster.schedule.now ? ` held up until ${from(cluster, process.heldUntil)}` : ''
  return `${label} ${process ? 'runs' : 'is off'}${held}, revision ${machine.revision + 1} | ${parts.join(' | ')} | on: ${on.join(', ') || 'nothing'}`
}

function voteLine(cluster: Cluster, { label, process, clock, disk }: Machine, groups: readonly string[]): string {
  const kept = disk.state ? `lent at most ${disk.state.limitMs} ms by its disk` : 'no disk'
  if (!process) return `${label}: off, ${kept}`
  const quarantineMs = process.core.status(clock.read(cluster.schedule.now)).quarantineMs
  const wanted = new Set(
    cluster.shape.revisions
      .flatMap((revision) => revision.groups)
      .filter(({ name }) => groups.includes(name))
      .flatMap(({ addresses }) => addresses.map(({ address }) => plain(address))),
  )
  const votes = process.core
    .votes()
    .filter(([address]) => wanted.has(plain(address)))
    .map(([address, grant]) =>
      grant
        ? `${address} to ${grant.incarnation} until ${from(cluster, clock.trueAt(grant.until))} (lease ${grant.number})`
        : `${address} to nobody`,
    )
  return `${label}: ${quarantineMs > 0 ? `silent for ${quarantineMs.toFixed(0)} ms, ` : ''}${kept} | ${votes.join(', ') || 'no votes'}`
}
