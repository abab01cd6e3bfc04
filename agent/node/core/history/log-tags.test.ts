/** What the log says of events beside their text: what people look for when they look for one group, or one kind of trouble. */
import type { LogTags } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { goesOn, node, statusOf, type TestNode } from '../fixture.ts'

function begun(): TestNode {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  goesOn(one, 7000, statusOf('dir1', 'dir1'))
  one.take('log')
  return one
}
const logged = (one: TestNode): [string, LogTags][] =>
  one.take('log').flatMap(({ text, tags }) => (tags ? [[text, tags] as [string, LogTags]] : []))

it('that a group was taken, and lost, with the number of its lease', () => {
  const one = begun()
  for (const [kind, number] of [
    ['took', 2],
    ['lost', 2],
  ] as const)
    one.feed({ kind: 'lease-event', event: { at: one.now(), group: 'web', kind, number, reason: 'as it is' } })
  expect(logged(one)).toEqual([
    ['took web (lease 2): as it is', { severity: 'info', event: 'took', node: 'dir1', group: 'web', lease: 2 }],
    ['lost web (lease 2): as it is', { severity: 'warning', event: 'lost', node: 'dir1', group: 'web', lease: 2 }],
  ])
})

it('that a realserver failed, once, with its service', () => {
  const one = begun()
  one.alive.delete('10.11.0.11')
  goesOn(one, 6000, statusOf('dir1', 'dir1'))
  const failed = logged(one).filter(([, { event }]) => event === 'failed')
  expect(failed).toEqual([
    [
      expect.stringMatching(/^failed web: rs1 \(10\.11\.0\.11:80\) in service http: /),
      { severity: 'warning', event: 'failed', node: 'dir1', group: 'web', service: 'http' },
    ],
  ])
})

it('that a trouble begins, and is over, with its code and what it is about', () => {
  const one = begun()
  one.kern.unread = 'EIO'
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  one.kern.unread = ''
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  const told = logged(one).filter(([, { code }]) => code === 'cannot-observe')
  expect(told.map(([, tags]) => tags)).toEqual([
    { severity: 'critical', event: 'trouble', code: 'cannot-observe', node: 'dir1', object: '' },
    { severity: 'info', event: 'over', code: 'cannot-observe', node: 'dir1', object: '' },
  ])
})
