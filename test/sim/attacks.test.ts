/** Lives that were once lost: ways to an address that nobody keeps, though somebody could. */
import { describe, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'
import type { Machine } from './machine.ts'
import { HONEST } from './plant.ts'
import { FAST, groupOf, LAB_GROUPS, LAB_NODES, type Shape, WAN } from './shape.ts'

const LAB: Shape = {
  name: 'lab',
  nodes: LAB_NODES,
  revisions: [{ groups: LAB_GROUPS, voters: LAB_NODES, timing: FAST }],
  links: 1,
  egress: true,
}
const shapeOf = (nodes: readonly string[], directors: readonly string[], voters: readonly string[]): Shape => ({
  name: directors.join(' '),
  nodes,
  revisions: [{ groups: [groupOf('web', directors, ['10.11.0.10'])], voters, timing: FAST }],
  links: 1,
  egress: true,
})

interface Stage {
  readonly cluster: Cluster
  readonly owner: Machine
  /** The other directors, the next one first. */
  readonly others: readonly Machine[]
  /** Milliseconds of the next `ms` in which nobody had the group. */
  silentMs(ms: number): number
  took(): number
}

function begin(shape: Shape, seed: number): Stage {
  const cluster = new Cluster(seed, shape, HONEST)
  const [group] = shape.revisions[0]?.groups ?? []
  if (!group) throw new Error('a shape has a group')
  for (const machine of cluster.machines) machine.start('sound')
  cluster.run(3000)
  const owner = cluster.ownerOf(group)
  if (!owner) throw new Error('nobody took the group')
  const others = cluster.machines.filter(({ label }) => label.startsWith('dir') && label !== owner.label)
  const STEP_MS = 10
  return {
    cluster,
    owner,
    others,
    silentMs(ms) {
      let silent = 0
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        cluster.run(STEP_MS)
        if (!cluster.ownerOf(group)) silent += STEP_MS
      }
      return silent
    },
    took: () => cluster.events.filter(({ event }) => event.kind === 'took').length,
  }
}

function machineOf(cluster: Cluster, name: string): Machine {
  const machine = cluster.machine(name)
  if (!machine) throw new Error(`no ${name}`)
  return machine
}

const isOwner =
  ({ schedule }: Cluster) =>
  ({ process, clock }: Machine): boolean =>
    process?.core.status(clock.read(schedule.now)).groups[0]?.role === 'owner'

/** One of the calls that this machine's kernel takes is refused from now on. */
function refuse(machine: Machine, what: 'add' | 'remove', error: string): void {
  const { kernel } = machine
  const call = kernel.call.bind(kernel)
  kernel.call = (line, about, change) =>
    call(line, about, (tables, at) =>
      change(
        new Proxy(tables, {
          get(target, name) {
            if (name === what) return () => error
            const value: unknown = Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        }),
        at,
      ),
    )
}

describe('somebody keeps the group', () => {
  test.each([
    ['a disk is full', ({ disk }: Machine) => void (disk.faults.full = true)],
    ['a voter has the old file', () => undefined],
  ])('when its owner dies after the lease duration grew, while %s', (what, spoil) => {
    const shape: Shape = {
      ...LAB,
      revisions: [...LAB.revisions, { ...LAB.revisions[0], timing: WAN }] as Shape['revisions'],
    }
    const { cluster, owner, others, silentMs } = begin(shape, 7)
    const rs1 = machineOf(cluster, 'rs1')
    spoil(rs1)
    cluster.revision = 1
    for (const machine of cluster.machines) if (what === 'a disk is full' || machine !== rs1) machine.adopt(1)
    cluster.run(30_000)
    ;(cluster.ownerOf(LAB_GROUPS[0] as (typeof LAB_GROUPS)[0]) ?? owner).cutPower()
    cluster.run(20_000)
    expect(silentMs(5000)).toBe(0)
    expect(others.length).toBeGreaterThan(0)
  })

  test('and it does not go to and fro where the better peer cannot take it', () => {
    const { owner, others, silentMs, took } = begin(LAB, 3)
    for (const other of others) refuse(other, 'add', 'EPERM')
    owner.reaches = 1
    owner.sayReady()
    const before = took()
    silentMs(120_000)
    expect(took() - before).toBeLessThan(2 * 7)
    expect(silentMs(60_000)).toBeLessThan(1000)
  })

  test.each(['reaches fewer ping nodes', 'is set to standby'])(
    'when its owner %s beside a peer that hears no voters',
    (how) => {
      const { cluster, owner, others, silentMs } = begin(
        shapeOf(['dir1', 'dir2', 'rs1', 'rs2', 'rs3'], ['dir1', 'dir2'], ['rs1', 'rs2', 'rs3']),
        3,
      )
      const names = others.map(({ label }) => label)
      cluster.network.cut(
        ({ from, to }) =>
          (names.includes(from) && to.startsWith('rs')) || (names.includes(to) && from.startsWith('rs')),
      )
      cluster.run(3000)
      if (how === 'is set to standby') owner.put({ kind: 'standby', on: true, reason: 'asked to' })
      else {
        owner.reaches = 1
        owner.sayReady()
      }
      expect(silentMs(60_000)).toBe(0)
    },
  )

  test.each(['has no IPVS', 'is set to standby'])(
    'by a third director, when the owner %s and the second cannot close',
    (how) => {
      const { cluster, owner, others, silentMs } = begin(
        shapeOf(
          ['dir1', 'dir2', 'dir3', 'rs1', 'rs2'],
          ['dir1', 'dir2', 'dir3'],
          ['dir1', 'dir2', 'dir3', 'rs1', 'rs2'],
        ),
        5,
      )
      const [second] = others
      second?.kill()
      if (second) refuse(second, 'remove', 'EBUSY')
      second?.start('sound')
      cluster.run(3000)
      if (how === 'is set to standby') owner.put({ kind: 'standby', on: true, reason: 'asked to' })
      else {
        owner.ready = false
        owner.sayReady()
      }
      silentMs(30_000)
      const now = cluster.machines.find(isOwner(cluster))
      expect(now?.label).toBe(others[1]?.label)
    },
  )
})
