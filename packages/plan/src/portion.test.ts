import { describe, expect, test } from 'vitest'
import type { Operation } from './operation.ts'
import { portion } from './portion.ts'

const added = (port: number, dests: number): Operation[] => {
  const service = { protocol: 'tcp', address: '10.0.0.1', port } as const
  return [
    { kind: 'service-add', service, spec: { scheduler: 'rr', flags: [] } },
    ...Array.from({ length: dests }, (_, at): Operation => {
      const dest = { address: `10.0.1.${at + 1}`, port, forward: 'dr', weight: 1 } as const
      return { kind: 'dest-add', service, dest }
    }),
  ]
}
const plan = [added(80, 9), added(81, 9), added(82, 9), added(83, 9)].flat()

describe('as much of a plan as one step carries out', () => {
  test('a small plan is one step', () => {
    expect(portion(plan, [], plan.length)).toBe(plan)
  })
  test('a large one has its beginning carried out, and no service in parts', () => {
    expect(portion(plan, [], 11)).toEqual(plan.slice(0, 20))
    expect(portion(plan, [], 10)).toEqual(plan.slice(0, 10))
    expect(portion(plan, [], 1)).toEqual(plan.slice(0, 10))
  })
  test('what was refused before, and what was held back with it, keeps nothing else from its turn', () => {
    const [first] = plan
    if (!first) throw new Error('a plan has a beginning')
    expect(portion(plan, [{ operation: first }], 10)).toEqual(plan.slice(0, 20))
  })
  test('settings count one by one', () => {
    const settings = Array.from(
      { length: 5 },
      (_, at): Operation => ({
        kind: 'sysctl',
        path: `net/ipv4/conf/eth${at}/arp_ignore`,
        value: '1',
        was: '0',
        why: '',
      }),
    )
    expect(portion(settings, [], 3)).toEqual(settings.slice(0, 3))
  })
})
