/** A director that votes gives up: its own vote is one of those that it hands on. */
import { stepMs } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import { about, Bench, claim, timing, trio, viewOf } from './fixture.ts'

const asks = (dir1: Bench, node: string): string[] => {
  dir1.sent.splice(0)
  dir1.hear(node, { kind: 'request', ...about, leaseMs: timing.leaseMs, number: 2 })
  return dir1.sent.map(({ message }) => message.kind)
}

describe('its own RELEASE', () => {
  /** It owns the group by its own vote, and gives it up for dir2. */
  function gaveUp(): Bench {
    const nodes = ['dir1', 'dir2', 'dir3']
    const view = viewOf('dir1', nodes, ['dir1'])
    const dir1 = new Bench({ view: { ...view, groups: view.groups.map((one) => ({ ...one, directors: nodes })) } })
    dir1.begin()
    expect(dir1.role()).toBe('owner')
    dir1.heartbeat('dir2', [claim()])
    dir1.give({ kind: 'stop', reason: 'SIGTERM' })
    return dir1
  }
  test('frees its own vote at once, for whom it names', () => {
    const dir1 = gaveUp()
    expect(asks(dir1, 'dir3')).toContain('busy')
    expect(asks(dir1, 'dir2')).toContain('ack')
  })
  test('is no news that somebody else gave the group up: a candidate without a majority keeps to its back-off', () => {
    const dir1 = new Bench({ view: trio('dir1') })
    dir1.begin()
    const until = (kind: 'request' | 'release' | 'poll'): number => {
      dir1.sent.splice(0)
      for (let round = 0; round < 1000 && dir1.messages(kind).length === 0; round++) {
        dir1.pass(1)
        if (kind === 'request') dir1.vote('rs1', 0)
      }
      return dir1.now
    }
    until('request')
    const withdrew = until('release')
    expect(dir1.messages('poll')).toEqual([])
    expect(until('poll') - withdrew).toBeGreaterThanOrEqual(stepMs(timing) / 2 - 1)
  })
})
