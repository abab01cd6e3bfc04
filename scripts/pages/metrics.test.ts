/** The page of metrics is up to date, and the dashboard asks only for what there is. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { METRIC_PARTS, type Metric } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { isRecord } from '../fields.ts'
import { metricsPage } from './metrics.ts'

const HERE = join(import.meta.dirname, '../..')
const METRICS: ReadonlyMap<string, Metric> = new Map(
  Object.values(METRIC_PARTS).flatMap((part) => Object.entries<Metric>(part)),
)

test('the page is what the tables make', async () => {
  await expect(metricsPage()).toMatchFileSnapshot(join(HERE, 'METRICS.md'))
})

test('each name stands once, and says what it is', () => {
  const names = Object.values(METRIC_PARTS).flatMap((part) => Object.keys(part))
  expect(new Set(names).size).toBe(names.length)
  for (const [name, { kind, unit, help }] of METRICS) {
    expect(name).toMatch(/^(lvsm|node_ipvs)_[a-z_]+$/)
    expect(name.endsWith('_total'), name).toBe(kind === 'counter')
    expect(help, name).toMatch(/^[A-Z].*\.$/)
    if (unit === 'seconds') expect(name).toMatch(/_seconds$/)
  }
})

const dashboard: unknown = JSON.parse(
  readFileSync(join(HERE, 'scripts/package/root/usr/share/lvsm/grafana-dashboard.json'), 'utf8'),
)
/** Every `expr` and every query of a variable, wherever they stand. */
function* queriesIn(value: unknown): Generator<string> {
  if (Array.isArray(value)) for (const one of value) yield* queriesIn(one)
  else if (isRecord(value))
    for (const [key, one] of Object.entries(value))
      if ((key === 'expr' || key === 'query' || key === 'definition') && typeof one === 'string') yield one
      else yield* queriesIn(one)
}
const rules = readFileSync(join(HERE, 'scripts/package/root/usr/share/lvsm/prometheus-rules.yml'), 'utf8')
const conditions = [...rules.matchAll(/^ *expr: (.+)$/gm)].map(([, expression = '']) => expression)
const queries = [
  ...[...queriesIn(dashboard)].filter((query) => query !== 'prometheus'),
  // What Prometheus itself says of those that it scrapes.
  ...conditions.filter((query) => !query.startsWith('up{')),
]
/** What stands for a metric in a query; a histogram has several names. */
const namesIn = (query: string): string[] =>
  [...query.matchAll(/\b(?:lvsm|node_ipvs)_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''))

test('dashboard and rules ask only for metrics that there are', () => {
  expect(conditions.length).toBeGreaterThan(9)
  expect(queries.length - conditions.length).toBeGreaterThan(12)
  expect(queries.filter((query) => namesIn(query).length === 0)).toEqual([])
  expect(queries.flatMap(namesIn).filter((name) => !METRICS.has(name))).toEqual([])
})

test('they ask by labels that they have', () => {
  const strange = queries.flatMap((query) =>
    [...query.matchAll(/\b((?:lvsm|node_ipvs)_[a-z_]+)\{([^}]*)\}/g)].flatMap(([, name = '', filter = '']) => {
      const known = METRICS.get(name.replace(/_(bucket|sum|count)$/, ''))?.labels ?? []
      return [...filter.matchAll(/([a-z_]+)(?:=|!)/g)]
        .map(([, label = '']) => label)
        .filter((label) => ![...known, 'instance', 'job', 'le'].includes(label))
        .map((label) => `${name}: ${label}`)
    }),
  )
  expect(strange).toEqual([])
})
