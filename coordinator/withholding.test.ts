/** What a leader lets into the log by what it knows now, and what not. */
import { encodeEntry, encodeMember, type Entry, type VersionsReport } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { type Watchers, withheld } from './withholding.ts'

const BY = { author: 'alice', at: 1 }
const VOTER: Entry = { kind: 'voters', ...BY, epoch: 2, add: 'dir2', remove: null }
const NOBODY: Watchers = { electing: null, spoken: () => null, known: () => null }
const write = (entry: Entry, watchers: Partial<Watchers> = {}) =>
  withheld({ kind: 'write', payload: encodeEntry(entry) }, { ...NOBODY, ...watchers })

test('before anybody watches the voters they do not change; nothing else waits for that', () => {
  expect(write(VOTER)).toMatchObject({ code: 'voters-unsettled' })
  expect(write({ kind: 'expire', at: 1 })).toBeNull()
  expect(withheld({ kind: 'change', payload: '' }, NOBODY)).toBeNull()
  const asked: number[] = []
  expect(write(VOTER, { electing: { refuse: (epoch) => (asked.push(epoch), null) } })).toBeNull()
  expect(asked).toEqual([2])
})

test('where a coordinator is changes in a cluster whose coordinators all understand that', () => {
  const moved: Entry = {
    kind: 'coordinator-address',
    at: 1,
    id: 1,
    addresses: [{ host: '10.12.0.9', port: 1 }],
    key: 'ab'.repeat(32),
  }
  const finalized = (version: number) => new MemoryConfiguration(undefined, version)
  expect(write(moved, { known: () => finalized(1).known() })).toMatchObject({ code: 'not-finalized' })
  expect(write(moved)).toMatchObject({ code: 'not-finalized' })
  expect(write(moved, { known: () => finalized(2).known() })).toBeNull()
})

test('a version is agreed on that everybody knows whom the leader hears, whatever the one has heard that was asked', () => {
  const known = (model: number): VersionsReport => ({
    ...{ finalized: 1, next: model, begins: [] },
    coordinators: [{ name: 'dir2', model, lvsm: '1' }],
  })
  const finalize: Entry = { kind: 'finalize', ...BY, version: 2 }
  expect(write(finalize)).toMatchObject({ code: 'versions-unknown' })
  expect(write(finalize, { spoken: () => known(1) })).toMatchObject({
    code: 'not-known-by-all',
    message: expect.stringContaining('dir2 know less'),
  })
  expect(write(finalize, { spoken: () => known(2) })).toBeNull()
})

test('who was taken out of the configuration while it asked becomes no coordinator', () => {
  const configuration = new MemoryConfiguration()
  const member = { name: 'rs1', addresses: [{ host: '10.12.0.11', port: 7446 }], key: 'ab'.repeat(32) }
  const comes = (name: string) =>
    withheld(
      { kind: 'change', payload: encodeMember({ member: { ...member, name } }) },
      { ...NOBODY, known: () => configuration.known() },
    )
  expect(comes('dir2')).toBeNull()
  for (const name of ['rs1', 'gone', 'constructor']) expect(comes(name)).toMatchObject({ code: 'not-named' })
})
