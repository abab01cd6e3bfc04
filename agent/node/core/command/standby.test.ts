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
