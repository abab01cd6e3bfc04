import type { Trouble } from '@lvsm/base'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Troubles } from './troubles.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())
const cut: Trouble = { code: 'peer-unreachable', severity: 'warning', message: 'dir2 is not reached', hint: 'look' }

test('a trouble is said when it begins and when it is over, and shown between', () => {
  const said: string[] = []
  const troubles = new Troubles((text) => void said.push(text))
  troubles.note('dir2', cut)
  troubles.note('dir2', cut)
  expect(troubles.present()).toEqual([cut])
  troubles.note('dir2', null)
  troubles.note('dir2', null)
  expect(said).toEqual(['dir2 is not reached\n  → look', 'over: dir2 is not reached'])
  expect(troubles.present()).toEqual([])
})

test('one that has an end is over by itself', () => {
  const troubles = new Troubles(() => undefined)
  troubles.note('stranger', { ...cut, leftMs: 1000 })
  vi.advanceTimersByTime(999)
  expect(troubles.present()).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(troubles.present()).toEqual([])
})
