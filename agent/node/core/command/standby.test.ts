/** A node on its way to standby, while the world goes on. */
import { encodeMessage } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

const NAMES = ['g1', 'g2', 'g3']
const groups = NAMES.map(
  (name, at) => `  - { name: ${name}, directors: [dir1, dir2], vips: [10.11.0.${20 + at}/24] }\n`,
)
const said = encodeMessage({
  ...{ kind: 'state', revision: 1, agreement: {}, state: 'standby', reason: 'well', standby: false, pings: {} },
  ...{ ready: Object.fromEntries(NAMES.map((name) => [name, ''])), troubles: [], events: [] },
})

/** What the lease process says, of a node that owns these. */
function tell(dir1: TestNode, owned: ReadonlySet<string>, standby = false): void {
  const [one] = statusOf('dir1', 'dir1').groups
  if (!one) return
  const elsewhere = { role: 'standby', owner: 'dir2', number: 2 } as const
  const told = NAMES.map((name) => ({ ...one, name, ...(owned.has(name) ? {} : elsewhere) }))
  dir1.feed({ kind: 'lease-status', status: { ...statusOf('dir1', 'dir2'), groups: told, standby } })
}

test('groups that left by themselves before their turn need not be handed over, and stop nothing', () => {
  const dir1 = node('dir1', undefined, SAMPLE.replace('groups:\n', `groups:\n${groups.join('')}`))
  const owned = new Set(NAMES)
  dir1.feed({ kind: 'lease-up' })
  const live = (ms: number): void => {
    for (let spent = 0; spent < ms; spent += 500) {
      dir1.feed({ kind: 'message', from: 'dir2', text: said })
      tell(dir1, owned, dir1.take('standby').length > 0)
      dir1.run(500)
    }
  }
  live(2000)
  dir1.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: true } })
  live(1000)
  owned.delete('g2')
  live(6000)
  const [first] = dir1.take('switchover')
  expect(first).toMatchObject({ group: 'g1', to: 'dir2' })
  owned.delete('g1')
  live(8000)
  expect(dir1.take('switchover')).toMatchObject([{ group: 'g3' }])
  owned.delete('g3')
  live(2000)
  expect(dir1.take('reply')).toMatchObject([
    { id: 'a', outcome: { ok: true, report: { node: 'dir1', standby: true } } },
  ])
})

test('what a node was told before is done already, and forgets not since when', () => {
  const dir1 = node('dir1')
  dir1.feed({ kind: 'lease-up' })
  tell(dir1, new Set())
  const order = (id: string, on: boolean) => {
    dir1.feed({ kind: 'command', id, command: { verb: 'standby', on } })
    for (let spent = 0; spent < 2000; spent += 500) {
      tell(dir1, new Set(), on)
      dir1.run(500)
    }
    return dir1.take('reply')
  }
  expect(order('a', true)).toMatchObject([{ id: 'a', outcome: { ok: true, report: { node: 'dir1', standby: true } } }])
  expect(dir1.take('word')).toHaveLength(1)
  const already = { node: 'dir1', standby: true, already: true }
  expect(order('b', true)).toMatchObject([{ id: 'b', outcome: { ok: true, report: already } }])
  expect(dir1.take('word')).toEqual([])
  expect(order('c', false)).toMatchObject([{ id: 'c', outcome: { ok: true, report: { standby: false } } }])
  expect(order('d', false)).toMatchObject([
    { id: 'd', outcome: { ok: true, report: { standby: false, already: true } } },
  ])
})

test('a node that is no director has no groups to give up', () => {
  const rs1 = node('rs1')
  rs1.feed({ kind: 'lease-up' })
  rs1.feed({ kind: 'lease-status', status: { ...statusOf('rs1', 'dir1'), groups: [] } })
  rs1.feed({ kind: 'command', id: 'a', command: { verb: 'standby', on: true } })
  const hint = expect.stringMatching(/^no new connections there: (lvsm drain rs1|weight: 0 )/)
  expect(rs1.take('reply')).toMatchObject([{ outcome: { ok: false, refusals: [{ code: 'not-a-director', hint }] } }])
  rs1.feed({ kind: 'command', id: 'b', command: { verb: 'standby', on: false } })
  expect(rs1.take('word')).toHaveLength(1)
})
