/** What a peer's silence means, and whom of several that claim a group it is said to belong to. */
import { type LeaseView } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { Bench, claim, timing, viewOf } from './fixture.ts'

const NODES = ['dir1', 'dir2', 'dir3', 'rs1']
const plain = viewOf('dir1', NODES)
const VIEW: LeaseView = {
  ...plain,
  groups: plain.groups.map((web) => ({ ...web, directors: NODES.filter((name) => name !== 'rs1') })),
}
function director(view: LeaseView = VIEW): Bench {
  const dir1 = new Bench({ view })
  dir1.begin()
  return dir1
}

describe('a peer that falls silent', () => {
  /** How it is taken after so many milliseconds each. */
  const lives = (dir1: Bench, name: string, ...after: readonly number[]) => {
    dir1.heartbeat(name, [])
    const heardAt = dir1.now
    return after.map((ms) => {
      dir1.runTo(heardAt + ms)
      return dir1.core.status(dir1.now).peers.find((peer) => peer.name === name)?.life
    })
  }
  test('is late two and a half of its heartbeats later, which come less often from who is no director', () => {
    expect(lives(director(), 'dir2', 520, 530)).toEqual(['alive', 'late'])
    expect(lives(director(), 'rs1', 620, 630)).toEqual(['alive', 'late'])
  })
  test('is dead after a deadtime, but not before three and a half of its heartbeats', () => {
    expect(lives(director(), 'dir2', 990, 1010)).toEqual(['late', 'dead'])
    const hasty = { ...VIEW, timing: { ...timing, deadtimeMs: 600 } }
    expect(lives(director(hasty), 'dir2', 730, 740)).toEqual(['late', 'dead'])
  })
})

test('a peer on standby is no successor, be it ready', () => {
  const dir1 = new Bench({
    view: { ...VIEW, nodes: VIEW.nodes.map((node) => ({ ...node, voter: node.name === 'dir1' })) },
  })
  dir1.begin()
  expect(dir1.role()).toBe('owner')
  dir1.heartbeat('dir2', [claim()], { standby: true })
  dir1.heartbeat('dir3', [claim()])
  dir1.give({ kind: 'stop', reason: 'SIGTERM' })
  expect(dir1.messages('release').map(({ message }) => message.successor)).toEqual(['dir3'])
})

test.each([
  [3, 7, 'dir3'],
  [7, 3, 'dir2'],
])('of two that claim the group, with lease %i and lease %i, %s has the newer one', (second, third, owner) => {
  const dir1 = director()
  dir1.heartbeat('dir2', [claim({ holds: true, number: second, leftMs: 300 })])
  dir1.heartbeat('dir3', [claim({ holds: true, number: third, leftMs: 300 })])
  expect(dir1.core.status(dir1.now).groups).toMatchObject([{ owner, number: 7 }])
})
