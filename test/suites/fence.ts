/**
 * The fence's adapter on nf_tables, the kernel's and the one in memory: what a look finds of what somebody did to the
 * tables, and who may take them away. `netfilter` is somebody else's socket.
 */
import { type FenceLayer, type LeaseGroup } from '@lvsm/protocol'
import { type Instant, instant } from '@lvsm/base'
import type { Netlink } from '@lvsm/kernel'
import { inetBytes, nftables as nft } from '@lvsm/netlink'
import { expect, test } from 'vitest'
import { openingOf, TABLE } from '../../agent/lease/adapters/kernel/fence-tables.ts'
import type { KernelFence } from '../../agent/lease/adapters/kernel/fence.ts'
import type { Fenced } from './elements.ts'

export interface FenceSubject {
  /** A fence of a process of its own. */
  open(): KernelFence
  readonly netfilter: Netlink
  /** Of an interface that is there. */
  readonly ifindex: number
  pass(ms: number): Promise<void>
}

export const LAYERS = ['arp', 'netdev', 'inet'] as const
export const PARTS = ['announce', 'serve'] as const
export const NEVER: Instant = instant(Number.POSITIVE_INFINITY)
const DONE = { result: 'done', error: '' }

export const groupOn = (ifindex: number, name = 'web', address = '10.55.7.10'): LeaseGroup => ({
  name,
  digest: '0000000000000000',
  directors: ['dir1'],
  addresses: [
    { address, prefix: 24, ifindex, kind: 'vip' },
    { address: address.replace('10.55.7', '10.55.8'), prefix: 24, ifindex, kind: 'gateway' },
  ],
})
export const carried = (timeoutMs: number, group = 'web') => [{ group, timeoutMs, notAfter: NEVER }]
const order = (op: 'open' | 'renew' | 'close', timeoutMs: number, group = 'web') => ({
  group,
  op,
  parts: PARTS,
  timeoutMs,
  notAfter: NEVER,
})

/** Of a group with addresses of IPv4 alone. */
const elementOf = (group: string, layer: nft.Family & FenceLayer): { name: nft.SetName; key: Uint8Array } => {
  const { name, keys } = openingOf(group, layer, false)
  return { name, key: keys[0] ?? new Uint8Array() }
}

export const elementsOf = (netfilter: Netlink, layer: (typeof LAYERS)[number], group = 'web') =>
  netfilter.dump(nft.dumpElements(elementOf(group, layer).name)).flatMap((message) => {
    const list = nft.decodeElements(message)
    return list.ok ? list.value.elements : []
  })

/** As every fence is tried. */
export function fenced({ open, netfilter, ifindex, pass }: FenceSubject): Fenced {
  const fence = open()
  const group = groupOn(ifindex)
  expect(fence.build([group], [])).toEqual({ ...DONE, carried: [] })
  return {
    apply: (op, timeoutMs) => fence.apply(order(op, timeoutMs)).result === 'done',
    rebuild: (timeoutMs) => fence.build([group], timeoutMs > 0 ? carried(timeoutMs) : []).carried[0]?.result === 'done',
    isOpen: () => LAYERS.every((layer) => elementsOf(netfilter, layer).some(({ leftMs }) => (leftMs ?? 0) > 0)),
    pass,
  }
}

const ruleIn = (netfilter: Netlink, family: nft.Family, chain: string, at: number): nft.Rule => {
  const rules = netfilter.dump(nft.dumpRules({ family, table: TABLE })).flatMap((message) => {
    const rule = nft.decodeRule(message)
    return rule.ok && rule.value.chain === chain ? [rule.value] : []
  })
  const found = rules[at]
  if (!found) throw new Error(`no rule ${at} in ${chain}`)
  return found
}
const table = (family: nft.Family): nft.TableName => ({ family, table: TABLE })
const map = (family: nft.Family): nft.SetName => ({ family, table: TABLE, set: 'addresses' })
const VIP = inetBytes('10.55.7.10')
const opened = (family: 'arp' | 'inet' | 'netdev', timeoutMs?: number): Uint8Array => {
  const { name, key } = elementOf('mail', family)
  return nft.newElements(name, [{ key, ...(timeoutMs === undefined ? {} : { timeoutMs }) }])
}

/** What somebody may do, and what the look says of it. */
type Damage = [what: string, by: (netfilter: Netlink) => Uint8Array[], says: RegExp]
const DAMAGE: readonly Damage[] = [
  ...LAYERS.map(
    (layer): Damage => [
      `the table ${layer} is deleted`,
      () => [nft.deleteTable(table(layer))],
      new RegExp(`table ${layer} lvsm is gone`),
    ],
  ),
  ['a table is switched off', () => [nft.newTable({ ...table('inet'), dormant: true })], /table inet lvsm was changed/],
  [
    'a table is made anew, empty',
    () => [nft.deleteTable(table('arp')), nft.newTable(table('arp'))],
    /chain input of arp is gone/,
  ],
  [
    'the policy of a base chain is another',
    () => [
      nft.newChain({
        ...table('inet'),
        chain: 'forward',
        hook: { number: nft.HOOK.inet.forward, priority: 0 },
        policy: 'drop',
      }),
    ],
    /chain forward of inet was changed/,
  ],
  [
    'a rule of a hook is deleted',
    (netfilter) => [nft.deleteRule(ruleIn(netfilter, 'arp', 'output', 0))],
    /12 rules instead of 13|rules instead of/,
  ],
  [
    'the rule that drops is deleted',
    (netfilter) => [nft.deleteRule(ruleIn(netfilter, 'inet', 'group-web', 1))],
    /rules instead of/,
  ],
  [
    'a rule is added',
    () => [nft.newRule({ ...table('netdev'), chain: 'group-web', expressions: [nft.match.decide(nft.accept)] })],
    /rules instead of/,
  ],
  [
    'a rule is another',
    (netfilter) => [
      nft.deleteRule(ruleIn(netfilter, 'arp', 'group-mail', 1)),
      nft.newRule({
        ...table('arp'),
        chain: 'group-mail',
        expressions: [nft.match.counter, nft.match.decide(nft.accept)],
      }),
    ],
    /a rule was changed/,
  ],
  [
    'a rule does another thing under the same comment',
    (netfilter) => {
      const { comment, ...rule } = ruleIn(netfilter, 'inet', 'group-mail', 1)
      const expressions = [nft.match.counter, nft.match.decide(nft.accept)]
      return [nft.deleteRule(rule), nft.newRule({ ...table('inet'), chain: 'group-mail', expressions, comment })]
    },
    /a rule was changed/,
  ],
  [
    'a rule moves to a chain that no hook leads to',
    (netfilter) => {
      const { expressions, comment, ...rule } = ruleIn(netfilter, 'arp', 'output', 0)
      const chain = { ...table('arp'), chain: 'nowhere' }
      return [nft.deleteRule(rule), nft.newChain(chain), nft.newRule({ ...chain, expressions, comment })]
    },
    /a rule was changed/,
  ],
  [
    'two rules changed their places',
    (netfilter) => {
      const { expressions, comment, ...rule } = ruleIn(netfilter, 'inet', 'group-web', 0)
      return [nft.deleteRule(rule), nft.newRule({ ...table('inet'), chain: 'group-web', expressions, comment })]
    },
    /a rule was changed/,
  ],
  [
    'an address leaves a map',
    () => [nft.deleteElements(map('inet'), [{ key: VIP }])],
    /3 guarded addresses instead of 4|guarded addresses instead of/,
  ],
  [
    'an address comes into a map',
    () => [nft.newElements(map('arp'), [{ key: inetBytes('10.55.7.99'), verdict: nft.jump('group-web') }])],
    /guarded addresses instead of/,
  ],
  [
    'an address leads to the chain of another group',
    () => [
      nft.deleteElements(map('netdev'), [{ key: VIP }]),
      nft.newElements(map('netdev'), [{ key: VIP, verdict: nft.jump('group-mail') }]),
    ],
    /a guarded address was changed/,
  ],
  ['a group is opened without end', () => [opened('inet')], /somebody opened open-mail of inet for good/],
  ['a group that is closed is opened for long', () => [opened('arp', 60_000)], /somebody opened open-mail of arp$/],
]

export function fenceSuite(make: () => FenceSubject): void {
  const begin = (): { subject: FenceSubject; fence: KernelFence; groups: LeaseGroup[] } => {
    const subject = make()
    const fence = subject.open()
    const groups = [groupOn(subject.ifindex), groupOn(subject.ifindex, 'mail', '10.55.7.11')]
    expect(fence.build(groups, [])).toEqual({ ...DONE, carried: [] })
    return { subject, fence, groups }
  }

  test('a look finds nothing while nobody but the process was at work', async () => {
    const { subject, fence, groups } = begin()
    const looks = [fence.damage()]
    for (const [op, timeoutMs] of [
      ['open', 3000],
      ['renew', 5000],
      ['close', 0],
      ['open', 20],
    ] as const) {
      expect(fence.apply(order(op, timeoutMs)).result).toBe('done')
      looks.push(fence.damage())
    }
    await subject.pass(40)
    looks.push(fence.damage())
    fence.apply(order('open', 3000))
    expect(fence.build(groups, carried(5000)).carried[0]?.result).toBe('done')
    looks.push(fence.damage())
    const other: nft.TableName = { family: 'inet', table: 'other' }
    subject.netfilter.apply(nft.batch([nft.newTable(other)]))
    looks.push(fence.damage())
    subject.netfilter.apply(nft.batch([nft.deleteTable(other)]))
    expect(looks.map((look) => look || 'whole')).toEqual(looks.map(() => 'whole'))
  })

  test.each(DAMAGE)('a look finds it when %s', (_, by, says) => {
    const { subject, fence, groups } = begin()
    expect(subject.netfilter.apply(nft.batch(by(subject.netfilter)))).toBeUndefined()
    expect(fence.damage()).toMatch(says)
    expect(fence.build(groups, []).result).toBe('done')
    expect(fence.damage()).toBe('')
  })

  test('an element of an open group that somebody put in for longer than it was ever given is found', () => {
    const { subject, fence } = begin()
    fence.apply(order('open', 5000))
    fence.apply(order('renew', 3000, 'web'))
    expect(fence.damage()).toBe('')
    const { name, key } = elementOf('web', 'inet')
    subject.netfilter.apply(
      nft.batch([nft.deleteElements(name, [{ key }]), nft.newElements(name, [{ key, timeoutMs: 5100 }])]),
    )
    expect(fence.damage()).toMatch(/somebody opened open-web/)
    // It is taken over by the next tables, with what the process gives it.
    expect(fence.build([groupOn(subject.ifindex)], carried(2000)).carried[0]?.result).toBe('done')
    expect(elementsOf(subject.netfilter, 'inet').map(({ timeoutMs }) => (timeoutMs ?? 0) <= 2010)).toEqual([true])
  })

  test('a flushed rule set comes back, closed: nobody knows what its elements had left', () => {
    const { subject, fence, groups } = begin()
    fence.apply(order('open', 5000))
    subject.netfilter.apply(nft.batch(LAYERS.map((layer) => nft.deleteTable(table(layer)))))
    expect(fence.damage()).not.toBe('')
    expect(fence.build(groups, carried(1000))).toMatchObject({
      ...DONE,
      carried: [{ group: 'web', result: 'refused', timeoutMs: 0 }],
    })
    expect(fence.damage()).toBe('')
    expect(LAYERS.flatMap((layer) => elementsOf(subject.netfilter, layer))).toEqual([])
  })

  test('what is carried stays open with the time that is ordered, the others close, and each layer is carried', () => {
    const { subject, fence, groups } = begin()
    fence.apply(order('open', 5000))
    fence.apply(order('open', 5000, 'mail'))
    expect(fence.build(groups, carried(2000)).carried).toMatchObject([
      { group: 'web', result: 'done', timeoutMs: 2000 },
    ])
    for (const layer of LAYERS) {
      expect(
        elementsOf(subject.netfilter, layer, 'web').map(({ timeoutMs }) => Math.abs((timeoutMs ?? 0) - 2000) <= 10),
      ).toEqual([true])
      expect(elementsOf(subject.netfilter, layer, 'mail')).toEqual([])
    }
  })

  test('one layer that was closed by hand is enough to carry nothing', () => {
    for (const layer of LAYERS) {
      const { subject, fence, groups } = begin()
      fence.apply(order('open', 5000))
      subject.netfilter.apply(nft.batch([nft.flushElements(elementOf('web', layer).name)]))
      expect(fence.apply(order('renew', 5000)).result).toBe('refused')
      expect(fence.build(groups, carried(2000)).carried[0]?.result).toBe('refused')
      expect(LAYERS.flatMap((one) => elementsOf(subject.netfilter, one))).toEqual([])
    }
  })

  test('announce and serve are two elements: one is closed, and the other renewed, alone', () => {
    const { subject, fence } = begin()
    fence.apply(order('open', 5000))
    expect(fence.apply({ ...order('close', 0), parts: ['announce'] }).result).toBe('done')
    expect(LAYERS.map((layer) => elementsOf(subject.netfilter, layer).length)).toEqual([0, 0, 1])
    expect(fence.apply({ ...order('renew', 3000), parts: ['serve'] }).result).toBe('done')
    expect(fence.apply({ ...order('renew', 400), parts: ['announce'] }).result).toBe('refused')
  })

  test('tables of a predecessor are taken away only by who built his own', () => {
    const { subject, fence } = begin()
    const next = subject.open()
    const there = (): number =>
      LAYERS.filter((layer) => subject.netfilter.request([nft.getTable(table(layer))])[0]?.errno === 0).length
    expect(next.clear()).toEqual(DONE)
    expect(there()).toBe(3)
    expect(next.damage()).toBe('')
    expect(fence.clear()).toEqual(DONE)
    expect(there()).toBe(0)
    expect(fence.damage()).toBe('')
    expect(fence.clear()).toEqual(DONE)
  })

  test('many addresses are all guarded', () => {
    const { subject, fence } = begin()
    const addresses = Array.from({ length: 450 }, (_, at) => ({
      address: `10.56.${at >> 8}.${at & 255}`,
      prefix: 32,
      ifindex: subject.ifindex,
      kind: 'vip' as const,
    }))
    expect(fence.build([{ ...groupOn(subject.ifindex), addresses }], []).result).toBe('done')
    expect(fence.damage()).toBe('')
  })
}
