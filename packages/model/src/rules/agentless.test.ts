/** Realservers where no agent runs: they are no nodes, and nothing but their checks tells of them. */
import { expect, test } from 'vitest'
import { checkConfig } from '../check.ts'
import { SAMPLE } from '../sample.ts'
import { nodeView, ownershipView } from '../view.ts'

const RS1 = '- { node: rs1, address: 10.11.0.11, forward: dr, weight: 1 }'
const beside = (...servers: string[]): string =>
  SAMPLE.replace(RS1, [RS1, ...servers.map((one) => `- { ${one} }`)].join('\n      '))
const OLD = 'node: old1, address: 10.11.0.31, forward: dr, agent: false'
const refusals = (text: string): string[] =>
  (checkConfig(text).refusals ?? []).map(({ code, message, hint }) => `${code} ${message}: ${hint}`)

test('it is in the tables of directors, and a node nowhere', () => {
  const { config, refusals: none } = checkConfig(beside(OLD))
  expect(none).toBeUndefined()
  if (!config) throw new Error('no configuration')
  expect(config.nodes.map(({ name }) => name)).not.toContain('old1')
  expect(nodeView(config, 'dir1')?.services[0]?.realservers).toContainEqual(
    expect.objectContaining({ node: 'old1', address: '10.11.0.31', agent: false }),
  )
  expect(nodeView(config, 'old1')).toBeNull()
  expect(JSON.stringify(ownershipView(config, new Map(), () => 0, 'dir1'))).not.toContain('old1')
})

test.each(['agent: true', ''])('where one runs, it is a node: %s', (said) => {
  const text = beside(OLD.replace('agent: false', said).replace(/, $/, ''))
  expect(refusals(text)).toEqual([
    expect.stringMatching(/^unknown-node there is no node "old1": .*; of a machine where no agent .*: false/),
  ])
  expect(refusals(SAMPLE.replace(RS1, RS1.replace(' }', `${said === '' ? '' : `, ${said}`} }`)))).toEqual([])
})

test('a node of the cluster is refused as one, whatever it serves', () => {
  expect(refusals(SAMPLE.replace(RS1, RS1.replace(' }', ', agent: false }')))).toEqual([
    expect.stringMatching(
      /^node-without-agent "rs1" is a node of this cluster, and an agent runs on each of them: in service=http it .*: take .*; of a machine that is to join: lvsm server remove rs1 service=http, /,
    ),
  ])
  expect(refusals(beside('node: dir1, address: 10.11.0.1, forward: local, agent: false'))).toEqual([
    expect.stringMatching(/^node-without-agent "dir1"/),
  ])
})

test('an address is that of one machine', () => {
  expect(refusals(beside(OLD.replace('10.11.0.31', '10.11.0.12')))[0]).toMatch(/^address-of-other-node 10\.11\.0\.12 /)
  expect(refusals(beside(OLD, OLD.replace('old1', 'old2')))[0]).toMatch(/^(address-of-other-node|duplicate)/)
})

test('nobody serves locally where no agent runs', () => {
  expect(refusals(beside(OLD.replace('forward: dr', 'forward: local')))[0]).toMatch(/^local-not-director "old1"/)
})

test('of its address nothing is said but where it lies in no network of the file: its links are known to nobody', () => {
  const said = (text: string): string[] =>
    (checkConfig(text).warnings ?? []).map(({ code, message, hint }) => `${code}: ${message} → ${hint}`)
  const usual = said(SAMPLE)
  expect(said(beside(OLD))).toEqual(usual)
  expect(said(beside(OLD.replace('10.11.0.31', '192.0.2.31'))).filter((one) => !usual.includes(one))).toEqual([
    expect.stringMatching(
      /^no-known-network: 192\.0\.2\.31 of "old1" lies in no network of the file → if routers lead there/,
    ),
  ])
})
