import { spawn } from 'node:child_process'
import { getPriority } from 'node:os'
import { checkConfig } from '@lvsm/model'
import { describe, expect, it, test } from 'vitest'
import { configurationOf } from './cluster.ts'
import { coresNow, paced, paceFor } from './pace.ts'
import { goFirst } from './precedence.ts'
import { topologyNamed } from './topologies/index.ts'

test.each([
  [2, 1],
  [1.7, 1],
  [1, 2],
  [0.7, 3],
  [0.2, 4],
  [0, 4],
])('a machine that gives %d of two cores is lived on at pace %d', (cores, pace) => expect(paceFor(cores)).toBe(pace))

test('what this machine gives is something', async () => {
  const cores = await coresNow()
  expect(cores).toBeGreaterThan(0)
  expect(cores).toBeLessThan(2.2)
})

test('what stands for hardware goes before other work, where that is allowed; else nothing happens', async () => {
  const child = spawn('sleep', ['60'], { detached: true })
  try {
    goFirst(child.pid ?? 0)
    expect(getPriority(child.pid)).toBe(process.geteuid?.() === 0 ? -10 : 0)
  } finally {
    child.kill()
  }
  await new Promise((resolve) => child.once('exit', resolve))
  expect(() => goFirst(child.pid ?? 0)).not.toThrow()
})

describe.each(['default', 'pair', 'wan', 'dual', 'tunnels', 'coordinated', 'small', 'lean', 'six'])(
  'the topology %s',
  (name) => {
    const topology = topologyNamed(name)
    if (!topology) throw new Error(`no topology ${name}`)

    it.each([2, 4])('is a configuration at pace %d too', (pace) => {
      const { config, refusals } = checkConfig(configurationOf(paced(topology, pace), '5a'.repeat(32)))
      expect(refusals).toBeUndefined()
      const before = checkConfig(configurationOf(topology, '5a'.repeat(32))).config
      if (topology.timing) expect(config?.timing.leaseMs).toBe((before?.timing.leaseMs ?? 0) * pace)
      expect(config?.timing.drainMs).toBe(before?.timing.drainMs)
    })
    it('is itself at pace 1', () => expect(paced(topology, 1)).toBe(topology))
  },
)
