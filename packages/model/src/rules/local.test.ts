/** Directors that serve themselves: who may, by which address, and in whose table they are. */
import { expect, test } from 'vitest'
import { checkConfig } from '../check.ts'
import { SAMPLE } from '../sample.ts'
import { nodeView } from '../view.ts'

const RS1 = '- { node: rs1, address: 10.11.0.11, forward: dr, weight: 1 }'
const BOTH = SAMPLE.replaceAll('roles: [director]', 'roles: [director, realserver]')
const local = (...servers: string[]): string =>
  BOTH.replace(RS1, [RS1, ...servers.map((one) => `- { ${one}, forward: local }`)].join('\n      '))
const DIR1 = 'node: dir1, address: 10.11.0.1'
const DIR2 = 'node: dir2, address: 10.12.0.2'
const refusals = (text: string): string[] => {
  const checked = checkConfig(text)
  return (checked.refusals ?? []).map(({ code, message }) => `${code} ${message}`)
}

test('each director has itself in its own table, and no other director', () => {
  const { config } = checkConfig(local(DIR1, DIR2))
  const dests = (node: string) =>
    config && nodeView(config, node)?.services[0]?.realservers.map(({ node: name, forward }) => `${name} ${forward}`)
  expect(dests('dir1')).toEqual(['rs1 dr', 'dir1 local', 'rs2 dr', 'rs3 nat'])
  expect(dests('dir2')).toEqual(['rs1 dr', 'dir2 local', 'rs2 dr', 'rs3 nat'])
  // Nobody has it as an alias: its owner has the address, and nobody else answers for it.
  expect(config && nodeView(config, 'dir2')?.answersFor).toEqual([])
})

test('two that are both share the load: each serves itself by local delivery, and the other one by full NAT', () => {
  const both = local(DIR1, DIR2).replaceAll('forward: local', 'forward: fullnat')
  const { config, refusals } = checkConfig(both)
  if (!config) return expect(refusals).toEqual([])
  const dests = (node: string) =>
    nodeView(config, node)?.services[0]?.realservers.map(({ node: name, forward }) => `${name} ${forward}`)
  expect(dests('dir1')).toEqual(['rs1 dr', 'dir1 local', 'dir2 fullnat', 'rs2 dr', 'rs3 nat'])
  expect(dests('dir2')).toEqual(['rs1 dr', 'dir1 fullnat', 'dir2 local', 'rs2 dr', 'rs3 nat'])
  // What comes to the standby has no VIP in it, so that it needs none, and its fence lets it pass.
  expect(nodeView(config, 'dir2')?.answersFor).toEqual([])
  // Mixed: who is there for itself alone is in no other table.
  const mixed = checkConfig(both.replace(`${DIR1}, forward: fullnat`, `${DIR1}, forward: local`)).config
  const names = mixed && nodeView(mixed, 'dir2')?.services[0]?.realservers.map(({ node }) => node)
  expect(names).toEqual(['rs1', 'dir2', 'rs2', 'rs3'])
  // By what hands packets over with the VIP in them, no director is another one's realserver: what to use instead is said.
  expect(checkConfig(both.replace(`${DIR1}, forward: fullnat`, `${DIR1}, forward: dr`)).refusals?.[0]).toMatchObject({
    code: 'director-is-realserver',
    hint: 'use forward: fullnat or local, or a realserver that is no director of the group',
  })
})

test('who is no director of the group is refused, and so is an address that it has not all the time', () => {
  expect(refusals(local(DIR1, DIR2))).toEqual([])
  expect(refusals(SAMPLE.replace('address: 10.11.0.12, forward: dr', 'address: 10.11.0.12, forward: local'))).toEqual([
    expect.stringMatching(/^local-not-director "rs2" is no director of group "web": local delivery is/),
  ])
  expect(refusals(local('node: dir1, address: 10.11.0.77'))).toEqual([
    expect.stringMatching(/^local-address 10\.11\.0\.77 is no address of a link of "dir1"/),
  ])
  expect(refusals(local(`${DIR1}, port: 8080`))).toEqual([expect.stringMatching(/^port-change local delivery cannot/)])
  expect(refusals(BOTH.replace(RS1, `${RS1}\n      - { ${DIR1}, forward: dr }`))[0]).toMatch(/^director-is-realserver/)
})

test('a director under which nobody serves is warned about', () => {
  const alone = (...servers: string[]) =>
    local(...servers)
      .replaceAll(/ {6}- \{ node: rs\d, .*\n/g, '')
      .replace(/ {4}gateways: .*\n/, '')
  const codes = (text: string) => checkConfig(text).warnings?.map(({ code }) => code) ?? refusals(text)
  expect(codes(alone(DIR1))).toContain('nobody-serves-there')
  expect(codes(alone(DIR1, DIR2))).not.toContain('nobody-serves-there')
  expect(codes(local(DIR1))).not.toContain('nobody-serves-there')
})
