import { describe, expect, it } from 'vitest'
import { kernel, record } from './fixture.ts'
import { audit, type Operation } from './index.ts'

describe('the audit', () => {
  const sight = {
    observed: kernel({
      services: [
        {
          protocol: 'tcp',
          address: '10.11.0.10',
          port: 80,
          scheduler: 'rr',
          dests: [{ address: '10.11.0.11', port: 80, forward: 'dr', weight: 1, active: 0, inactive: 0 }],
        },
      ],
      addresses: [{ index: 3, address: '10.11.0.11', prefix: 24, label: 'outside' }],
    }),
    owned: record,
    held: new Set(['10.11.0.10']),
  }
  const service = { protocol: 'tcp', address: '10.11.0.10', port: 80 }
  const dest = { address: '10.11.0.11', port: 80, forward: 'dr' as const, weight: 1 }
  it.each<[string, Operation[]]>([
    ['a destination removed before weight 0', [{ kind: 'dest-remove', service, address: '10.11.0.11', port: 80 }]],
    [
      'a service deleted and added',
      [
        { kind: 'service-remove', service },
        { kind: 'service-add', service, scheduler: 'rr' },
      ],
    ],
    ['a service added that is there', [{ kind: 'service-add', service, scheduler: 'rr' }]],
    ['a foreign service removed', [{ kind: 'service-remove', service: { ...service, port: 81 } }]],
    ['a destination without service', [{ kind: 'dest-add', service: { ...service, port: 81 }, dest }]],
    [
      'a foreign address removed',
      [{ kind: 'alias-remove', address: '10.11.0.11', prefix: 24, index: 3, label: 'outside' }],
    ],
    [
      'an alias with a wide mask',
      [{ kind: 'alias-add', address: '10.11.0.10', prefix: 24, index: 1, label: 'lo:lvsm' }],
    ],
    ['a sysctl of others', [{ kind: 'sysctl', path: 'net/ipv4/vs/conntrack', value: '1', was: '0', why: '' }]],
    [
      'a guard against its own address',
      [
        {
          kind: 'guard',
          needs: {
            answers: [{ address: '10.11.0.10', port: 80, protocol: 'tcp' }],
            masquerade: [],
            handover: [],
            silent: [],
          },
        },
      ],
    ],
    ['a foreign route removed', [{ kind: 'route-remove', gateway: '10.12.0.1', index: 2, protocol: 3 }]],
    [
      'a service emptied for a moment',
      [
        { kind: 'dest-edit', service, dest: { ...dest, weight: 0 } },
        { kind: 'dest-add', service, dest: { ...dest, address: '10.11.0.12' } },
      ],
    ],
  ])('refuses %s', (_, plan) => expect(audit(plan, sight)).not.toEqual([]))
})
