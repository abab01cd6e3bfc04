/**
 * The lease's voters grow behind the nodes that join, one by one, and shrink before one is removed. Groups need IPVS, which the kernel
 * here may lack: that nobody loses a lease by it is asked in `test/sim/plots/epochs`.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../kit/eventually.ts'
import { endHome, ethernet, Machine, makeHome, says, SLOW_MS, tokenOf } from '../kit/machines.ts'

let home = ''
beforeEach(() => {
  home = makeHome('voters')
})
afterEach(() => endHome(home))

/** The longest lease of any cluster runs out between two steps. */
const STEP_MS = 31_000 + SLOW_MS

interface Seen {
  readonly epoch: number
  readonly voters: string[]
  /** A majority of these is heard. */
  readonly quorum: boolean
}
async function seenBy(machine: Machine): Promise<Seen> {
  const { epoch, nodes, quorum } = JSON.parse((await machine.asked('status', '-o', 'json')).out)
  const voters = nodes.filter(({ voter }: { voter: boolean }) => voter).map(({ name }: { name: string }) => name)
  return { epoch, voters, quorum }
}
const reach = (machines: readonly Machine[], epoch: number, voters: string[]): Promise<void> =>
  eventually(async () => {
    for (const one of await Promise.all(machines.map(seenBy)))
      expect(one).toMatchObject({ epoch, voters, quorum: true })
  }, STEP_MS)

test('one voter becomes three, and one of them goes', { timeout: 900_000 }, async () => {
  const [dir1, dir2, rs1] = [
    new Machine(home, 'dir1', '10.10.0.1'),
    new Machine(home, 'dir2', '10.10.0.2'),
    new Machine(home, 'rs1', '10.10.0.3'),
  ]
  await ethernet(home, dir1, dir2, rs1)
  const run = (machine: Machine): void => {
    machine.start('lvsm-lease')
    machine.start('lvsm-agent')
  }
  await dir1.setUp('init', '--cluster', 'lab')
  await says(dir1.coordinate(), /leads the coordinators/)
  run(dir1)
  await reach([dir1], 1, ['dir1'])

  const directors = tokenOf(await dir1.lvsm('token', 'create', '--role', 'director'))
  await dir2.setUp('join', directors, '--role', 'director')
  dir2.coordinate()
  run(dir2)
  // It is there before it joins: its vote may have been lent under that name, so that it is silent, and asks for proof of the epoch.
  const links = 'links=[{name: heartbeat, address: 10.10.0.3}]'
  await dir1.lvsm('node', 'add', 'rs1', 'roles=realserver', 'coordinator=true', links, '--yes', '--no-wait')
  const realservers = tokenOf(await dir1.lvsm('token', 'create', '--role', 'realserver'))
  await rs1.setUp('join', realservers)
  rs1.coordinate()
  run(rs1)

  const all = [dir1, dir2, rs1]
  await reach(all, 2, ['dir1', 'dir2'])
  await reach(all, 3, ['dir1', 'dir2', 'rs1'])
  expect(await rs1.lvsm('status')).toMatch(/epoch 3/)

  // The vote goes first, in an epoch of its own, and not before the last step has settled.
  const gone = () => dir2.asked('node', 'set', 'rs1', 'voter=false', '--yes', '--no-wait')
  expect((await gone()).out).toMatch(/one voter at a time/)
  expect((await dir1.asked('node', 'remove', 'rs1', '--yes')).out).toMatch(/lvsm node set NAME voter=false/)
  await eventually(async () => expect(await gone()).toMatchObject({ code: 0 }), STEP_MS)
  await reach(all, 4, ['dir1', 'dir2'])
  expect((await dir1.asked('node', 'remove', 'rs1', '--yes')).out).toMatch(/lvsm coordinators remove rs1/)
  await dir1.lvsm('coordinators', 'remove', 'rs1', '--yes')
  await dir1.lvsm('node', 'remove', 'rs1', '--yes', '--no-wait')
  await eventually(async () => expect((await dir1.lvsm('status')).includes('rs1')).toBe(false), SLOW_MS)
  await reach([dir1, dir2], 4, ['dir1', 'dir2'])
})
