import type { RateHistory, RateSeries } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { plain } from '../paint.ts'
import { historyText, means, sparkline } from './history-text.ts'

const seriesOf = (values: (number | null)[]): RateSeries => {
  const lines = { connections: values, inPackets: values, outPackets: [0], inBytes: values, outBytes: [0] }
  return { hour: lines, halfDay: lines }
}
const report = (more: Partial<RateHistory> = {}): RateHistory => ({
  cluster: 'lab',
  node: 'dir1',
  at: '2026-11-28T03:00:00.000Z',
  directs: true,
  stepMs: { hour: 10_000, halfDay: 60_000 },
  total: seriesOf([...Array.from({ length: 6 }, () => 10), ...Array.from({ length: 6 }, () => 20)]),
  services: [{ name: 'http', ...seriesOf([null, 5]) }],
  more: ['smtp'],
  rest: null,
  ...more,
})
const lineOf = (text: string, what: string): string =>
  text.split('\n').find((line) => line.includes(what)) ?? expect.fail(`no ${what} in:\n${text}`)

it('a mark is as high as its share of the highest, a gap is none, and nothing at all is flat', () => {
  expect(sparkline([0, 1, 50, 100, null])).toBe('▁▂▅█·')
  expect(sparkline([0, 0])).toBe('▁▁')
  expect(sparkline([])).toBe('')
})
it('means are of whole spans at the newest end; what is not known is not 0', () => {
  expect(means([1, 2, 3, 4, 5], 2)).toEqual([1, 2.5, 4.5])
  expect(means([null, null, null, 4], 2)).toEqual([null, 4])
})

describe('on a terminal', () => {
  it('each line has its marks, and now, mean and highest', () => {
    const text = historyText(report(), { columns: 120 }, plain)
    expect(lineOf(text, 'conn/s')).toMatch(/^ {4}conn\/s +▅█ +20 +15 +20$/)
    expect(text).toContain('and of one alone, lvsm stats --history: smtp')
    expect(lineOf(text.slice(text.indexOf('http')), 'conn/s')).toMatch(/█ +5 +5 +5$/)
  })
  it.each([200, 100, 80])('of %i columns no line is longer', (columns) => {
    const whole = seriesOf(Array.from({ length: 720 }, (_, at) => at * 1_000_000))
    const text = historyText(report({ total: whole }), { columns }, plain)
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns)
  })
})

it('elsewhere there are plain numbers, oldest first', () => {
  const text = historyText(report(), { columns: null }, plain)
  expect(lineOf(text, 'conn/s')).toBe('    conn/s: 10 20')
  expect(text).not.toMatch(/[▁-█]/)
})
it('of one service that one alone is shown, also where it had no traffic', () => {
  expect(historyText(report(), { service: 'http', columns: 100 }, plain)).not.toContain('all services')
  const text = historyText(report({ services: [] }), { service: 'idle', columns: 100 }, plain)
  expect(text).toContain('idle\n  no traffic in the last twelve hours')
})
it('where nothing is sampled, or not yet, that is said', () => {
  expect(historyText(report({ directs: false }), { columns: 80 }, plain)).toContain('dir1 directs no service')
  expect(historyText(report({ at: null }), { columns: 80 }, plain)).toContain('the first one comes within 20 seconds')
})
