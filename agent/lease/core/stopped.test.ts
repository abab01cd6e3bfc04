/** A group that an operator stopped: its owner gives it up, everything off before the voters are told, and nobody takes it. */
import { expect, test } from 'vitest'
import type { LeaseView } from '@lvsm/protocol'
import { Bench, claim, ready, trio } from './fixture.ts'

const withStopped = (view: LeaseView, stopped: boolean): LeaseView => ({
  ...view,
  groups: view.groups.map((group) => ({ ...group, ...(stopped ? { stopped } : {}) })),
})

function life(view: LeaseView): { dir1: Bench; live: (ms: number) => void } {
  const dir1 = new Bench({ view })
  dir1.begin(view)
  let at = 0
  const live = (ms: number): void =>
    dir1.live(ms, ['rs1', 'dir2'], () => {
      if (dir1.now < at) return
      at = dir1.now + 100
      dir1.heartbeat('dir2', [claim()])
      dir1.give(ready())
    })
  return { dir1, live }
}

test('its owner closes the fence and takes the addresses away, then tells the voters; for nobody, though a peer is ready', () => {
  const view = trio('dir1')
  const { dir1, live } = life(view)
  live(600)
  expect(dir1.role()).toBe('owner')
  dir1.look()
  dir1.told.splice(0)
  dir1.give({ kind: 'view', view: withStopped(view, true) })
  live(50)
  const seen = dir1.look().filter((what) => /^(close|remove|release)/.test(what))
  expect(seen.slice(0, 3)).toEqual(['close announce+serve', 'remove address', 'release'])
  expect(dir1.told).toMatchObject([{ kind: 'released', reason: 'an operator stopped web' }])
  expect(dir1.effects.some((effect) => effect.kind === 'send' && effect.message.kind === 'offer')).toBe(false)
  live(5000)
  expect(dir1.core.status(dir1.now).groups[0]).toMatchObject({ owner: null })
  expect(dir1.why()).toBe('nobody is known to hold web; an operator stopped web')
  dir1.give({ kind: 'view', view })
  live(1000)
  expect(dir1.role()).toBe('owner')
})

test('nobody stands for it, and an offer of it is refused', () => {
  const view = withStopped(trio('dir1'), true)
  const { dir1, live } = life(view)
  live(3000)
  expect(dir1.told).toEqual([])
  expect(dir1.look().filter((what) => what === 'poll' || what === 'request')).toEqual([])
})
