import { after, instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { memoryNow, memoryTroubles, NO_MEMORY } from './memory.ts'
import type { MemoryReading } from './reading.ts'

const read = (kills: number | null, pressure = 0, units: Record<string, number> | null = null): MemoryReading => ({
  ...{ kills, pressure, units: units === null ? null : new Map(Object.entries(units)) },
  ...{ left: 3, own: false },
})
class Bench {
  memory = NO_MEMORY
  #now = instant(0)
  reads(one: MemoryReading, times = 1): this {
    for (let time = 0; time < times; time++) {
      this.#now = after(this.#now, 5000)
      this.memory = memoryNow(this.memory, one, this.#now)
    }
    return this
  }
  get said(): string[] {
    return memoryTroubles(this.memory, 'rs1').map(({ code, message }) => `${code}: ${message}`)
  }
}
const KILLED = 'memory-killed: the kernel of rs1 killed'

test('what was killed before is nothing; what is killed now is told with its unit, for a quarter of an hour', () => {
  const bench = new Bench().reads(read(7, 0, { 'system.slice': 2, 'system.slice/nginx.service': 2 }))
  expect(bench.said).toEqual([])
  expect(bench.memory.asks).toBe(false)
  expect(bench.reads(read(8)).said).toEqual([`${KILLED} 1 process for want of memory within the last 15 minutes`])
  expect(bench.memory.asks).toBe(true)
  bench.reads(read(9, 0, { 'system.slice': 5, 'system.slice/nginx.service': 4, 'system.slice/sshd.service': 1 }))
  expect(bench.memory.asks).toBe(false)
  expect(bench.said).toEqual([
    `${KILLED} 2 processes for want of memory within the last 15 minutes: of nginx.service, sshd.service`,
  ])
  expect(bench.reads(read(9), 170).said).toHaveLength(1)
  expect(bench.reads(read(9), 12).said).toEqual([])
  expect(bench.memory.victims).toEqual([])
})
test('a unit that was begun anew counts from 0: its slice still tells, and of the unit what it counts now', () => {
  const units = (slice: number, nginx: number) => ({ 'system.slice': slice, 'system.slice/nginx.service': nginx })
  const bench = new Bench()
    .reads(read(7, 0, units(2, 2)))
    .reads(read(8))
    .reads(read(8, 0, units(3, 0)))
  expect(bench.memory.victims).toEqual(['system.slice'])
  const again = new Bench()
    .reads(read(7, 0, units(2, 2)))
    .reads(read(8))
    .reads(read(8, 0, units(3, 1)))
  expect(again.memory.victims).toEqual(['nginx.service'])
  expect(bench.reads(read(8, 0, { 'machine.slice': 1 })).memory.victims, 'a slice of its own').toContain(
    'machine.slice',
  )
})
test('whose control groups were counted stands in the evidence', () => {
  const evidence = (own: boolean) =>
    memoryTroubles(new Bench().reads({ ...read(1), own }).reads({ ...read(2), own }).memory, 'rs1')[0]?.evidence
  expect(evidence(false)).toContain('in all control groups and containers of this machine')
  expect(evidence(true)).toBe('memory.events of the container: oom_kill 2, 1 more than before')
})
test('one program that stands still at its own bound, on a machine that has memory, is no trouble', () => {
  const bench = new Bench().reads({ ...read(0, 60), left: 40 }, 10)
  expect(bench.said).toEqual([])
  expect(bench.reads({ ...read(0, 60), left: null }, 10).said, 'not known').toEqual([])
  expect(bench.reads(read(0, 60), 2).said).toHaveLength(1)
  expect(bench.reads({ ...read(0, 60), left: 12 }).said).toEqual([])
})
test('a kernel that does not tell is none', () => {
  expect(new Bench().reads(read(null), 5).said).toEqual([])
  expect(new Bench().reads(read(null)).reads(read(4)).said).toEqual([])
})
test('a machine that stands still is told at the second reading, and until it hardly does', () => {
  const bench = new Bench().reads(read(0, 30))
  expect(bench.said).toEqual([])
  expect(bench.reads(read(0, 40)).said).toEqual([
    'memory-pressure: rs1 has hardly any memory left, and stands still for want of it: 40 % of the last ten seconds all that had work waited for memory',
  ])
  expect(bench.reads(read(0, 10)).said).toHaveLength(1)
  expect(bench.reads(read(0, 4)).said).toEqual([])
  expect(bench.reads(read(0, 10)).said).toEqual([])
})
