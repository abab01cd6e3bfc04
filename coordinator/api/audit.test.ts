import { expect, test } from 'vitest'
import { Audit } from './audit.ts'

const record = (who: string, status: number) =>
  ({ at: 1, who, from: '10.0.0.9', what: 'POST /v1/config/change', status, result: '' }) as const

test('what was done stays, however often somebody asks for what he may not', () => {
  const lines: string[] = []
  const audit = new Audit((line) => lines.push(line))
  audit.note(record('alice', 200))
  for (let at = 0; at < 5000; at++) audit.note(record(`mallory ${at}`, 403))
  audit.note(record('bob', 202))
  const who = audit.present().map((one) => one.who)
  expect([who.length, who[0], who[1], who.at(-1)]).toEqual([202, 'bob', 'mallory 4999', 'alice'])
  expect(lines).toHaveLength(5002)
})

test('the newest of it is kept', () => {
  const audit = new Audit(() => undefined)
  for (let at = 0; at < 2000; at++) audit.note(record(`u${at}`, 200))
  const who = audit.present().map((one) => one.who)
  expect([who.length, who[0], who.at(-1)]).toEqual([1000, 'u1999', 'u1000'])
})

test('what is not written down one by one is counted, with what was asked for', () => {
  const lines: string[] = []
  const audit = new Audit((line) => lines.push(line))
  const more = (what: string, at: number) => audit.more({ ...record('mallory', 403), what, at, result: 'not-allowed' })
  for (let at = 0; at < 999; at++) more('POST /v1/config/change', at * 10)
  audit.note(record('bob', 422))
  more('GET /v1/audit', 10_000)
  expect(audit.present()).toMatchObject([
    {
      who: 'mallory',
      what: 'POST /v1/config/change, GET /v1/audit',
      result: 'and 1000 more within 10 s, not written down one by one: not-allowed',
    },
    { who: 'bob' },
  ])
  expect(lines).toHaveLength(5)
  more('GET /v1/audit', 80_000)
  expect(audit.present()).toHaveLength(3)
})
