/** What an owner survives without losing its lease or a moment of service: one fault at a time that is not the owner's own. */
import { seededRandom } from '@lvsm/base'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { begin, type Plot } from '../plot.ts'
import { FAST, plainShape, type Shape, WAN } from '../shape.ts'

interface Trial {
  readonly shape?: (shape: Shape) => Shape
  readonly strike: (cluster: Cluster, owner: Machine, others: readonly Machine[]) => void
}

const LASTS_KEEPALIVES = 60
/** In a life with loss each keepalive is a new chance. */
const LOSS = 0.1
const twoLinks = (shape: Shape): Shape => ({ ...shape, links: 2 })
const voters = (cluster: Cluster, machines: readonly Machine[]): Machine[] =>
  machines.filter(({ name }) => cluster.present.voters.includes(name))
const forEach = (machines: readonly Machine[], run: (machine: Machine) => void): void => machines.forEach(run)

const TRIALS: Readonly<Record<string, Trial>> = {
  'ten per cent loss': { strike: (cluster) => void cluster.network.storm({ loss: LOSS }) },
  'one dead link of two': {
    shape: twoLinks,
    strike(cluster) {
      const dead = cluster.random.next() < 0.5 ? 0 : 1
      void cluster.network.cut(({ link }) => link === dead)
    },
  },
  'a link that is dead one way': {
    shape: twoLinks,
    strike: (cluster, { label }) => void cluster.network.cut(({ from, link }) => from === label && link === 0),
  },
  'a slow second link': {
    shape: twoLinks,
    strike: (cluster) => void cluster.network.lag(({ link }) => link === 1, cluster.present.timing.keepaliveMs / 5),
  },
  'a voter without power': { strike: (cluster, _owner, others) => cluster.pick(voters(cluster, others)).cutPower() },
  'a frozen voter': {
    strike: (cluster, _owner, others) => cluster.pick(voters(cluster, others)).process?.freeze(1e9),
  },
  'a voter that starts again and again': {
    strike(cluster, _owner, others) {
      const voter = cluster.pick(voters(cluster, others))
      const again = (): void => {
        voter.kill()
        voter.start()
        cluster.schedule.in(3 * cluster.present.timing.keepaliveMs, again)
      }
      again()
    },
  },
  'an isolated voter': {
    strike(cluster, _owner, others) {
      const { label } = cluster.pick(voters(cluster, others))
      void cluster.network.cut(({ from, to }) => from === label || to === label)
    },
  },
  /** What the voters say reaches it as if their votes were free at once: it asks and asks, and is refused. */
  'a candidate that asks out of turn': {
    shape: (drawn) => {
      const [first, ...rest] = drawn.revisions
      const voters = ['rs1', 'rs2', 'rs3']
      return {
        ...drawn,
        nodes: [...drawn.nodes.filter((name) => !voters.includes(name)), ...voters],
        revisions: [{ ...first, voters }, ...rest],
      }
    },
    strike(cluster, _owner, [candidate]) {
      cluster.network.taps.push(({ to }, envelope) => {
        const { message } = envelope
        const eager = to === candidate?.label && message.kind === 'busy'
        return eager ? { ...envelope, message: { ...message, leftMs: 0 } } : envelope
      })
    },
  },
  'voters that lend for a shorter time': {
    shape: (drawn) => {
      const [first] = drawn.revisions
      return {
        ...drawn,
        revisions: [
          { ...first, timing: WAN },
          { ...first, timing: FAST },
        ],
      }
    },
    strike: (_cluster, _owner, others) => forEach(others, (machine) => machine.adopt(1)),
  },
  'disks that are full': {
    strike: (cluster) =>
      forEach(cluster.machines, ({ disk }) => {
        disk.faults.full = true
      }),
  },
  'agents that are silent': {
    strike: (cluster) =>
      forEach(cluster.machines, (machine) => {
        machine.sayReady = () => undefined
      }),
  },
  'an equal peer': { strike: (_cluster, _owner, others) => forEach(others, (machine) => machine.sayReady()) },
}

const plot = (name: string, { shape = (drawn) => drawn, strike }: Trial): Plot => ({
  name: `steadfast with ${name}`,
  shape(random) {
    const five = random.next() < 0.5
    const drawn = plainShape(random, { directors: five ? 3 : 2, others: five ? 2 : 1 })
    return shape(drawn)
  },
  play(cluster) {
    const asleep = begin(cluster)
    if (asleep !== null) return asleep
    const { leaseMs, keepaliveMs } = cluster.present.timing
    cluster.run(2 * leaseMs + seededRandom(cluster.seed).next() * keepaliveMs)
    const [group] = cluster.groups
    const owner = group && cluster.ownerOf(group)
    if (!group || !owner) return 'nobody answers before anything happened'
    cluster.note(name)
    strike(
      cluster,
      owner,
      cluster.machines.filter((machine) => machine !== owner),
    )
    const lost = (): boolean => cluster.ownerOf(group) !== owner
    const ended = cluster.runUntil(lost, LASTS_KEEPALIVES * keepaliveMs, keepaliveMs / 10)
    return ended ? `${name}: ${owner.label} answers no more` : null
  },
})

export const STEADFAST: readonly Plot[] = Object.entries(TRIALS).map(([name, trial]) => plot(name, trial))
