import { expect, test } from 'vitest'
import { agreementDigests, differences, disagreements } from './agreement.ts'
import { checkConfig } from './check.ts'
import type { Config } from './config.ts'
import { SAMPLE } from './sample.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const ONE = configOf(SAMPLE)

test.each<[string, (text: string) => string, string[]]>([
  ['nothing', (text) => text, []],
  ['a port of a realserver', (text) => text.replace('port: 8080', 'port: 8081'), ['realservers']],
  ['a scheduler', (text) => text.replace(/scheduler: \w+/, 'scheduler: lc'), ['schedulers']],
  ['how long a lease lasts', (text) => text.replace(/lease: \w+/, 'lease: 400ms'), ['timing']],
])('another file differs in %s', (_, change, subjects) => {
  const other = configOf(change(SAMPLE))
  expect(change(SAMPLE) === SAMPLE, 'the sample has it').toBe(subjects.length === 0)
  expect(differences(agreementDigests(ONE), agreementDigests(other))).toEqual(subjects)
})

test('the order of realservers is none of their differences', () => {
  const services = ONE.services.map((service) => ({ ...service, realservers: service.realservers.toReversed() }))
  expect(differences(agreementDigests(ONE), agreementDigests({ ...ONE, services }))).toEqual([])
})

test('an older agent says nothing of what clients get: that is no difference; of votes it is', () => {
  const { services: _, schedulers: _1, realservers: _2, checks: _3, ...older } = agreementDigests(ONE)
  expect(differences(agreementDigests(ONE), older)).toEqual([])
  const { timing: _4, ...less } = older
  expect(disagreements(agreementDigests(ONE), less)).toEqual(['timing'])
})
