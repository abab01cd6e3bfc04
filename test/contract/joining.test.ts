/** A cluster from nothing: init on one machine, tokens, join on the others, and one command that changes them all. */
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../kit/eventually.ts'
import { beginHome, endHome, ethernet, Machine, says, SLOW_MS, tokenOf } from './machines.ts'

beforeEach(beginHome)
afterEach(endHome)

test('a cluster begins, machines join it, and one command changes them all', async () => {
  const [dir1, dir2, rs1] = [
    new Machine('dir1', '10.10.0.1'),
    new Machine('dir2', '10.10.0.2'),
    new Machine('rs1', '10.10.0.3'),
  ]
  await ethernet(dir1, dir2, rs1)

  expect(await dir1.setUp('init', '--cluster', 'lab')).toMatch(/cluster lab begins here, on dir1/)
  const first = dir1.coordinate()
  await says(first, /leads the coordinators/)
  const directors = tokenOf(await dir1.lvsm('token', 'create', '--role', 'director'))
  const second = (await dir2.setUp('join', directors, '--role', 'director')).trim()
  expect(second).toMatch(/dir2 is a node of cluster lab, at revision 2\n[^]*dir2 is one of the coordinators/)
  const other = dir2.coordinate()
  await says(other, /follows coordinator 1/)
  await eventually(async () => expect(await dir2.lvsm('coordinators')).toMatch(/dir2 .*learner/), SLOW_MS)

  // Asked of the second: it has the authority's key too.
  const realservers = tokenOf(await dir2.lvsm('token', 'create', '--role', 'realserver'))
  expect(await rs1.setUp('join', realservers)).toMatch(/rs1 is a node of cluster lab, at revision 3/)
  expect(existsSync(rs1.at('coordinator'))).toBe(false)
  const agents = [dir1, dir2, rs1].map((machine) => machine.act())
  for (const agent of agents) await says(agent, /runs, revision 3/)

  const changed = await dir1.lvsm('node', 'set', 'rs1', 'coordinator=true', '--yes', '-m', 'may vote')
  expect(changed).toMatch(/revision 4/)
  expect(changed).toMatch(/all 3 nodes use it/)
  expect(await dir2.lvsm('config', 'history')).toMatch(/ 4 .*may vote[^]* 3 .*rs1 joined[^]* 2 .*dir2 joined/)

  // Who is removed is out at once, and a token that was used lets nobody in.
  await dir1.lvsm('node', 'remove', 'rs1', '--yes', '--no-wait')
  await says(agents[2] ?? expect.fail(), /does not know this node|no coordinator/i)
})
