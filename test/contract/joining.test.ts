/** A cluster from nothing: init on one machine, tokens, join on the others, and one command that changes them all. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../kit/eventually.ts'
import { endHome, ethernet, Machine, makeHome, says, SLOW_MS, tokenOf } from '../kit/machines.ts'

/** Of all of it: some thirty processes start, each in seconds there. */
const WHOLE_MS = 600_000

let home = ''
beforeEach(() => {
  home = makeHome('joining')
})
afterEach(() => endHome(home))

test('a cluster begins, machines join it, and one command changes them all', { timeout: WHOLE_MS }, async () => {
  const [dir1, dir2, rs1] = [
    new Machine(home, 'dir1', '10.10.0.1'),
    new Machine(home, 'dir2', '10.10.0.2'),
    new Machine(home, 'rs1', '10.10.0.3'),
  ]
  await ethernet(home, dir1, dir2, rs1)

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
  const nft = (words: string): void =>
    void execFileSync('nsenter', [`--net=/proc/${rs1.pid}/ns/net`, 'nft', ...words.split(' ')])
  nft('add table inet firewall')
  nft('add chain inet firewall input { type filter hook input priority 0 ; }')
  nft('add rule inet firewall input udp dport 6940 drop')
  const closed = await rs1.asked(...rs1.settingUp('join', realservers))
  expect(closed.out).toMatch(
    /a port is closed: UDP from 10\.10\.0\.[12] to 10\.10\.0\.3:6940: nothing arrived\n.*open it/,
  )
  expect([closed.code, existsSync(rs1.at('state'))]).toEqual([1, false])
  nft('delete table inet firewall')
  expect(await rs1.setUp('join', realservers)).toMatch(/rs1 is a node of cluster lab, at revision 3/)
  expect(existsSync(rs1.at('coordinator'))).toBe(false)
  const agents = [dir1, dir2, rs1].map((machine) => machine.start('lvsm-agent'))
  for (const agent of agents) await says(agent, /runs, revision 3/)

  // Where no coordinator is, the agent passes on what is asked, as far as its node's word is good.
  expect(await rs1.lvsm('config', 'history')).toMatch(/ 3 .*rs1 joined/)
  expect((await rs1.asked('token', 'create')).out).toMatch(/on rs1 is viewer, and this is for admins[^]*on a director/)

  const changed = await dir1.lvsm('node', 'set', 'rs1', 'coordinator=true', '--yes', '-m', 'may vote')
  expect(changed).toMatch(/revision 4/)
  expect(changed).toMatch(/all 3 nodes use it/)
  expect(await dir2.lvsm('config', 'history')).toMatch(/ 4 .*may vote[^]* 3 .*rs1 joined[^]* 2 .*dir2 joined/)

  // Who is removed is out at once, and a token that was used lets nobody in.
  await dir1.lvsm('node', 'remove', 'rs1', '--yes', '--no-wait')
  await says(agents[2] ?? expect.fail(), /does not know this node|no coordinator/i)
})
