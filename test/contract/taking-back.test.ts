/** A realserver's kernel, as it was before it had a part in a cluster, as it is then, and as it is when that is over: the real one, with `ip` and `nft` as judges. */
import { inNamespace } from '@lvsm/kernel'
import { checkConfig, nodeView, SAMPLE } from '@lvsm/model'
import {
  desired,
  diff,
  natRulesText,
  NOTHING_OWNED,
  type NatRules,
  type OwnedRecord,
  readRecord,
  rememberSettings,
  writeRecord,
} from '@lvsm/plan'
import { nftables, rtnetlink } from '@lvsm/netlink'
import { afterAll, expect, it } from 'vitest'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { openNatRules } from '../../agent/node/adapters/kernel/nat-rules.ts'
import { removeOwnTables } from '../../agent/node/adapters/kernel/own-tables.ts'
import { readSources } from '../../agent/node/adapters/kernel/sources.ts'
import { giveBack } from '../../agent/node/giving-back.ts'
import type { Kernel } from '../../agent/node/ports.ts'
import { filter, ip, route, run, space, wait } from './space.ts'

const VIP6 = '2001:db8:11::10'
const { config } = checkConfig(`${SAMPLE.replace('vips: [10.11.0.10/24]', `vips: [10.11.0.10/24, ${VIP6}/64]`)}
  - name: http6
    group: web
    address: ${VIP6}
    port: 80
    protocol: tcp
    scheduler: wrr
    realservers: [{ node: rs1, address: "2001:db8:11::11", forward: dr }]
`)
const view = config && nodeView(config, 'rs1')
if (!view) throw new Error('the file has faults')

ip('address add 10.12.0.11/24 dev left')
ip('address add 10.11.0.11/24 dev right')
ip('address add 192.0.2.9/32 dev lo')
const inside = (...words: string[]): string => run('ip', 'netns', 'exec', space, ...words)
// What clients come by is not what answers leave by, and the kernel is strict.
ip('route add default via 10.12.0.1')
inside('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=1', 'net.ipv4.conf.right.rp_filter=0')
const opened = inNamespace(space, openKernel)
afterAll(() => opened.close())
/** Files below /proc/sys/net are those of the namespace in which they are opened: each call is made inside. */
const kernel: Pick<Kernel, 'observe' | 'apply'> = {
  observe: (wanted) => inNamespace(space, () => opened.observe(wanted)),
  apply: (operation) => inNamespace(space, () => opened.apply(operation)),
}

const seen = (): string =>
  [
    run('ip', '-n', space, '-o', 'address').replaceAll(/ +(valid_lft|preferred_lft) \S+/g, ''),
    run('ip', '-n', space, 'route'),
    inside('sysctl', '-a', '--pattern', '^net.ipv4.conf.*(arp_|rp_filter|redirects)'),
    inside('nft', 'list', 'tables'),
  ].join('\n')

/** One look after the other, as the agent does it. */
function settle(before: OwnedRecord): { readonly record: OwnedRecord; readonly done: readonly string[] } {
  let record = before
  const done: string[] = []
  let paths: readonly string[] = []
  for (let look = 0; look < 4; look++) {
    const observed = kernel.observe({ sysctls: paths, services: false })
    const input = { owned: new Set<string>(), serving: new Map(), draining: new Map(), quiescing: new Set<string>() }
    const wanted = desired({ view: view ?? never(), ...input, handover: new Map(), flushing: new Set() }, observed)
    const isRead = wanted.sysctls.every(({ path }) => observed.sysctls.has(path))
    paths = wanted.sysctls.map(({ path }) => path)
    if (!isRead) continue
    const plan = diff(observed, wanted, record)
    record = readRecord(writeRecord(rememberSettings(record, observed, wanted, plan)))
    for (const operation of plan) {
      expect([operation, kernel.apply(operation)]).toEqual([operation, null])
      done.push(operation.kind)
    }
  }
  return { record, done }
}
const never = (): never => {
  throw new Error('no view')
}
const setting = (name: string): string => inside('sysctl', '-n', `net.ipv4.conf.${name}`).trim()

it('a realserver leaves a kernel as it was before', async () => {
  // The kernel looks for duplicates of the links' own addresses for a second or two.
  await wait(() => !seen().includes('tentative'))
  const before = seen()
  const { record, done } = settle(NOTHING_OWNED)
  expect(done).toContain('alias-add')
  expect([setting('right.rp_filter'), setting('left.rp_filter'), setting('all.arp_ignore')]).toEqual(['2', '0', '1'])
  expect(run('ip', '-n', space, '-o', 'address', 'show', 'dev', 'lo')).toMatch(
    /10\.11\.0\.10\/32[^]*2001:db8:11::10\/128/,
  )

  // Somebody makes the alias of IPv6 one that may be a source.
  const spec = { index: 1, local: VIP6, prefix: 128, protocol: 76, validSeconds: rtnetlink.FOREVER }
  expect(route.apply([rtnetlink.replaceAddress(spec)])).toBeUndefined()
  expect(settle(record).done).toEqual(['alias-add'])
  expect(run('ip', '-n', space, '-6', '-o', 'address', 'show', 'dev', 'lo')).toMatch(/2001:db8:11::10\/128.*deprecated/)
  expect(settle(record).done).toEqual([])

  const { faults, done: given } = giveBack(kernel, record, () => undefined)
  expect(faults).toEqual([])
  expect(given.join('\n')).toMatch(/remove 10\.11\.0\.10\/32 on lo:lvsm/)
  expect(seen()).toBe(before)
})

it('tables of ours go, those of the lease process too, and no other ones', () => {
  for (const table of ['inet lvsm', 'ip lvsm', 'inet lvsm-peers', 'inet lvsm-nat', 'inet lvsmx', 'inet mine'])
    inside('nft', 'add', 'table', ...table.split(' '))
  expect(inNamespace(space, removeOwnTables)).toBeNull()
  expect(inside('nft', 'list', 'tables').trim().split('\n').toSorted()).toEqual(['table inet lvsmx', 'table inet mine'])
  expect(inNamespace(space, removeOwnTables)).toBeNull()
  for (const table of ['lvsmx', 'mine']) inside('nft', 'delete', 'table', 'inet', table)
})

it('the way to another machine says with which source', () => {
  ip('address add 10.11.0.99/24 dev right')
  ip('route add 198.51.100.0/24 via 10.11.0.1 src 10.11.0.99')
  const found = readSources(route, ['10.11.0.12', '198.51.100.7', '2001:db8:ffff::1', '10.12.0.77'])
  expect([...found]).toEqual([
    ['10.11.0.12', '10.11.0.11'],
    ['198.51.100.7', '10.11.0.99'],
    ['10.12.0.77', '10.12.0.11'],
  ])
})

it('what began here in a move is still known when other rules change, and what is half seen is not tracked', () => {
  const rules = inNamespace(space, () => openNatRules())
  const needs: NatRules = {
    ...{ untranslated: [], masquerade: [], suppressRst: [] },
    handover: [{ address: '10.11.0.10', port: 80, protocol: 'tcp', to: '10.11.0.2', known: true }],
    untracked: [{ address: '10.11.0.10', port: 8000, upTo: 8100, protocol: 'udp' }],
  }
  const set = { family: 'ip', table: 'lvsm-nat', set: 'begun' } as const
  const keys = (): string[] =>
    filter.dump(nftables.dumpElements(set)).flatMap((message) => {
      const decoded = nftables.decodeElements(message)
      return decoded.ok
        ? decoded.value.elements.map(({ key, leftMs = 0 }) => `${key.join('.')} ${leftMs > 50_000}`)
        : []
    })
  expect(rules.load(needs)).toBeNull()
  expect(inside('nft', 'list', 'chain', 'inet', 'lvsm-nat', 'untracked').replaceAll(/\s+/g, ' ')).toMatch(
    /type filter hook prerouting priority raw; policy accept; ip daddr 10\.11\.0\.10 udp dport 8000-8100 counter packets 0 bytes 0 notrack/,
  )
  const began = [{ key: new Uint8Array(12).fill(7), timeoutMs: 60_000 }]
  expect(filter.apply(nftables.batch([nftables.newElements(set, began)]))).toBeUndefined()
  const more: NatRules = {
    ...needs,
    through: [{ protocol: 'tcp', source: '10.11.0.11', address: '10.11.0.10', port: 80, mark: 0x4d00_0001 }],
  }
  expect(rules.load(more)).toBeNull()
  expect(keys()).toEqual(['7.7.7.7.7.7.7.7.7.7.7.7 true'])
  expect(rules.observe()).toBe(natRulesText(more))
  expect(rules.load(null)).toBeNull()
  rules.close()
})
