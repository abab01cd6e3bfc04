/** What a scheduler makes of a realserver that takes no new connections, and what is said of it. */
import { describe, expect, it } from 'vitest'
import { checkConfig, kernelFlags, refusesAtZero, SAMPLE, SCHEDULERS, specOf } from '../index.ts'

const by = (scheduler: string, text = SAMPLE): string =>
  text.replace('scheduler: wrr', `scheduler: ${scheduler.replace(' ', '\n    scheduler-flags: ')}`)
const first = (scheduler: string) => {
  const { config, refusals } = checkConfig(by(scheduler))
  if (!config?.services[0]) throw new Error(JSON.stringify(refusals))
  return config.services[0]
}
const refusals = (text: string) => (checkConfig(text).refusals ?? []).map(({ code, field }) => `${code} ${field}`)
const warnings = (text: string) => (checkConfig(text).warnings ?? []).map(({ code, field }) => `${code} ${field}`)
const withServer = (more: string) =>
  SAMPLE.replace('address: 10.11.0.11, forward: dr, weight: 1', `address: 10.11.0.11, forward: dr, ${more}`)

describe('clients of a realserver that takes nobody', () => {
  it('go to another one where the scheduler can send them there, unless that is refused by name', () => {
    expect(specOf(first('sh')).flags).toEqual(['sh-fallback'])
    expect(specOf(first('mh [mh-port]')).flags).toEqual(['mh-fallback', 'mh-port'])
    expect(specOf(first('sh [no-fallback, sh-port]')).flags).toEqual(['sh-port'])
    expect(first('sh [no-fallback, sh-port]').schedulerFlags).toEqual(['sh-port', 'no-fallback'])
    expect(specOf(first('wlc')).flags).toEqual([])
  })
  it('are refused by dh, and by others where it is said so', () => {
    const refusing = Object.keys(SCHEDULERS).filter((scheduler) => refusesAtZero({ scheduler, schedulerFlags: [] }))
    expect(refusing).toEqual(['dh'])
    expect(refusesAtZero(first('mh [no-fallback]'))).toBe(true)
    expect(kernelFlags({ scheduler: 'of somebody else', schedulerFlags: [] })).toEqual([])
  })
  it('are counted out by no threshold then', () => {
    const full = withServer('weight: 1, upper-threshold: 100')
    const at = 'threshold-refuses services[0].realservers[0].upper-threshold'
    expect([refusals(by('dh', full)), refusals(by('sh [no-fallback]', full))]).toEqual([[at], [at]])
    expect([refusals(by('sh', full)), refusals(by('wlc', full))]).toEqual([[], []])
  })
  it('are warned about at weight 0', () => {
    const zero = withServer('weight: 0')
    expect(warnings(by('dh', zero))).toContain('weight-zero-refuses services[0].realservers[0].weight')
    expect(warnings(by('sh', zero)).join()).not.toContain('weight-zero-refuses')
  })
})

it('knows one word for no fallback, and only where there is one', () => {
  expect(refusals(by('dh [no-fallback]'))).toEqual(['unknown-flag services[0].scheduler-flags[0]'])
  expect(refusals(by('sh [no-fallback, sh-fallback]'))).toEqual(['flags-contradict services[0].scheduler-flags[0]'])
})

it('says that slow-start changes nothing where weights are no shares', () => {
  const slow = SAMPLE.replace('rise: 2', 'rise: 2, slow-start: 30s').replaceAll('weight: 1', 'weight: 10')
  const code = 'slow-start-unweighted services[0].check.slow-start'
  const warned = Object.keys(SCHEDULERS).filter((scheduler) => warnings(by(scheduler, slow)).includes(code))
  expect(warned).toEqual(['rr', 'lc', 'fo'])
})
