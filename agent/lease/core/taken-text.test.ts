/** What operators are told when a group was taken, or its fence was gone: why, as far as this node knows. */
import { expect, test } from 'vitest'
import { about, Bench, claim, trio } from './fixture.ts'

const taken = (bench: Bench): string | undefined => bench.told.findLast(({ kind }) => kind === 'took')?.reason

test('of a group that nobody held it says so', () => {
  const bench = new Bench()
  bench.begin()
  expect(taken(bench)).toBe('nobody was known to hold it')
})

test('of one that is opened again under its lease, and why its fence was gone', () => {
  const bench = new Bench()
  bench.begin()
  const number = bench.core.status(bench.now).groups[0]?.number
  bench.refuses = (effect) => effect.kind === 'fence-tables'
  bench.give({ kind: 'fence-lost' })
  expect(taken(bench)).toBe(`dir1 opened it again under lease ${number}, which it had kept`)
  expect(bench.told.find(({ kind }) => kind === 'note')?.reason).toMatch(
    /^its fence was gone: somebody removed it, as nft flush ruleset .* does, or it ran out .*; closing it and opening again$/,
  )
})

test('of one whose owner fell silent it names the lease that ran out, and when that one was heard', () => {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  dir1.live(300, [], () => dir1.heartbeat('dir2', [claim({ holds: true, number: 3, leftMs: 400 })]))
  expect(dir1.role()).not.toBe('owner')
  // No voter lends it before that lease has run out.
  dir1.live(500, [])
  dir1.live(2000, [], () => {
    for (const { to, sequence, message } of dir1.sent.splice(0)) {
      const said = { ...about, echo: { incarnation: 'one', sequence } }
      if (!to.includes('rs1')) continue
      if (message.kind === 'poll') dir1.hear('rs1', { kind: 'free', ...said, epoch: message.epoch, highWater: 3 })
      if (message.kind === 'request')
        dir1.hear('rs1', { kind: 'ack', ...said, epoch: message.epoch, grantMs: 400, highWater: message.number })
    }
  })
  expect(dir1.role()).toBe('owner')
  expect(taken(dir1)).toMatch(/^lease 3 of dir2 ran out \(dir2 was heard last \S+ m?s ago\)$/)
})

test('of one that it lost itself it says which lease that was', () => {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  dir1.live(2000, ['rs1'])
  const number = dir1.core.status(dir1.now).groups[0]?.number
  dir1.live(2000, [])
  expect(dir1.role()).not.toBe('owner')
  dir1.live(3000, ['rs1'])
  expect(dir1.role()).toBe('owner')
  expect(taken(dir1)).toBe(`nobody was known to hold it; dir1 itself had it before, by lease ${number}`)
})
