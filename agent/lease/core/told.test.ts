/** What a lease process tells of others that its own reconciler could not know: a rival's address, an agent that is gone, votes refused. */
import { expect, test } from 'vitest'
import { about, Bench, timing, trio, view as lone } from './fixture.ts'

const conflicts = (bench: Bench) =>
  bench.core
    .status(bench.now)
    .troubles.filter(({ code }) => code === 'address-conflict')
    .map(({ severity, object, message }) => ({ severity, object, message }))

test('who answers for an address of ours is a trouble while it is heard, and for half a minute after', () => {
  const bench = new Bench()
  bench.begin()
  expect(conflicts(bench)).toEqual([])
  bench.give({ kind: 'conflict', group: 'web', mac: '02:00:00:00:00:99', where: '10.11.0.10 on eth1' })
  expect(conflicts(bench)).toEqual([
    {
      severity: 'critical',
      object: 'group web',
      message: expect.stringMatching(/^02:00:00:00:00:99 answers for an address of web, .*\(10\.11\.0\.10 on eth1\)$/),
    },
  ])
  const past = () => bench.core.status(bench.now).troubles.find(({ code }) => code === 'address-conflict')?.pastMs
  bench.pass(11_900)
  expect(past(), 'asked for every five seconds, and one answer may be lost').toBeUndefined()
  bench.pass(200)
  expect(past()).toBe(10_000)
  bench.pass(17_800)
  expect(conflicts(bench)).toHaveLength(1)
  bench.pass(200)
  expect(conflicts(bench)).toEqual([])
})
test('who answers for one of many addresses, of which each is asked in its turn, is over when its turn passed twice', () => {
  const groups = ['web', 'mail'].map((name, at) => ({
    ...{ name, digest: 'd', directors: ['dir1'] },
    addresses: Array.from({ length: 12 }, (_, index) => ({
      ...{ address: `10.11.${at}.${index + 10}`, prefix: 24, ifindex: 2, kind: 'vip' as const },
    })),
  }))
  const bench = new Bench({ view: { ...lone, groups } })
  bench.begin()
  expect([bench.role('web'), bench.role('mail')]).toEqual(['owner', 'owner'])
  const at = () => bench.core.status(bench.now).troubles.find(({ code }) => code === 'address-conflict')
  bench.give({ kind: 'conflict', group: 'mail', mac: '02:00:00:00:00:99', where: '10.11.1.10 on eth1' })
  bench.pass(21_900)
  expect(at()?.pastMs, '24 addresses: every ten seconds').toBeUndefined()
  bench.pass(200)
  expect(at()?.pastMs).toBe(20_000)
  bench.pass(17_800)
  expect(at()).toBeDefined()
  bench.pass(200)
  expect(at()).toBeUndefined()
})
test('a standby that hears the owner announce hears nobody else', () => {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  expect(dir1.role()).not.toBe('owner')
  dir1.give({ kind: 'conflict', group: 'web', mac: '02:00:00:00:00:02' })
  expect(conflicts(dir1)).toEqual([])
})

test('that the agent is not there goes out with the heartbeats, and what a peer says of its own is shown, harmless', () => {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  dir1.give({ kind: 'agent', fault: 'x'.repeat(500) })
  dir1.sent.splice(0)
  dir1.pass(timing.keepaliveMs * 3)
  const said = dir1.sent.flatMap(({ message, piggybacked }) =>
    message.kind === 'heartbeat' ? message : (piggybacked ?? []),
  )
  expect(said.length).toBeGreaterThan(0)
  expect(said.map(({ agentless }) => agentless?.length)).toEqual(said.map(() => 120))

  const peer = () => dir1.core.status(dir1.now).peers.find(({ name }) => name === 'dir2')?.agentless
  dir1.heartbeat('dir2', [], { agentless: 'it does not start\u001b[2J' })
  expect(peer()).toMatch(/^it does not start.?\[2J$/)
  dir1.heartbeat('dir2', [], { agentless: `${';'.repeat(8000)}→x` })
  expect(peer(), 'whatever it says').toHaveLength(120)
  dir1.heartbeat('dir2', [])
  expect(peer()).toBeUndefined()
})

test.each([
  ['unknown-list', 'another list of its addresses there than dir1'],
  ['epoch', 'another epoch of the voters there than dir1'],
] as const)('voters that lend nothing for another reason than time hold nothing: %s', (reason, words) => {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  for (const end = dir1.now + 2000; dir1.now < end; ) {
    dir1.pass(5)
    for (const voter of ['dir2', 'rs1']) dir1.heartbeat(voter, [])
    for (const { sequence, to, message } of dir1.sent.splice(0))
      if (message.kind === 'poll' || message.kind === 'request')
        for (const voter of to.filter((name) => name !== 'dir1'))
          dir1.hear(voter, {
            kind: 'busy',
            ...about,
            epoch: message.epoch,
            echo: { incarnation: 'one', sequence },
            reason,
            leftMs: 0,
            highWater: 0,
          })
  }
  expect(dir1.why()).toBe(`nobody is known to hold web; no vote of dir2, rs1: ${words}`)
})
