import { instant, LONGEST_LEASE_MS, quarantineMs } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeaseLimit } from './limit.ts'
import { RULES } from './rules.ts'

const at = (ms: number) => instant(5000 + ms)
const limit = (onDiskMs: number): LeaseLimit => new LeaseLimit(at(0), onDiskMs, RULES)

describe('a longer lease duration', () => {
  test('is wanted on disk at once, and granted only when it is there', () => {
    const made = limit(250)
    made.configure(1000, at(1))
    expect([made.wantedMs(at(1)), made.grantableMs]).toEqual([1000, 250])
    made.writes(1000)
    expect(made.grantableMs, 'under way').toBe(250)
    made.wrote(true)
    expect([made.wantedMs(at(2)), made.grantableMs]).toEqual([1000, 1000])
  })
  test('is not granted after a failed write, and wanted again', () => {
    const made = limit(250)
    made.configure(1000, at(1))
    made.writes(1000)
    made.wrote(false)
    expect([made.wantedMs(at(2)), made.grantableMs]).toEqual([1000, 250])
  })
  test('of a voter that never lent anything: nothing is granted before the first write', () => {
    const made = limit(0)
    made.configure(1000, at(1))
    expect(made.grantableMs).toBe(0)
  })
})

describe('a shorter lease duration', () => {
  test('is granted at once, and on disk only after the longest earlier lease has run out', () => {
    const made = limit(1000)
    made.configure(250, at(100))
    expect(made.grantableMs).toBe(250)
    const end = 100 + quarantineMs(1000)
    expect(made.changesAt).toBe(at(end))
    expect(made.wantedMs(at(end - 1))).toBe(1000)
    expect(made.wantedMs(at(end))).toBe(250)
  })
  test('waits anew after each change: a restart must not find less than what may still live', () => {
    const made = limit(1000)
    made.configure(250, at(100))
    made.configure(300, at(900))
    expect(made.wantedMs(at(100 + quarantineMs(1000)))).toBe(1000)
    expect(made.wantedMs(at(900 + quarantineMs(1000)))).toBe(300)
  })
  test('said again changes nothing', () => {
    const made = limit(1000)
    made.configure(250, at(100))
    made.configure(250, at(900))
    expect(made.changesAt).toBe(at(100 + quarantineMs(1000)))
  })
  test('whose write is under way, or failed, is all that a restart can be relied on to find', () => {
    for (const ok of [null, false]) {
      const made = limit(1000)
      made.configure(250, at(0))
      made.writes(250)
      if (ok === false) made.wrote(false)
      made.configure(1000, at(5000))
      expect(made.grantableMs).toBe(250)
      expect(made.wantedMs(at(5000))).toBe(1000)
    }
  })
  test('nothing is due where nothing is to be lowered', () => {
    const made = limit(250)
    made.configure(250, at(0))
    expect(made.changesAt).toBeNull()
    made.configure(900, at(0))
    expect(made.changesAt).toBeNull()
  })
})

/** What the disk may hold, kept apart from the code: every value that an unfinished or failed write may have left. */
test('whatever is configured, written and lost: a restart is silent for every lease that may still live', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('configure' as const), ms: fc.constantFrom(100, 250, 1000, LONGEST_LEASE_MS) }),
    fc.record({ kind: fc.constant('write' as const) }),
    fc.record({ kind: fc.constant('wrote' as const), ok: fc.boolean() }),
    fc.record({ kind: fc.constant('grant' as const) }),
    fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
  )
  let granted = 0
  fc.assert(
    fc.property(fc.constantFrom(0, 250, 1000), fc.array(step, { minLength: 20, maxLength: 60 }), (first, steps) => {
      const made = limit(first)
      let now = at(quarantineMs(first))
      let disk = new Set<number>([first])
      let writing: number | null = null
      /** The end of the longest lease so far, on the slowest clock. */
      let lives = now
      for (const one of steps) {
        if (one.kind === 'pass') now = instant(now + one.ms)
        if (one.kind === 'configure') made.configure(one.ms, now)
        if (one.kind === 'write' && writing === null) {
          writing = made.wantedMs(now)
          made.writes(writing)
          disk = new Set([...disk, writing])
        }
        if (one.kind === 'wrote' && writing !== null) {
          made.wrote(one.ok)
          if (one.ok) disk = new Set([writing])
          writing = null
        }
        if (one.kind === 'grant' && made.grantableMs > 0) {
          granted += 1
          lives = instant(Math.max(lives, now + quarantineMs(made.grantableMs)))
        }
        for (const found of disk) expect(now + quarantineMs(found)).toBeGreaterThanOrEqual(lives - 1e-6)
      }
    }),
    { numRuns: 500 },
  )
  expect(granted).toBeGreaterThan(1000)
})
