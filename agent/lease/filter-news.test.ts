import { expect, test } from 'vitest'
import { FilterNews } from './filter-news.ts'
import { FINE } from './ports.ts'

test('who changes the rule set again and again is counted each time, and named now and then', () => {
  const said: string[] = []
  const counted: string[] = []
  const news = new FilterNews({
    count: (name) => void counted.push(name),
    say: (text) => void said.push(text),
    trouble: () => undefined,
  })
  for (let times = 0; times < 100; times++) {
    news.fenceLost('table arp lvsm is gone')
    news.lost('table inet lvsm-peers is gone', FINE)
  }
  expect(said).toHaveLength(2)
  expect([...new Set(counted)].sort()).toEqual(['fence-restored', 'filter-restored'])
  expect(counted).toHaveLength(200)
})
