import type { Status } from '@lvsm/protocol'
import { expect, it } from 'vitest'
import { MemoryConfiguration } from '../../test/kit/configuration.ts'
import { liveOf } from './live.ts'

const coordinators = new MemoryConfiguration().status()
const markOf = (counters: NonNullable<Status['counters']>): string => {
  const status: Status = {
    ...{ cluster: 'lab', node: 'dir1', revision: 1, local: false, ready: true },
    ...{ groups: [], services: [], nodes: [], troubles: [] },
    counters,
  } as unknown as Status
  return liveOf({ coordinators, known: null, status, nodes: [], silentMs: () => 0, events: () => [] }).mark
}

it('that messages are dropped is news, and ten times as many; each of them is not', () => {
  expect(markOf({ 'drop-mac': 0, heard: 3 })).toBe(markOf({}))
  expect(markOf({ 'drop-mac': 1 })).not.toBe(markOf({ 'drop-mac': 0 }))
  expect(markOf({ 'drop-mac': 2 })).toBe(markOf({ 'drop-mac': 1 }))
  expect(markOf({ 'drop-mac': 12 })).not.toBe(markOf({ 'drop-mac': 2 }))
  expect(markOf({ 'drop-mac': 1, 'drop-feed-flood': 1 })).not.toBe(markOf({ 'drop-mac': 1 }))
})
