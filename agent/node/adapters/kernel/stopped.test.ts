/** Processes are gone over beside the loop, while somebody waits, and not at each look. */
import type { StoppedServers } from '@lvsm/kernel'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StoppedWatch } from './stopped.ts'

const NGINX = { pid: 412, name: 'nginx' }
const FOUND: StoppedServers = { servers: new Map([['80', [NGINX]]]), others: [{ pid: 812, name: 'vim' }] }
const WAITS = new Set(['80'])
let begun = 0
let steps = 0
let isStopped = true
let watch: StoppedWatch
function* work(): Generator<undefined, StoppedServers> {
  begun++
  for (let step = 0; step < 5; step++) {
    steps++
    // Each takes a millisecond.
    now += 1
    yield
  }
  return FOUND
}
let now = 0
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  ;[begun, steps, isStopped, now] = [0, 0, true, 0]
  watch = new StoppedWatch(work, () => isStopped)
})
afterEach(() => {
  watch.close()
  vi.restoreAllMocks()
  vi.useRealTimers()
})
const passes = (ms: number): void => {
  for (let passed = 0; passed < ms; passed += 10) {
    now += 10
    vi.advanceTimersByTime(10)
  }
}

test('nobody is looked for where nobody waits', () => {
  expect(watch.of(new Set())('80')).toBeNull()
  passes(5000)
  expect(begun).toBe(0)
})
test('a look waits for nothing: it is done in slices, and what was found is told at the next', () => {
  expect(watch.of(WAITS)('80')).toBeNull()
  expect(steps).toBe(0)
  passes(10)
  expect(steps).toBeLessThan(4)
  passes(50)
  expect(watch.of(WAITS)('80')).toEqual({ programs: [{ pid: 412, name: 'nginx' }], sure: true })
  expect(watch.of(WAITS)('81')).toEqual({ programs: [{ pid: 812, name: 'vim' }], sure: false })
})
test('at looks in a row it is done each three seconds', () => {
  for (let look = 0; look < 18; look++) {
    watch.of(WAITS)
    passes(500)
  }
  expect(begun).toBe(3)
})
test('one that goes on meanwhile is no server that is stopped, and old news are none', () => {
  watch.of(WAITS)
  passes(100)
  isStopped = false
  expect(watch.of(WAITS)('80')?.sure).toBe(false)
  passes(20_000)
  expect(watch.of(new Set())('80')).toBeNull()
})
