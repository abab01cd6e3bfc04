/** What `lvsm fence status` reads from the kernel, against `nft -j list ruleset`: the fence is the lease process's own. */
import { type LeaseGroup } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { boottime, inNamespace } from '@lvsm/kernel'
import { describe, expect, test } from 'vitest'
import { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import { readFence } from '../../agent/node/adapters/kernel/fence.ts'
import type { ObservedFenceGroup, ObservedFenceTable } from '../../agent/node/core/index.ts'
import { index, ip, nftTool, objects, otherIndex, run, space } from './space.ts'

const group = (name: string, ifindex: number, ...addresses: string[]): LeaseGroup => ({
  name,
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: addresses.map((address) => ({ address, prefix: 24, ifindex, kind: 'vip' })),
})
const GROUPS = [
  group('web', index, '10.55.7.10', '10.55.7.11', '2001:db8:55::10'),
  group('mail', otherIndex, '10.55.8.10'),
]
const PARTS = ['announce', 'serve'] as const
const NEVER = instant(Number.POSITIVE_INFINITY)

const nameOf = (ifindex: number): string => (ifindex === index ? 'left' : 'right')
const fence = inNamespace(space, () => new KernelFence(boottime, nameOf))
const look = (): ObservedFenceTable[] => inNamespace(space, readFence)
const tableOf = (found: readonly ObservedFenceTable[], family: string): ObservedFenceTable =>
  found.find((table) => table.family === family) as ObservedFenceTable
const groupOf = (found: readonly ObservedFenceTable[], family: string, name: string): ObservedFenceGroup =>
  tableOf(found, family).groups.find((one) => one.name === name) as ObservedFenceGroup

/** Everything of one kind in a family's table, as the tool prints it. */
const printed = (kind: string, family: string): Record<string, unknown>[] =>
  objects().flatMap((object) => {
    const entry = object[kind]
    return entry?.['family'] === family && (entry['table'] ?? entry['name']) === 'lvsm' ? [entry] : []
  })

describe('the fence as the kernel has it', () => {
  test('without tables nothing is there', () => {
    for (const table of look()) expect(table).toMatchObject({ present: false, hooks: [], groups: [] })
  })

  test('has the chains, addresses and elements that nft lists, closed and open', () => {
    expect(fence.build(GROUPS, [])).toMatchObject({ result: 'done' })
    expect(fence.apply({ group: 'web', op: 'open', parts: PARTS, timeoutMs: 60_000, notAfter: NEVER }).result).toBe(
      'done',
    )
    expect(
      fence.apply({ group: 'mail', op: 'open', parts: ['serve'], timeoutMs: 30_000, notAfter: NEVER }).result,
    ).toBe('done')
    const found = look()
    expect(found.map(({ part, family, missingHooks }) => [part, family, missingHooks])).toEqual([
      ['announce', 'arp', []],
      ['announce', 'netdev', []],
      ['announce', 'ip6', []],
      ['serve', 'inet', []],
    ])
    for (const { family, hooks, groups } of found) {
      const chains = printed('chain', family)
      const named = (base: boolean): string[] =>
        chains.flatMap(({ hook, name }) => ((hook !== undefined) === base ? [String(name)] : [])).toSorted()
      expect(hooks.toSorted()).toEqual(named(true))
      expect(groups.map(({ name }) => `group-${name}`).toSorted()).toEqual(named(false))
      const maps = printed('map', family) as unknown as { elem?: [string, { jump: { target: string } }][] }[]
      expect(
        groups.flatMap(({ name, addresses }) => addresses.map((address) => `${address} group-${name}`)).toSorted(),
      ).toEqual(
        maps.flatMap(({ elem = [] }) => elem.map(([address, { jump }]) => `${address} ${jump.target}`)).toSorted(),
      )
      for (const { name, element } of groups) {
        const set = printed('set', family).find((one) => one['name'] === `open-${name}`)
        const [only] = (set?.['elem'] as { elem: { timeout: number; expires: number } }[] | undefined) ?? []
        expect(element === null).toBe(only === undefined)
        if (!element || !only) continue
        expect(element.timeoutMs).toBe(only.elem.timeout * 1000)
        // The tool was asked after us, and prints whole seconds.
        expect(element.leftMs).toBeLessThanOrEqual(element.timeoutMs)
        expect(Math.abs(element.leftMs / 1000 - only.elem.expires)).toBeLessThan(5)
      }
    }
    expect(groupOf(found, 'arp', 'mail').element).toBe(null)
    expect(groupOf(found, 'inet', 'mail').element?.timeoutMs).toBe(30_000)
  })

  test('counts what it dropped as nft does', () => {
    ip('addr add 10.55.8.1/24 dev right')
    fence.apply({ group: 'mail', op: 'close', parts: PARTS, timeoutMs: 0, notAfter: NEVER })
    // Nobody has the address: what the kernel asks for it is no announcement of it, and passes; what it would serve does not.
    ip('addr add 10.55.8.10/24 dev right')
    try {
      run('ip', 'netns', 'exec', space, 'ping', '-c', '3', '-i', '0.2', '-W', '1', '10.55.8.10')
    } catch {
      // No answer: that is what the fence is for.
    }
    const { droppedPackets, droppedBytes, whole } = groupOf(look(), 'inet', 'mail')
    expect([droppedPackets > 0, whole]).toEqual([true, true])
    const counters = printed('rule', 'inet')
      .filter(({ chain }) => chain === 'group-mail')
      .flatMap(({ expr }) =>
        (expr as { counter?: { packets: number; bytes: number } }[]).flatMap((one) => one.counter ?? []),
      )
    expect(counters).toEqual([{ packets: droppedPackets, bytes: droppedBytes }])
    ip('addr del 10.55.8.10/24 dev right')
  })

  test('shows what somebody took away: a rule, an address, a hook, a table', () => {
    nftTool('flush chain arp lvsm group-web')
    nftTool('delete element inet lvsm addresses { 10.55.7.11 }')
    nftTool('flush chain inet lvsm forward')
    nftTool('delete chain inet lvsm forward')
    nftTool('delete table netdev lvsm')
    const found = look()
    expect(groupOf(found, 'arp', 'web').whole).toBe(false)
    expect(groupOf(found, 'inet', 'web').addresses).toEqual(['10.55.7.10', '2001:db8:55::10'])
    expect(tableOf(found, 'inet').missingHooks).toEqual(['forward'])
    expect(tableOf(found, 'netdev').present).toBe(false)
  })

  test('is read whole while its elements are renewed again and again', async () => {
    fence.build(GROUPS, [])
    fence.apply({ group: 'web', op: 'open', parts: PARTS, timeoutMs: 60_000, notAfter: NEVER })
    for (let round = 0; round < 200; round++) {
      fence.apply({ group: 'web', op: 'renew', parts: PARTS, timeoutMs: 60_000, notAfter: NEVER })
      if (round % 10 === 0) expect(groupOf(look(), 'inet', 'web').element?.timeoutMs).toBe(60_000)
    }
    fence.close()
  })
})
