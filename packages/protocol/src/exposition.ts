/** Samples as text that Prometheus reads: its text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
import { COORDINATOR_METRICS } from './coordinator-metrics.ts'
import { DELAY_BOUNDS_MS, type DelayReport } from './delays.ts'
import { METRICS, type Metric, type Sample } from './metrics.ts'
import { NODE_METRICS } from './node-metrics.ts'

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
/** Who has each: both, every node, coordinators. */
export const METRIC_PARTS = { common: METRICS, node: NODE_METRICS, coordinator: COORDINATOR_METRICS } as const
const ALL: Readonly<Record<string, Metric>> = { ...METRICS, ...NODE_METRICS, ...COORDINATOR_METRICS }

/** Each metric in one piece, in the order of the tables; those without a sample are left out. */
export function expositionOf(
  samples: readonly Sample[],
  histograms: Readonly<Record<string, DelayReport>> = {},
): string {
  const told = new Map(Object.keys(ALL).map((name) => [name, [] as string[]]))
  for (const { metric, labels, value } of samples) told.get(metric)?.push(line(metric, labels, value))
  const lines = Object.entries(ALL).flatMap(([name, { kind, help }]) => {
    const delays = Object.hasOwn(histograms, name) ? histograms[name] : undefined
    const own = told.get(name) ?? []
    const all = [...own, ...(delays ? histogramLines(name, delays) : [])]
    return all.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...all]
  })
  return `${lines.join('\n')}\n`
}

function histogramLines(name: string, { counts, sumMs }: DelayReport): string[] {
  let sum = 0
  const buckets = counts.map((count, at) => {
    sum += count
    const bound = DELAY_BOUNDS_MS[at]
    return line(`${name}_bucket`, { le: bound === undefined ? '+Inf' : String(bound / 1000) }, sum)
  })
  return [...buckets, line(`${name}_sum`, {}, sumMs / 1000), line(`${name}_count`, {}, sum)]
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const words = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${words.length === 0 ? '' : `{${words.join(',')}}`} ${value}`
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
const escaped = (text: string): string => text.replace(/[\\"\n]/g, (one) => ESCAPES[one] ?? one)
