import { expect, test } from 'vitest'
import { MemoryConfiguration } from '../test/kit/configuration.ts'
import { weightOf } from '../test/suites/configuration.ts'
import { clusterOf } from './cluster.ts'
import { Reported } from './reported/reported.ts'

test('however many ask for the cluster, it is worked out a few times a second, and anew for a new configuration', async () => {
  const configuration = new MemoryConfiguration()
  let [now, made] = [1000, 0]
  const cluster = clusterOf({
    node: 'dir1',
    reported: new Reported(),
    known: configuration.known,
    troubles: () => {
      made += 1
      return []
    },
    counters: () => ({}),
    clock: () => now,
  })
  for (; now < 2000; now += 1) expect(cluster.clusterStatus()?.revision).toBe(1)
  expect(made).toBeLessThanOrEqual(5)
  expect(cluster.clusterEvents()).toBe(cluster.clusterEvents())
  await configuration.write(weightOf(7))
  expect(cluster.clusterStatus()?.revision).toBe(2)
})
