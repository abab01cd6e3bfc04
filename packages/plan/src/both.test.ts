/** Two machines that are both and share the load, as text: what each has in its table, what becomes of it with a move, and that nothing can go round. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { kernel, planInput, stepOf, viewOf } from './fixture.ts'
import { claim, desired, NOTHING_OWNED, type Observed, type PlanInput } from './index.ts'

const { config } = checkConfig(
  SAMPLE.replaceAll('roles: [director]', 'roles: [director, realserver]')
    .replaceAll(/ {6}- \{ node: rs\d, .*\n/g, '')
    .replace(/ {4}gateways: .*\n/, '')
    .concat(
      '      - { node: dir1, address: 10.11.0.1, forward: fullnat }\n      - { node: dir2, address: 10.11.0.2, forward: fullnat }\n',
    ),
)
if (!config) throw new Error('the configuration is refused')
const record = claim(NOTHING_OWNED, config.services)
const BOTH = ['10.11.0.1:80', '10.11.0.2:80']
const input = (node: string, more: Partial<PlanInput> = {}): PlanInput =>
  planInput(node, { view: viewOf(config, node), serving: new Map([['http', new Set(BOTH)]]), ...more })
/** The kernel of one of them, with its own addresses. */
const kernelOf = (node: string): Observed => {
  const now = kernel()
  const last = node.slice(-1)
  return {
    ...now,
    addresses: now.addresses.map((one) =>
      one.label === 'inside' || one.label === 'outside'
        ? { ...one, address: one.address.replace(/\.\d+$/, `.${last}`) }
        : one,
    ),
  }
}
const plan = (now: Observed, wanted: PlanInput) => stepOf(now, wanted, record)

test('each has itself locally and the other one by NAT; the owner has no more than the standby, so that a move changes nothing', () => {
  const tables = {
    dir1: [
      'add service tcp 10.11.0.10:80 wrr',
      'add 10.11.0.1:80 local weight 1 in tcp 10.11.0.10:80',
      'add 10.11.0.2:80 nat weight 1 in tcp 10.11.0.10:80',
    ],
    dir2: [
      'add service tcp 10.11.0.10:80 wrr',
      'add 10.11.0.1:80 nat weight 1 in tcp 10.11.0.10:80',
      'add 10.11.0.2:80 local weight 1 in tcp 10.11.0.10:80',
    ],
  }
  for (const [node, table] of Object.entries(tables)) {
    const { text, after } = plan(kernelOf(node), input(node))
    expect(text).toBe(table.join('\n'))
    expect(plan(after, input(node, { owned: new Set(['web']) })).text).toBe('')
  }
})

test('what goes to the other one has an address of this one as its source; what it delivers to itself is left as it is', () => {
  const sources = (node: string) => desired(input(node), kernelOf(node)).natRules?.sources
  const rule = { vip: '10.11.0.10', protocol: 'tcp', ports: { from: 80, to: 80 } }
  expect(sources('dir1')).toEqual([{ ...rule, address: '10.11.0.2', source: '10.11.0.1' }])
  expect(sources('dir2')).toEqual([{ ...rule, address: '10.11.0.1', source: '10.11.0.2' }])
})

test('no packet for a VIP goes from director to director, and no address of a director is that of a service', () => {
  const services = ['dir1', 'dir2'].flatMap((node) => desired(input(node), kernelOf(node)).services)
  const toOther = services.flatMap(({ dests }) => dests.filter(({ forward }) => forward !== 'local'))
  expect(toOther.map(({ forward }) => forward)).toEqual(['nat', 'nat'])
  const asked = new Set(services.map((service) => ('address' in service ? service.address : '')))
  expect(toOther.filter(({ address }) => asked.has(address))).toEqual([])
})

test('the other one is gone: this one serves alone, and takes it in again', () => {
  const { after } = plan(kernelOf('dir1'), input('dir1', { owned: new Set(['web']) }))
  const alone = plan(
    after,
    input('dir1', { owned: new Set(['web']), serving: new Map([['http', new Set(['10.11.0.1:80'])]]) }),
  )
  expect(alone.text).toBe(
    'edit 10.11.0.2:80 nat weight 0 in tcp 10.11.0.10:80\nremove 10.11.0.2:80 from tcp 10.11.0.10:80',
  )
  expect(plan(alone.after, input('dir1', { owned: new Set(['web']) })).text).toBe(
    'add 10.11.0.2:80 nat weight 1 in tcp 10.11.0.10:80',
  )
})

test('before a move nobody is set to weight 0, because nobody would be left', () => {
  const { after } = plan(kernelOf('dir1'), input('dir1', { owned: new Set(['web']) }))
  expect(plan(after, input('dir1', { owned: new Set(['web']), quiescing: new Set(['web']) })).text).toBe('')
})
