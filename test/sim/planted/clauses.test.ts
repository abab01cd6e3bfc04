/** The timelines of packages/lease/PROTOCOL.md section 7 name planted mistakes: each exists, and is against the rule of its row. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EPOCHS } from './epochs.ts'
import { FENCE } from './fence.ts'
import { TALK } from './talk.ts'
import { VOTES } from './votes.ts'

const DOCUMENT = new URL('../../../packages/lease/PROTOCOL.md', import.meta.url)
const MISTAKES = [...VOTES, ...EPOCHS, ...FENCE, ...TALK]

/** Rule and name of each row: `| 4.2, drift | … | drift counted once |`. */
function timelines(): (readonly [rule: string, name: string])[] {
  const [, section = ''] = /\n## 7\.[^\n]*\n([^]*?)\n## /.exec(readFileSync(DOCUMENT, 'utf8')) ?? []
  return [...section.matchAll(/^\| (\d\.\d)[^|]*\|[^|]*\| ([^|]+) \|$/gm)].map((row) => [row[1] ?? '', row[2] ?? ''])
}

test('each safety rule of voter and holder has a timeline', () => {
  const rules = new Set(timelines().map(([rule]) => rule))
  expect([...rules]).toEqual(
    expect.arrayContaining(['3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '3.7', '4.1', '4.2', '4.3', '4.4', '4.5']),
  )
})

test.each(timelines())('%s: %s', (rule, name) => {
  const mistake = MISTAKES.find((one) => one.name === name)
  expect(mistake, `no planted mistake is called ${name}`).toBeDefined()
  if (mistake?.clause.startsWith('packages/lease/PROTOCOL.md')) expect(mistake.clause).toContain(rule)
})
