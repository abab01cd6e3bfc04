/** What is not done because the kernel refused a step before it. */
import type { ServiceId } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { Refusals } from './held-back.ts'
import { type Operation } from './operation.ts'

const HTTP: ServiceId = { protocol: 'tcp', address: '10.11.0.10', port: 80 }
const HTTPS: ServiceId = { ...HTTP, port: 443 }
const sysctl = (path: string, value: string): Operation => ({ kind: 'sysctl', path, value, was: '0', why: 'a test' })
const quiet = sysctl('net/ipv4/conf/all/arp_ignore', '1')
const loud = sysctl('net/ipv4/conf/all/arp_ignore', '0')
const alias = (kind: 'alias-add' | 'alias-remove', address: string): Operation => ({
  ...{ kind, address, prefix: address.includes(':') ? 128 : 32 },
  ...{ index: 1, label: 'lo:lvsm' },
})
const place = (kind: 'local-route-add' | 'local-route-remove', address: string): Operation => ({
  kind,
  address,
  index: 1,
})
const dummy: Operation = { kind: 'dummy-remove', name: 'lvsm-vips', index: 7 }
const rules: Operation = { kind: 'nat-rules', needs: null }
const comes: Operation = {
  ...{ kind: 'tunnel-add', name: 'lvsm-i0000000a', remote: '10.11.0.1' },
  device: { tunnel: 'ipip', family: 'ipv4' } as never,
}
const leaves: Operation = { kind: 'tunnel-remove', name: 'lvsm-i0000000a', index: 7 }
const gue = (kind: 'gue-open' | 'gue-close'): Operation => ({ kind, port: 6080, family: 'ipv4' }) as never
const daemon = (kind: 'sync-start' | 'sync-stop'): Operation => ({ kind, daemon: { state: 'master' } }) as never
const dest = (kind: 'dest-add' | 'dest-edit', last: number, weight: number, service = HTTP): Operation => ({
  ...{ kind, service },
  dest: { address: `10.11.0.${last}`, port: 80, forward: 'dr', weight },
})
const removed = (last: number, service = HTTP): Operation => ({
  ...{ kind: 'dest-remove', service },
  ...{ address: `10.11.0.${last}`, port: 80 },
})
const service: Operation = { kind: 'service-add', service: HTTP, spec: { scheduler: 'rr', flags: [] } }

describe('refused', () => {
  it.each<[why: string, refused: Operation, plan: readonly Operation[], held: readonly number[]]>([
    [
      'an ARP setting: no alias of IPv4, which nobody asks for by ARP in IPv6',
      quiet,
      [quiet, alias('alias-add', '10.11.0.10'), alias('alias-add', 'fd00::10'), rules, dest('dest-add', 11, 1)],
      [1],
    ],
    [
      'another setting: nothing waits for it',
      sysctl('net/ipv4/conf/all/send_redirects', '0'),
      [sysctl('net/ipv4/conf/all/send_redirects', '0'), alias('alias-add', '10.11.0.10'), comes, daemon('sync-start')],
      [],
    ],
    [
      'the number of ports of synchronisation: its daemons go on as they are',
      sysctl('net/ipv4/vs/sync_ports', '1'),
      [sysctl('net/ipv4/vs/sync_ports', '1'), daemon('sync-stop'), daemon('sync-start')],
      [1, 2],
    ],
    [
      'an alias that leaves: ARP stays silent',
      alias('alias-remove', '10.11.0.10'),
      [alias('alias-remove', '10.11.0.10'), loud],
      [1],
    ],
    [
      'an ARP setting: no local route of IPv4 either',
      quiet,
      [quiet, place('local-route-add', '10.11.0.10'), place('local-route-add', 'fd00::10')],
      [1],
    ],
    [
      'a local route that leaves, or the device of aliases: ARP stays silent',
      place('local-route-remove', '10.11.0.10'),
      [place('local-route-remove', '10.11.0.10'), loud],
      [1],
    ],
    ['the device of aliases: the same', dummy, [dummy, loud], [1]],
    [
      'an alias that leaves: its device stays, and ARP silent',
      alias('alias-remove', '10.11.0.10'),
      [alias('alias-remove', '10.11.0.10'), dummy, loud],
      [1, 2],
    ],
    [
      'a VIP that comes elsewhere: it stays where it is, and others go',
      place('local-route-add', '10.11.0.10'),
      [
        place('local-route-add', '10.11.0.10'),
        alias('alias-remove', '10.11.0.10'),
        alias('alias-remove', '10.11.0.20'),
      ],
      [1],
    ],
    [
      'rules: nothing that they guard opens',
      rules,
      [rules, daemon('sync-stop'), daemon('sync-start'), comes, gue('gue-open')],
      [2, 3, 4],
    ],
    ['a tunnel that leaves: its guard stays', leaves, [leaves, rules], [1]],
    [
      'a port of GUE that closes: its guard stays, and nothing opens that new rules would guard',
      gue('gue-close'),
      [gue('gue-close'), rules, comes],
      [1, 2],
    ],
    [
      'backup_only: no daemon beside it',
      sysctl('net/ipv4/vs/backup_only', '0'),
      [sysctl('net/ipv4/vs/backup_only', '0'), daemon('sync-start')],
      [1],
    ],
    [
      'a service: nothing of it is tried',
      service,
      [service, dest('dest-add', 11, 1), dest('dest-add', 11, 1, HTTPS)],
      [1],
    ],
    [
      'who was to serve: who leaves stays, with its weight; who failed does not, nor do others',
      dest('dest-add', 13, 1),
      [
        ...[dest('dest-add', 13, 1), dest('dest-edit', 12, 0), dest('dest-edit', 11, 0), removed(11)],
        ...[dest('dest-edit', 11, 0, HTTPS), removed(11, HTTPS)],
      ],
      [2, 3],
    ],
    [
      'who was to serve: who has no weight any more goes',
      dest('dest-add', 13, 1),
      [dest('dest-add', 13, 1), dest('dest-edit', 12, 0), removed(11)],
      [],
    ],
    ['who leaves: nobody else minds', removed(11), [removed(11), dest('dest-edit', 12, 0), removed(13)], []],
  ])('%s', (_, refused, plan, held) => {
    const refusals = new Refusals(plan)
    expect(plan.filter((one) => refusals.holdsBack(one))).toEqual([])
    refusals.add(refused)
    expect(plan.flatMap((one, at) => (at > 0 && refusals.holdsBack(one) ? [at] : []))).toEqual(held)
  })
})
