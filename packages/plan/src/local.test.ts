/** Two machines that are directors and realservers both, as text: what each has in its table, and what a move changes. */
import { checkConfig, SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { kernel, planInput, stepOf, viewOf } from './fixture.ts'
import type { PlanInput } from './index.ts'

const { config } = checkConfig(
  SAMPLE.replaceAll('roles: [director]', 'roles: [director, realserver]')
    .replaceAll(/ {6}- \{ node: rs[23], .*\n/g, '')
    .replace(/ {4}gateways: .*\n/, '')
    .concat(
      '      - { node: dir1, address: 10.11.0.1, forward: local }\n      - { node: dir2, address: 10.11.0.2, forward: local }\n',
    ),
)
if (!config) throw new Error('the configuration is refused')
const input = (node: string, more: Partial<PlanInput> = {}): PlanInput =>
  planInput(node, {
    view: viewOf(config, node),
    serving: new Map([['http', new Set(['10.11.0.11:80', '10.11.0.1:80', '10.11.0.2:80'])]]),
    ...more,
  })

test('owner and standby: each has itself, neither the other, and no alias that would answer or loop', () => {
  expect(stepOf(kernel(), input('dir1', { owned: new Set(['web']) })).text).toBe(
    [
      'add service tcp 10.11.0.10:80 wrr',
      'add 10.11.0.11:80 dr weight 1 in tcp 10.11.0.10:80',
      'add 10.11.0.1:80 local weight 1 in tcp 10.11.0.10:80',
    ].join('\n'),
  )
  expect(stepOf(kernel(), input('dir2')).text).toBe(
    [
      'add service tcp 10.11.0.10:80 wrr',
      'add 10.11.0.11:80 dr weight 1 in tcp 10.11.0.10:80',
      'add 10.11.0.2:80 local weight 1 in tcp 10.11.0.10:80',
    ].join('\n'),
  )
})

test('before a move its own server takes no new connections, where another one serves', () => {
  const { after } = stepOf(kernel(), input('dir1', { owned: new Set(['web']) }))
  expect(stepOf(after, input('dir1', { owned: new Set(['web']), quiescing: new Set(['web']) })).text).toBe(
    'edit 10.11.0.1:80 local weight 0 in tcp 10.11.0.10:80',
  )
})

test('what is as it should be needs nothing: the kernel says local, too', () => {
  const { after } = stepOf(kernel(), input('dir1'))
  expect(after.services?.[0]?.dests.map(({ forward }) => forward)).toEqual(['dr', 'local'])
  expect(stepOf(after, input('dir1')).text).toBe('')
})
