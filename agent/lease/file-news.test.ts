import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Trouble } from '@lvsm/base'
import { type Files, tellFiles } from './file-news.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function told(files: Files) {
  const counted: string[] = []
  const said: string[] = []
  const troubles: (Trouble | null)[] = []
  const timer = tellFiles(files, {
    count: (name) => counted.push(name),
    say: (text) => said.push(text),
    trouble: (trouble) => troubles.push(trouble),
  })
  return { counted, said, troubles, timer }
}

test('files that were read are no news', () =>
  expect(told({ strange: [], damaged: [] })).toEqual({ counted: [], said: [], troubles: [], timer: undefined }))

test('a damaged file is said, counted, and a trouble for an hour, for people to look at the disk', () => {
  const { counted, said, troubles } = told({ strange: ['a is too new'], damaged: ['b is damaged', 'c is damaged'] })
  expect(said).toEqual(['a is too new', 'b is damaged', 'c is damaged'])
  expect(counted).toEqual(['file-version', 'file-damaged', 'file-damaged'])
  expect(troubles).toMatchObject([{ code: 'file-lost', message: 'a is too new; b is damaged; c is damaged' }])
  vi.advanceTimersByTime(3_599_000)
  expect(troubles).toHaveLength(1)
  vi.advanceTimersByTime(1000)
  expect(troubles.slice(1)).toEqual([null])
})
