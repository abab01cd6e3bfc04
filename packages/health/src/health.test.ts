import { instant } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  judge,
  LAST_KNOWN_MS,
  finish,
  newSchedule,
  nextCheckAt,
  setTargets,
  takeDue,
  servedBefore,
  serve,
  UNCHECKED,
  type Health,
} from './index.ts'

const damping = { fall: 2, rise: 3 }
const run = (from: Health, results: string) =>
  [...results].reduce((health, result) => judge(health, { ok: result === '+', reason: result }, damping), from)

describe('a verdict', () => {
  it.each([
    ['+', true],
    ['-', false],
    ['+-', true],
    ['+--', false],
    ['+-+-+-', true],
    ['--++', false],
    ['-+++', true],
    ['-++-+++', true],
  ])('after %s is %s', (results, healthy) => expect(run(UNCHECKED, results).healthy).toBe(healthy))

  it('keeps whom the kernel served until checks fail in a row', () => {
    expect(run(servedBefore(true), '-').healthy).toBe(true)
    expect(run(servedBefore(true), '--').healthy).toBe(false)
    expect(servedBefore(false).healthy).toBe(null)
  })

  it('believes what is old no longer than until the first answer', () => {
    expect(run(servedBefore(true, LAST_KNOWN_MS), '-').healthy).toBe(true)
    expect(run(servedBefore(true, LAST_KNOWN_MS + 1), '-').healthy).toBe(false)
    expect(run(servedBefore(true, LAST_KNOWN_MS + 1), '+-').healthy).toBe(true)
    expect(run(servedBefore(true, null), '-').healthy).toBe(true)
    expect(servedBefore(false, LAST_KNOWN_MS + 1).healthy).toBe(null)
  })
})

const member = (id: string, healthy: boolean | null) => ({ id, health: { ...UNCHECKED, healthy } })

const KEEP = { keepLast: true }
describe('a pool', () => {
  it('leaves out the failed while others live', () => {
    expect([...serve([member('a', true), member('b', false)], new Set(['a', 'b']), KEEP).serving]).toEqual(['a'])
  })
  it('keeps the last living one, and nobody when told so', () => {
    const all = [member('a', false), member('b', false)]
    expect(serve(all, new Set(['b']), KEEP)).toEqual({ serving: new Set(['b']), kept: new Set(['b']) })
    expect(serve(all, new Set(['b']), { keepLast: false }).serving.size).toBe(0)
  })
  it('serves all when all failed before any was served, none before the first checks', () => {
    expect(serve([member('a', false), member('b', false)], new Set(), KEEP).serving.size).toBe(2)
    expect(serve([member('a', false), member('b', null)], new Set(), KEEP).serving.size).toBe(0)
  })
  it('never empties by checks', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { minLength: 1 }), (rounds) => {
        let last: ReadonlySet<string> = new Set()
        for (const round of rounds)
          last = serve(
            round.map((healthy, at) => member(String(at), healthy)),
            last,
            KEEP,
          ).serving
        return last.size > 0
      }),
    )
  })
})

describe('a schedule', () => {
  it('checks all at once, then each once in its interval', () => {
    const targets = ['a', 'b', 'c'].map((id) => ({ id, intervalMs: 300, timeoutMs: 100 }))
    const schedule = newSchedule()
    setTargets(schedule, targets, instant(0))
    const seen: [string, number][] = []
    for (let now = 0; now < 3000; now = nextCheckAt(schedule) ?? 3000) {
      for (const { id } of takeDue(schedule, instant(now))) {
        seen.push([id, now])
        finish(schedule, id, instant(now))
      }
    }
    expect(seen.slice(0, 3)).toEqual([
      ['a', 0],
      ['b', 0],
      ['c', 0],
    ])
    for (const { id } of targets) {
      const times = seen.filter(([name]) => name === id).map(([, at]) => at)
      for (let at = 2; at < times.length; at++) expect((times[at] ?? 0) - (times[at - 1] ?? 0)).toBe(300)
    }
  })
  it('does not start a second check before the first ended, but gives a lost one up', () => {
    const schedule = newSchedule()
    setTargets(schedule, [{ id: 'a', intervalMs: 100, timeoutMs: 100 }], instant(0))
    expect(takeDue(schedule, instant(0))).toHaveLength(1)
    expect(takeDue(schedule, instant(100))).toHaveLength(0)
    expect(takeDue(schedule, instant(400))).toHaveLength(1)
  })
  it('asks one that takes all of its time as soon as it has answered, and after its interval again', () => {
    const schedule = newSchedule()
    setTargets(schedule, [{ id: 'a', intervalMs: 500, timeoutMs: 700 }], instant(0))
    const asked: number[] = []
    for (let now = 0; now < 4000; now += 10) {
      if (takeDue(schedule, instant(now)).length > 0) asked.push(now)
      if (now - (asked.at(-1) ?? 0) === 620) finish(schedule, 'a', instant(now))
    }
    expect(asked).toEqual([0, 630, 1260, 1890, 2520, 3150, 3780])
  })
  it('of targets that change leaves those alone that stay: no check is lost, none comes twice', () => {
    const target = (id: string, intervalMs = 300) => ({ id, intervalMs, timeoutMs: 100 })
    const schedule = newSchedule()
    setTargets(schedule, [target('a'), target('b')], instant(0))
    expect(takeDue(schedule, instant(0)).map(({ id }) => id)).toEqual(['a', 'b'])
    for (const id of ['a', 'b']) finish(schedule, id, instant(50))
    setTargets(schedule, [target('a'), target('c')], instant(100))
    expect(takeDue(schedule, instant(100)).map(({ id }) => id)).toEqual(['c'])
    finish(schedule, 'c', instant(150))
    expect([nextCheckAt(schedule), takeDue(schedule, instant(300)).map(({ id }) => id)]).toEqual([300, ['a']])
    setTargets(schedule, [], instant(400))
    expect([nextCheckAt(schedule), takeDue(schedule, instant(9000))]).toEqual([null, []])
  })
  it('that becomes quicker does not wait for its old interval', () => {
    const schedule = newSchedule()
    setTargets(schedule, [{ id: 'a', intervalMs: 60_000, timeoutMs: 100 }], instant(0))
    takeDue(schedule, instant(0))
    finish(schedule, 'a', instant(50))
    setTargets(schedule, [{ id: 'a', intervalMs: 200, timeoutMs: 100 }], instant(1000))
    expect(nextCheckAt(schedule)).toBeLessThanOrEqual(1200)
  })
})
