import type { Trouble } from '@lvsm/base'
import { expect, test } from 'vitest'
import { alarmsOf, type AlarmsView, LOST_MS, together } from './alarms.ts'

const view = (more: Partial<AlarmsView> = {}): AlarmsView => ({
  ...{ node: 'dir1', disk: 'ok', hasLeader: true, others: [], troubles: [] },
  ...more,
})
const trouble = (code: string, more: Partial<Trouble> = {}): Trouble => ({
  ...{ code, severity: 'warning', message: `${code} happened` },
  ...more,
})

test('a disk without room, or that does not answer, is one cause of its node', () => {
  const [full, stalled] = (['full', 'stalled'] as const).map((disk) => alarmsOf(view({ disk })))
  expect(full).toEqual([
    {
      ...{ code: 'coordinator-disk', severity: 'critical', object: 'node dir1' },
      message: expect.stringMatching(/lvsm-coordinator of dir1 has no room/),
      hint: expect.stringMatching(/make room there/),
    },
  ])
  expect(stalled?.[0]).toMatchObject({ code: 'coordinator-disk', message: expect.stringMatching(/does not answer/) })
})

test('a voter that is silent for long is lost, by the word of who is not cut off', () => {
  const others = [
    { name: 'dir2', silentMs: LOST_MS - 1 },
    { name: 'wit', silentMs: LOST_MS },
  ]
  expect(alarmsOf(view({ others }))).toEqual([
    expect.objectContaining({
      ...{ code: 'coordinator-absent', object: 'node wit' },
      hint: expect.stringMatching(/start lvsm-coordinator there; .*: lvsm coordinators remove wit$/),
    }),
  ])
  expect(alarmsOf(view({ others, hasLeader: false }))).toEqual([])
})

test('troubles come under what they are about, else under the node; not those of links, nor what is only told', () => {
  const troubles = [
    trouble('no-console'),
    trouble('clock-differs', { object: 'node dir2' }),
    trouble('peer-unreachable'),
    trouble('coordinator-missing', { severity: 'info' }),
    trouble('port-failed', { severity: 'critical', message: 'x'.repeat(500) }),
  ]
  const said = alarmsOf(view({ troubles }))
  expect(said.map(({ code, object }) => `${code} ${object}`)).toEqual([
    'port-failed node dir1',
    'no-console node dir1',
    'clock-differs node dir2',
  ])
  expect(said[0]?.message).toHaveLength(240)
})

test('each comes with what is to be done about it, no longer than a message between agents has room for', () => {
  const troubles = [trouble('no-console', { hint: 'install the package again' }), trouble('crowded')]
  const [first, second] = alarmsOf(view({ troubles }))
  expect([first?.hint, second]).toEqual([
    'install the package again',
    expect.not.objectContaining({ hint: expect.anything() }),
  ])
  const long = alarmsOf(view({ troubles: [trouble('no-console', { hint: `lvsm coordinators; ${'x'.repeat(2000)}` })] }))
  expect(long[0]?.hint).toBe('lvsm coordinators; …')
})

test('what several say of one thing is said once', () => {
  const [one, other] = ['dir1', 'dir2'].map((node) =>
    alarmsOf(view({ node, others: [{ name: 'wit', silentMs: LOST_MS }], troubles: [trouble('no-console')] })),
  )
  expect(together([one ?? [], other ?? []]).map(({ code, object }) => `${code} ${object}`)).toEqual([
    'coordinator-absent node wit',
    'no-console node dir1',
    'no-console node dir2',
  ])
})
