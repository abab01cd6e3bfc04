/** The page of troubles is up to date, and has each that is made anywhere. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TROUBLE_PARTS, type TroubleKind } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { troublesPage } from './troubles.ts'

const HERE = join(import.meta.dirname, '../..')
/** Where troubles are made; warnings of the configuration (packages/model) say themselves what to change. */
const ROOMS = [
  ...['agent', 'coordinator', 'packages/plan/src', 'packages/lease/src', 'packages/health/src'],
  'packages/protocol/src/unsaid',
]
const SOURCES = ROOMS.flatMap((room) => globSync(`${room}/**/*.ts`, { cwd: HERE }))
  .filter((path) => !path.includes('.test.') && !path.includes('fixture'))
  .map((path) => ({ path, text: readFileSync(join(HERE, path), 'utf8') }))
const KINDS: readonly (readonly [string, TroubleKind])[] = Object.values(TROUBLE_PARTS).flatMap((part) =>
  Object.entries<TroubleKind>(part),
)

/** In each of the ways in which a trouble is made. */
const MADE = [
  /code: '([a-z-]+)',\s*severity: '?(\w+)/g,
  /(?<![.\w])(?:trouble|critical)\(\s*'([a-z-]+)',\s*[`'\w]/g,
  /\btrouble\(\s*'(?:critical|warning|info)',\s*'([a-z-]+)'/g,
]
const made = SOURCES.flatMap(({ path, text }) =>
  MADE.flatMap((way) => [...text.matchAll(way)].map(([, code = '', severity = '']) => ({ path, code, severity }))),
).filter(({ code }) => !['critical', 'warning', 'info'].includes(code))

test('the page is what the table makes', async () => {
  await expect(troublesPage()).toMatchFileSnapshot(join(HERE, 'TROUBLES.md'))
})

test('every trouble that is made has a row, and is no worse than its row says', () => {
  expect(made.length).toBeGreaterThan(30)
  const rows = new Map(KINDS)
  const order = ['info', 'warning', 'critical']
  const strange = made.filter(({ code, severity }) => {
    const row = rows.get(code)
    return !row || (order.includes(severity) && order.indexOf(severity) > order.indexOf(row.severity))
  })
  expect(strange).toEqual([])
})

test('every row is of a trouble that is made', () => {
  const idle = KINDS.filter(([code]) => !SOURCES.some(({ text }) => text.includes(`'${code}'`)))
  expect(idle.map(([code]) => code)).toEqual([])
})

test('each row says what comes of it, and what to do', () => {
  expect(KINDS.filter(([, { says, means, next }]) => [says, means, next].some((text) => text.length < 8))).toEqual([])
  const codes = KINDS.map(([code]) => code)
  expect(new Set(codes).size, 'once each').toBe(codes.length)
})
