import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { kernel, planInput, viewOf } from './fixture.ts'
import { desired, type DroppingChain, forwardsAnswers, NOTHING_OWNED, troublesOf } from './index.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const BY_NAT = viewOf(configOf(SAMPLE), 'dir1')
const BY_DR = viewOf(configOf(SAMPLE.replace(/ {6}- \{ node: rs3[^\n]*\n/, '')), 'dir1')
const said = (dropping: readonly DroppingChain[] | undefined, view = BY_NAT) => {
  const now = kernel(dropping === undefined ? {} : { dropping })
  return troublesOf(view, desired(planInput('dir1', { view }), now), now, NOTHING_OWNED).filter(
    ({ code }) => code === 'forward-dropped',
  )
}
const chain = (...families: DroppingChain['families']): DroppingChain => ({
  ...{ families, family: families.length > 1 ? 'inet' : 'ip', table: 'filter', chain: 'FORWARD' },
})

test('who hands anything on by NAT wants to know', () => {
  expect(forwardsAnswers(BY_NAT)).toBe(true)
  expect(forwardsAnswers(BY_DR)).toBe(false)
  expect(forwardsAnswers(viewOf(configOf(SAMPLE), 'rs3')), 'answers leave a realserver, and are not forwarded').toBe(
    false,
  )
})
test('a chain that drops all that is forwarded is one trouble, where answers of its family pass it', () => {
  expect(said(undefined)).toEqual([])
  expect(said([])).toEqual([])
  expect(said([chain('ipv4')])).toMatchObject([
    {
      object: 'chain ip filter FORWARD',
      severity: 'critical',
      message: expect.stringContaining('all that dir1 forwards'),
    },
  ])
  expect(said([chain('ipv4', 'ipv6')])).toHaveLength(1)
  expect(said([chain('ipv6')])).toEqual([])
  expect(said([chain('ipv4')], BY_DR)).toEqual([])
})
