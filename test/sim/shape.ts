/** What kind of cluster a seed lives in: nodes, voters, directors, groups, timing and links, drawn at random. */
import { type LeaseAddress, type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import type { Random, Timing } from '@lvsm/base'
import { plain } from '../kit/tables.ts'
import type { Draft } from './nodes/draft.ts'

/** One revision of the configuration; it reaches the nodes one by one. */
export interface Revision {
  readonly groups: readonly LeaseGroup[]
  readonly voters: readonly string[]
  readonly timing: Timing
}
export interface Shape {
  /** One word for reports. */
  readonly name: string
  readonly nodes: readonly string[]
  /** An address may change its group, the lease duration may change. */
  readonly revisions: readonly [Revision, ...Revision[]]
  readonly links: number
  /** Kernels have the egress hook (5.16). */
  readonly egress: boolean
  /** Rates of the nodes' clocks, in their order; drawn at random where not given. */
  readonly rates?: readonly number[]
  /** Configurations of whole nodes, one for each revision (`nodes/`). */
  readonly drafts?: readonly Draft[]
}

export const timingOf = (keepaliveMs: number, leaseMs: number): Timing => ({
  keepaliveMs,
  leaseMs,
  applyMs: Math.max(5, keepaliveMs / 4),
  warntimeMs: 3 * keepaliveMs,
  deadtimeMs: 10 * keepaliveMs,
  drainMs: 2 * keepaliveMs,
})
export const FAST = timingOf(100, 350)
export const WAN = timingOf(1000, 5000)
export const LONGEST = timingOf(4000, 30_000)
/** The first one more often: there is the least room. */
export const TIMINGS = [FAST, FAST, timingOf(50, 250), timingOf(200, 1000), WAN, LONGEST] as const

export const addressOf = (address: string, kind: LeaseAddress['kind'] = 'vip'): LeaseAddress => ({
  address,
  prefix: 24,
  ifindex: 2,
  kind,
})
export const groupOf = (
  name: string,
  directors: readonly string[],
  addresses: readonly (string | LeaseAddress)[],
): LeaseGroup => {
  const found = addresses.map((one) => (typeof one === 'string' ? addressOf(one) : one))
  return { name, digest: `${name}-${found.map(({ address }) => address).join('-')}`, directors, addresses: found }
}
const GATEWAY = addressOf('10.12.0.254', 'gateway')

const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}${at + 1}`)

/** The cluster of the lab: two directors, three voters. */
export const LAB_NODES = ['dir1', 'dir2', 'rs1'] as const
export const LAB_GROUPS = [groupOf('web', ['dir1', 'dir2'], ['10.11.0.10'])] as const
export const LAB_SHAPE: Shape = {
  name: 'lab',
  nodes: LAB_NODES,
  revisions: [{ groups: LAB_GROUPS, voters: LAB_NODES, timing: FAST }],
  links: 2,
  egress: true,
}

type Choose = <T>(list: readonly T[]) => T
interface Sketch {
  readonly name: string
  readonly nodes: readonly string[]
  readonly voters: readonly string[]
  readonly groups: readonly (readonly LeaseGroup[])[]
}

/** Directors that have two groups between them, whose addresses change their groups. */
const moving = (first: readonly string[], second: readonly string[]): (readonly LeaseGroup[])[] => {
  const web = (...addresses: string[]): LeaseGroup => groupOf('web', first, addresses)
  const mail = (...addresses: string[]): LeaseGroup => groupOf('mail', second, addresses)
  return [
    [web('10.11.0.10', '10.11.0.11'), mail('10.11.0.12')],
    [web('10.11.0.10'), mail('10.11.0.11', '10.11.0.12')],
    // The same in its other spelling.
    [web('::ffff:10.11.0.10'), mail('10.11.0.11', '10.11.0.12')],
    [web('10.11.0.11')],
  ]
}
const behindGateway = (directors: readonly string[]): readonly LeaseGroup[] => [
  groupOf('web', directors, ['10.11.0.10', GATEWAY]),
]
const MANY = 40
const manyGroups = (directors: readonly string[]): readonly LeaseGroup[] =>
  Array.from({ length: MANY }, (_, at) =>
    groupOf(`service-${at}`, at % 2 === 0 ? directors : directors.toReversed(), [`10.11.1.${at}`]),
  )

function nodesOf(directors: number, others: number): { nodes: string[]; dirs: string[]; rest: string[] } {
  const [dirs, rest] = [numbered('dir', directors), numbered('rs', others)]
  return { nodes: [...dirs, ...rest], dirs, rest }
}

function lab(pick: Choose): Sketch {
  const groups = pick([
    [LAB_GROUPS],
    [LAB_GROUPS],
    [behindGateway(['dir1', 'dir2'])],
    moving(['dir1', 'dir2'], ['dir2', 'dir1']),
  ])
  return { name: 'lab', nodes: LAB_NODES, voters: LAB_NODES, groups }
}
function alone(): Sketch {
  return { name: 'alone', nodes: ['dir1'], voters: ['dir1'], groups: [[groupOf('web', ['dir1'], ['10.11.0.10'])]] }
}
function oneVoter(pick: Choose): Sketch {
  return { name: 'one voter', nodes: LAB_NODES, voters: [pick(LAB_NODES)], groups: [LAB_GROUPS] }
}
function even(pick: Choose): Sketch {
  const { nodes, dirs } = nodesOf(2, 2)
  return { name: 'even', nodes, voters: pick([nodes, dirs]), groups: [behindGateway(dirs)] }
}
function five(pick: Choose): Sketch {
  const { nodes, dirs } = nodesOf(3, 2)
  const groups = pick([[behindGateway(dirs)], moving(dirs, ['dir2', 'dir1']), moving(dirs, ['dir2', 'dir1'])])
  return { name: 'five', nodes, voters: pick([nodes, ['dir1', 'dir2', 'rs1'], ['dir1', 'rs1', 'rs2']]), groups }
}
function seven(pick: Choose): Sketch {
  const { nodes, dirs, rest } = nodesOf(3, 4)
  const voters = pick([nodes, [...rest, 'dir1'], ['rs1', 'rs2', 'rs3']])
  return { name: 'seven', nodes, voters, groups: pick([[behindGateway(dirs)], moving(dirs, dirs)]) }
}
function many(): Sketch {
  return { name: 'many groups', nodes: LAB_NODES, voters: LAB_NODES, groups: [manyGroups(['dir1', 'dir2'])] }
}
function large(pick: Choose): Sketch {
  const { nodes, dirs, rest } = nodesOf(3, 22)
  const voters = pick([
    [...dirs, ...rest.slice(0, 4)],
    ['dir1', 'dir2', 'rs1'],
  ])
  return { name: 'large', nodes, voters, groups: [[groupOf('web', dirs, ['10.11.0.10'])]] }
}

/** By how often each is drawn, of a thousand; the large ones cost the most. */
const SKETCHES: readonly (readonly [number, (pick: Choose) => Sketch])[] = [
  [490, lab],
  [240, five],
  [80, seven],
  [70, oneVoter],
  [60, even],
  [40, alone],
  [8, many],
  [12, large],
]

function sketch(random: Random, pick: Choose): Sketch {
  let drawn = random.next() * SKETCHES.reduce((sum, [often]) => sum + often, 0)
  for (const [often, draft] of SKETCHES) {
    drawn -= often
    if (drawn < 0) return draft(pick)
  }
  return lab(pick)
}

export function shapeOf(random: Random): Shape {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T
  const timing = pick(TIMINGS)
  const { name, nodes, voters, groups } = sketch(random, pick)
  const other = random.next() < 0.25 ? pick(TIMINGS) : timing
  const revisions = groups.map((one) => ({ groups: one, voters, timing }))
  if (other !== timing) revisions.push({ groups: groups[0] ?? [], voters, timing: other })
  const [first = revisions[0], ...rest] = revisions
  if (!first) throw new Error('a shape has a revision')
  return { name, nodes, revisions: [first, ...rest], links: pick([1, 1, 2, 2, 3]), egress: random.next() < 0.8 }
}

/** The same with many groups. */
export const withMany = (shape: Shape, count: number): Shape => {
  const [first] = shape.revisions
  const directors = first.groups[0]?.directors ?? []
  const groups = Array.from({ length: count }, (_, at) => groupOf(`service-${at}`, directors, [`10.11.1.${at}`]))
  return { ...shape, name: `${count} groups`, revisions: [{ ...first, groups }] }
}

/** A few directors and other nodes with one group, for plots that ask how long something takes. */
export function plainShape(
  random: Random,
  { directors, others, voters }: { directors: number; others: number; voters?: readonly string[] },
): Shape {
  const { nodes, dirs } = nodesOf(directors, others)
  const timing = TIMINGS[Math.floor(random.next() * TIMINGS.length)] ?? FAST
  return {
    name: `${directors} directors`,
    nodes,
    revisions: [{ groups: behindGateway(dirs), voters: voters ?? nodes, timing }],
    links: random.next() < 0.5 ? 1 : 2,
    egress: random.next() < 0.8,
  }
}

const addressesIn = ({ revisions }: Shape): readonly LeaseAddress[] =>
  revisions.flatMap(({ groups }) => groups.flatMap(({ addresses }) => addresses))
/** Every address of every revision. */
export const addressesOf = (shape: Shape): string[] => [
  ...new Set(addressesIn(shape).map(({ address }) => plain(address))),
]
export const gatewaysOf = (shape: Shape): ReadonlySet<string> =>
  new Set(addressesIn(shape).flatMap(({ kind, address }) => (kind === 'gateway' ? [plain(address)] : [])))
export const groupNamesOf = ({ revisions }: Shape): readonly string[] => [
  ...new Set(revisions.flatMap(({ groups }) => groups.map(({ name }) => name))),
]

export const viewOf = (shape: Shape, node: string, at: number): LeaseView => {
  const { groups, voters, timing } = shape.revisions[at] ?? shape.revisions[0]
  return {
    cluster: 'sim',
    node,
    epoch: 1,
    revision: at + 1,
    timing,
    nodes: shape.nodes.map((name) => ({ name, links: [], voter: voters.includes(name) })),
    groups,
    keys: [],
    signWith: 1,
  }
}
