/** What an open page is told, as coordinators of other versions say it. */
import { expect, it } from 'vitest'
import { liveMessage } from './live.ts'

const STATE = {
  ...{ kind: 'state', revision: null, wanted: null, status: null },
  coordinators: {
    ...{ id: 1, role: 'leader', term: 1, leader: 1, commitIndex: 1, lastApplied: 1, lastLogIndex: 1 },
    ...{ disk: 'ok', expelled: null, revision: null, members: [] },
  },
}

it('a coordinator that tells no events is understood, and so is one that does', () => {
  expect(liveMessage.parse(STATE)).not.toHaveProperty('events')
  const lost = {
    at: '2026-11-28T08:00:00.000Z',
    node: 'dir1',
    group: 'web',
    kind: 'lost',
    number: 7,
    reason: 'cut off',
  }
  expect(liveMessage.parse({ ...STATE, events: [lost] })).toMatchObject({ events: [lost] })
})
