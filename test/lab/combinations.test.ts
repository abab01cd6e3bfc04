import { checkConfig } from '@lvsm/model'
import { parse, stringify } from 'yaml'
import { expect, test } from 'vitest'
import { configurationOf } from '../../scripts/lab/cluster.ts'
import { ways } from '../../scripts/lab/topologies/ways.ts'
import { BATCHES, combinations, nameOf, SCHEDULERS, serviceOf, TRAFFIC, WAYS } from './combinations.ts'

const distinct = (texts: readonly string[]): number => new Set(texts).size

/** NAT and full NAT take no single packets. */
const LEGAL = WAYS.length * TRAFFIC.length - 2

test('one batch has every pair of forwarding method, traffic and family, and every scheduler', () => {
  for (let batch = 0; batch < BATCHES; batch++) {
    const all = combinations(batch)
    expect(distinct(all.map(({ way, traffic }) => `${way} ${traffic}`))).toBe(LEGAL)
    expect(distinct(all.map(({ way, family }) => `${way} ${family}`))).toBe(2 * WAYS.length)
    expect(distinct(all.map(({ traffic, family }) => `${traffic} ${family}`))).toBe(2 * TRAFFIC.length)
    expect(distinct(all.map(({ scheduler }) => scheduler))).toBe(SCHEDULERS.length)
    expect(distinct(all.map(({ port }) => String(port)))).toBe(all.length)
  }
})

test('all batches together are the whole product, each combination once', () => {
  const all = Array.from({ length: BATCHES }, (_, batch) => combinations(batch).map(nameOf)).flat()
  expect(all).toHaveLength(LEGAL * 2 * SCHEDULERS.length)
  expect(distinct(all)).toBe(all.length)
})

test.each([0, 1, BATCHES - 1])('batch %i is a configuration without a refusal', (batch) => {
  const file = parse(configurationOf(ways, 'ab'.repeat(32))) as { services: object[] }
  const text = stringify({ ...file, services: [...file.services, ...combinations(batch).map(serviceOf)] })
  const { config, refusals } = checkConfig(text)
  expect(refusals ?? []).toEqual([])
  expect(config?.services).toHaveLength(2 + LEGAL)
})
