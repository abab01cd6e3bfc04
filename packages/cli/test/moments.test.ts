/** What scripts read has a moment beside each span, and keeps all that it had. */
import { expect, it } from 'vitest'
import { momentsOf } from '../src/moments.ts'

const NOW = Date.parse('2026-11-30T06:00:00.000Z')

it('each span has its moment beside it, but a lease that is renewed, and nothing is taken away', () => {
  const told = {
    nodes: [
      { name: 'dir1', ageMs: 2000 },
      { name: 'dir2', ageMs: null },
    ],
    groups: [
      { name: 'web', owner: 'dir1', leftMs: 500 },
      { name: 'mail', leftMs: 0 },
    ],
    fenced: [{ address: '10.11.0.10', leftMs: 500 }],
    troubles: [{ code: 'late', pastMs: 60_000, since: '2026-11-30T05:00:00Z' }],
    wanted: [{ what: 'node dir1', since: NOW - 1000, until: null, deadline: NOW + 1000 }],
  }
  const said = momentsOf(told, NOW)
  expect(said).toMatchObject(told)
  expect(said).toEqual({
    at: '2026-11-30T06:00:00.000Z',
    nodes: [
      { name: 'dir1', ageMs: 2000, heardAt: '2026-11-30T05:59:58.000Z' },
      { name: 'dir2', ageMs: null },
    ],
    groups: [
      { name: 'web', owner: 'dir1', leftMs: 500 },
      { name: 'mail', leftMs: 0 },
    ],
    fenced: [{ address: '10.11.0.10', leftMs: 500, endsAt: '2026-11-30T06:00:00.500Z' }],
    troubles: [{ code: 'late', pastMs: 60_000, lastAt: '2026-11-30T05:59:00.000Z', since: '2026-11-30T05:00:00Z' }],
    wanted: [
      {
        ...{ what: 'node dir1', since: NOW - 1000, sinceAt: '2026-11-30T05:59:59.000Z' },
        ...{ until: null, deadline: NOW + 1000, deadlineAt: '2026-11-30T06:00:01.000Z' },
      },
    ],
  })
})
