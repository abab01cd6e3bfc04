import { after, instant } from '@lvsm/base'
import { expect, test } from 'vitest'
import { memoryNow, memoryTroubles, NO_MEMORY } from './memory.ts'
import type { MemoryReading } from './reading.ts'

const read = (kills: number | null, pressure = 0, units: Record<string, number> | null = null): MemoryReading => ({
  ...{ kills, pressure, units: units === null ? null : new Map(Object.entries(units)) },
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
  const bench = new Bench().reads(read(7, 0, { 'nginx.service': 2 }))
  expect(bench.said).toEqual([])
  expect(bench.memory.asks).toBe(false)
  expect(bench.reads(read(8)).said).toEqual([`${KILLED} 1 process for want of memory within the last 15 minutes`])
  expect(bench.memory.asks).toBe(true)
  bench.reads(read(9, 0, { 'nginx.service': 4, 'sshd.service': 1 }))
  expect(bench.memory.asks).toBe(false)
  expect(bench.said).toEqual([
    `${KILLED} 2 processes for want of memory within the last 15 minutes: of nginx.service, sshd.service`,
  ])
  expect(bench.reads(read(9), 170).said).toHaveLength(1)
  expect(bench.reads(read(9), 12).said).toEqual([])
  expect(bench.memory.victims).toEqual([])
})
test('a kernel that does not tell is none', () => {
  expect(new Bench().reads(read(null), 5).said).toEqual([])
  expect(new Bench().reads(read(null)).reads(read(4)).said).toEqual([])
})
test('a machine that stands still is told at the second reading, and until it hardly does', () => {
  const bench = new Bench().reads(read(0, 30))
  expect(bench.said).toEqual([])
  expect(bench.reads(read(0, 40)).said).toEqual([
    'memory-pressure: rs1 stands still for want of memory: 40 % of the last ten seconds nothing went on',
  ])
  expect(bench.reads(read(0, 10)).said).toHaveLength(1)
  expect(bench.reads(read(0, 4)).said).toEqual([])
  expect(bench.reads(read(0, 10)).said).toEqual([])
})
