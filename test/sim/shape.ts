/** What kind of cluster a seed lives in: nodes, voters, directors, groups and timing, drawn at random. */
import type { Random, Timing } from '@lvsm/base'
import type { LeaseGroup, LeaseView } from '@lvsm/lease'

export interface Shape {
  readonly nodes: readonly string[]
  readonly voters: readonly string[]
  /** The groups by revision of the configuration; an address may change its group. */
  readonly revisions: readonly (readonly LeaseGroup[])[]
  readonly timing: Timing
  readonly links: number
  /** Rates of the nodes' clocks, in their order; drawn at random when not given. */
  readonly rates?: readonly number[]
}

export const timingOf = (keepaliveMs: number, termMs: number): Timing => ({
  keepaliveMs,
  termMs,
  applyMs: Math.max(5, keepaliveMs / 4),
  warntimeMs: 3 * keepaliveMs,
  deadtimeMs: 10 * keepaliveMs,
  drainMs: 2 * keepaliveMs,
})
const TIMINGS = [
  timingOf(100, 350),
  timingOf(100, 350),
  timingOf(50, 250),
  timingOf(200, 1000),
  timingOf(1000, 5000),
  timingOf(4000, 30_000),
]

const group = (name: string, directors: readonly string[], addresses: readonly string[]): LeaseGroup => ({
  name,
  digest: `${name}-${addresses.join('-')}`,
  directors,
  addresses: addresses.map((address) => ({ address, prefix: 24, ifindex: 2, kind: 'vip' })),
})

/** The cluster of the lab: two directors, three voters. */
export const LAB_SHAPE: Shape = {
  nodes: ['dir1', 'dir2', 'rs1'],
  voters: ['dir1', 'dir2', 'rs1'],
  revisions: [[group('web', ['dir1', 'dir2'], ['10.11.0.10'])]],
  timing: timingOf(100, 350),
  links: 2,
}

export function shapeOf(random: Random): Shape {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)] as T
  const timing = pick(TIMINGS)
  const links = pick([1, 1, 2])
  if (random.next() < 0.6) return { ...LAB_SHAPE, timing, links }
  const nodes = ['dir1', 'dir2', 'dir3', 'rs1', 'rs2']
  const voters = pick([nodes, ['dir1', 'dir2', 'rs1'], ['dir1', 'rs1', 'rs2']])
  const web = (...addresses: string[]): LeaseGroup => group('web', ['dir1', 'dir2', 'dir3'], addresses)
  const mail = (...addresses: string[]): LeaseGroup => group('mail', ['dir2', 'dir1'], addresses)
  const revisions =
    random.next() < 0.4
      ? [[web('10.11.0.10', '10.12.0.254')]]
      : [
          [web('10.11.0.10', '10.11.0.11'), mail('10.11.0.12')],
          [web('10.11.0.10'), mail('10.11.0.11', '10.11.0.12')],
          [web('10.11.0.11')],
        ]
  return { nodes, voters, revisions, timing, links }
}

/** Every address of every revision. */
export const addressesOf = ({ revisions }: Shape): string[] => [
  ...new Set(revisions.flatMap((groups) => groups.flatMap(({ addresses }) => addresses.map(({ address }) => address)))),
]

export const viewOf = (shape: Shape, node: string, revision: number): LeaseView => ({
  cluster: 'sim',
  node,
  epoch: 1,
  revision: revision + 1,
  timing: shape.timing,
  nodes: shape.nodes.map((name) => ({ name, links: [], voter: shape.voters.includes(name) })),
  groups: shape.revisions[revision] ?? [],
  keys: [],
  signWith: 1,
})
