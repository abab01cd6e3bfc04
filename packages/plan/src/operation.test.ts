import { describe, expect, it } from 'vitest'
import { describeOperation, type NatRules, type Operation } from './index.ts'

const service = { protocol: 'tcp', address: '10.11.0.10', port: 80 } as const
const dest = { address: '10.11.0.11', port: 8080, forward: 'nat', weight: 3 } as const
const alias = { address: '10.11.0.20', prefix: 32, index: 1, label: 'lo:lvsm' }
const NEEDS: NatRules = { untranslated: [], masquerade: [], handover: [], suppressRst: [] }
const PLACE = ['tcp 10.11.0.10:80', '10.11.0.11:8080']

/** What the line of the history must say: the verb, and everything by which an operator finds the thing. */
const OPERATIONS: readonly [operation: Operation, verb: string, names: readonly string[]][] = [
  [
    { kind: 'sysctl', path: 'net/ipv4/ip_forward', value: '1', was: '0', why: 'NAT' },
    'sysctl',
    ['net/ipv4/ip_forward', '0 → 1', 'NAT'],
  ],
  [{ kind: 'sysctl', path: 'net/ipv4/ip_forward', value: '1', was: null, why: 'NAT' }, 'sysctl', ['? → 1']],
  [{ kind: 'nat-rules', needs: NEEDS }, 'load', ['NAT rules']],
  [{ kind: 'nat-rules', needs: null }, 'remove', ['NAT rules']],
  [
    { kind: 'service-add', service, spec: { scheduler: 'wlc', flags: [] } },
    'add',
    ['service tcp 10.11.0.10:80', 'wlc'],
  ],
  [{ kind: 'service-remove', service: { fwmark: 7, family: 'ipv6' } }, 'remove', ['service fwmark 7 ipv6']],
  [
    { kind: 'service-edit', service, spec: { scheduler: 'wlc', flags: [] } },
    'edit',
    ['service tcp 10.11.0.10:80', 'wlc'],
  ],
  [
    { kind: 'service-add', service, spec: { scheduler: 'sh', flags: ['sh-fallback', 'sh-port'] } },
    'add',
    ['sh (sh-fallback, sh-port)'],
  ],
  [{ kind: 'service-remove', service }, 'remove', ['service tcp 10.11.0.10:80']],
  [{ kind: 'dest-add', service, dest }, 'add', [...PLACE, 'nat', 'weight 3']],
  [{ kind: 'dest-edit', service, dest }, 'edit', [...PLACE, 'nat', 'weight 3']],
  [{ kind: 'dest-remove', service, address: dest.address, port: dest.port }, 'remove', PLACE],
  [{ kind: 'dest-flush', service, address: dest.address, port: dest.port }, 'forget', PLACE],
  [{ kind: 'route-set', gateway: '10.12.0.254', index: 2 }, 'default', ['10.12.0.254']],
  [{ kind: 'route-remove', gateway: '10.12.0.254', index: 2, protocol: 76 }, 'remove', ['default', '10.12.0.254']],
  [{ kind: 'route-remove', gateway: null, index: 2, protocol: 76 }, 'remove', ['default', 'the wire']],
  [{ kind: 'alias-add', ...alias }, 'add', ['10.11.0.20/32', 'lo:lvsm']],
  [{ kind: 'alias-remove', ...alias }, 'remove', ['10.11.0.20/32', 'lo:lvsm']],
]

describe('the line of an operation', () => {
  it.each(OPERATIONS)('%o says what is done to what', (operation, verb, names) => {
    const line = describeOperation(operation)
    expect(line.split(' ')[0]).toBe(verb)
    for (const name of names) expect(line).toContain(name)
    expect(line).not.toMatch(/undefined|null|\n/)
  })
})
