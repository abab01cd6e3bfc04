/** What a packet filter drops by several rules together: jumps, sets, and maps from keys to verdicts. */
import { expect, test } from 'vitest'
import type { Expression } from './expression.ts'
import { dropsIn, type FoundDrop } from './following.ts'
import * as match from './match.ts'
import type { Rule } from './rule.ts'
import { type Element, type ListedElement, portKey, singleElements } from './set.ts'
import { accept, drop, jump } from './types.ts'

const VIP = '10.11.0.10'
const bytesOf = (address: string): Uint8Array => Uint8Array.from(address.split('.').map(Number))
const counted: Expression = { kind: 'counter', packets: 12, bytes: 720 }
const TO: Expression = { kind: 'payload', base: 'network', offset: 16, length: 4 }
const FROM: Expression = { ...TO, offset: 12 }
const PORT: Expression = { kind: 'payload', base: 'transport', offset: 2, length: 2 }
const isIn = (set: string, more: object = {}): Expression => ({ kind: 'lookup', set, ...more })
const INPUT = 1

type Rules = Readonly<Record<string, readonly (readonly Expression[])[]>>
type Sets = Readonly<Record<string, readonly ListedElement[] | null>>
function drops(chains: Rules, sets: Sets = {}): Partial<FoundDrop>[] {
  let handle = 0
  const rules = Object.entries(chains).flatMap(([chain, all]) =>
    all.map((expressions): Rule => {
      handle += 1
      return { family: 'inet', table: 'filter', chain, handle, expressions, comment: '' }
    }),
  )
  const hookOf = (_: string, chain: string): number | null => (chain === 'input' ? INPUT : null)
  const found = dropsIn({ rules, hookOf, elementsOf: ({ set }) => sets[set] ?? null }).drops
  return found.map(({ rule, ...one }) => ({ ...one, handle: rule.handle }) as Partial<FoundDrop>)
}

test('one in a chain that others jump to drops what the jump names', () => {
  const to = match.destinationIs(VIP)
  const chains: Rules = {
    input: [[...to, match.decide(jump('blocked'))]],
    blocked: [[...match.portIs(80), counted, match.decide(drop)]],
  }
  expect(drops(chains)).toEqual([
    {
      ...{ destination: VIP, port: 80, more: false, packets: 12 },
      ...{ hook: INPUT, behind: false, from: 'input', handle: 2 },
    },
  ])
  const goto: Rules = { ...chains, input: [[...to, match.decide({ verdict: 'goto', chain: 'blocked' })]] }
  expect(drops(goto)).toMatchObject([{ destination: VIP, port: 80 }])
  const others: Rules = { ...chains, blocked: [[...match.destinationIs('10.11.0.99'), match.decide(drop)]] }
  expect(drops(others), 'nothing is both: it is said by itself').toMatchObject([
    { destination: '10.11.0.99', hook: null },
  ])
})
test('two chains that jump to each other are no end', () => {
  const chains: Rules = {
    input: [[...match.portIs(80), match.decide(jump('one'))]],
    one: [[match.decide(jump('two'))]],
    two: [[match.decide(jump('one'))], [match.decide(drop)]],
  }
  expect(drops(chains)[0]).toMatchObject({ port: 80, handle: 4 })
})
test('what is accepted before the jump, or in that chain, is not dropped behind it', () => {
  const web = match.portIs(80)
  const end = [counted, match.decide(drop)]
  const before: Rules = {
    input: [
      [...web, match.decide(accept)],
      [...web, match.decide(jump('rest'))],
    ],
    rest: [end],
  }
  expect(drops(before)).toMatchObject([{ port: 80, behind: true }])
  const there: Rules = {
    input: [[...web, match.decide(jump('rest'))]],
    rest: [[FROM, { kind: 'cmp', op: 'eq', data: bytesOf('10.0.0.1') }, match.decide(accept)], end],
  }
  expect(drops(there)).toMatchObject([{ port: 80, behind: true }])
})
test('a set stands for each of its elements; one that is not known, or has ranges, is more that is asked for', () => {
  const chains: Rules = { input: [[TO, isIn('blocked'), counted, match.decide(drop)]] }
  const blocked = [{ key: bytesOf(VIP) }, { key: bytesOf('10.11.0.11') }]
  expect(drops(chains, { blocked })).toMatchObject([
    { destination: VIP, set: 'blocked', more: false, packets: 12 },
    { destination: '10.11.0.11', set: 'blocked' },
  ])
  const unknown = { more: true, packets: 12, hook: INPUT, behind: false, handle: 1 }
  expect(drops(chains)).toEqual([unknown])
  const inverted: Rules = { input: [[TO, isIn('blocked', { inverted: true }), counted, match.decide(drop)]] }
  expect(drops(inverted, { blocked })).toEqual([unknown])
  expect(
    drops(chains, { blocked: [{ key: Uint8Array.of(10, 11, 0, 10, 0, 80, 0, 0) }] })[0]?.destination,
  ).toBeUndefined()
})
test('a set that was written into the rule has no name', () => {
  const chains: Rules = { input: [[PORT, isIn('__set0'), match.decide(drop)]] }
  const found = drops(chains, { __set0: [{ key: portKey(80) }, { key: portKey(443) }] })
  expect(found.map(({ port, set }) => [port, set])).toEqual([
    [80, undefined],
    [443, undefined],
  ])
})
test('a map drops, accepts, or jumps by key', () => {
  const chains: Rules = {
    input: [[TO, isIn('verdicts', { verdicts: true })]],
    web: [[...match.portIs(80), match.decide(drop)]],
  }
  const verdicts: Element[] = [
    { key: bytesOf(VIP), verdict: drop },
    { key: bytesOf('10.11.0.11'), verdict: accept },
    { key: bytesOf('10.11.0.12'), verdict: jump('web') },
  ]
  expect(drops(chains, { verdicts })).toMatchObject([
    { destination: VIP, set: 'verdicts', handle: 1 },
    { destination: '10.11.0.12', port: 80, set: 'verdicts', handle: 2 },
  ])
})
const WEB = match.portIs(80)
const closed = [...WEB, match.decide(drop)]
const range: ListedElement = { key: bytesOf('10.0.0.0'), many: true }
test('an allow-list of ranges, of several things in one, or that is not read, is before what drops the rest', () => {
  const by = (set: object, verdict = [match.decide(accept)]): Rules => ({
    input: [[...WEB, FROM, isIn('allowed', set), ...verdict], closed],
  })
  const map = by({ verdicts: true }, [])
  const behind = [{ port: 80, behind: true, handle: 2 }]
  expect(drops(by({}), { allowed: [range] }), 'ranges alone').toMatchObject(behind)
  expect(drops(by({}), { allowed: [{ key: bytesOf('10.9.0.1') }, range] })).toMatchObject(behind)
  expect(drops(by({}), {}), 'not known').toMatchObject(behind)
  expect(drops(by({ inverted: true }), { allowed: [range] })).toMatchObject(behind)
  expect(drops(map, {}), 'a map that is not known').toMatchObject(behind)
  expect(drops(map, { allowed: [{ ...range, verdict: accept }] })).toMatchObject(behind)
  expect(drops(map, { allowed: [{ ...range, verdict: drop }] }), 'it accepts nothing').toMatchObject([
    { port: 80, more: true, behind: false, handle: 1 },
    { port: 80, more: false, behind: false, handle: 2 },
  ])
  expect(drops(by({}), { allowed: [] }), 'nobody is allowed').toMatchObject([{ behind: false }])
})
test('several things in one key are named each; those that are ranges are not', () => {
  const key = Uint8Array.of(10, 0, 0, 1, 0, 80, 0, 0)
  const last = Uint8Array.of(10, 0, 0, 9, 0, 80, 0, 0)
  const rules = (load: readonly Expression[]): Rules => ({
    input: [[...match.transportIs(6), ...load, isIn('allowed'), match.decide(accept)], closed],
  })
  expect(drops(rules([FROM, PORT]), { allowed: [{ key, last: key }] })).toMatchObject([{ port: 80, behind: true }])
  expect(drops(rules([FROM, PORT]), { allowed: [{ key, last }] })).toMatchObject([{ port: 80, behind: true }])
  expect(drops(rules([PORT, FROM]), { allowed: [{ key }] }), 'port 2560').toMatchObject([{ behind: false }])
  const dropped: Rules = {
    input: [[{ kind: 'meta', key: 'l4proto' }, TO, PORT, isIn('blocked'), match.decide(drop)]],
  }
  const blocked = [{ key: Uint8Array.of(6, 0, 0, 0, 10, 11, 0, 10, 0, 80, 0, 0) }]
  expect(drops(dropped, { blocked })).toMatchObject([
    { protocol: 6, destination: VIP, port: 80, more: false, set: 'blocked' },
  ])
})
test('each set of a rule stands for its elements', () => {
  const ports = [{ key: portKey(80) }, { key: portKey(443) }]
  const chains: Rules = { input: [[FROM, isIn('allowed'), PORT, isIn('__set0'), match.decide(accept)], closed] }
  expect(drops(chains, { allowed: [range], __set0: ports })).toMatchObject([{ port: 80, behind: true }])
})
test('behind what is accepted by an interface or a mark nobody is accused; behind established connections, lo and pings he is', () => {
  const before = (...expressions: readonly Expression[]) =>
    drops({ input: [[...expressions, match.decide(accept)], closed] }).map(({ behind }) => behind)
  const state: Expression = { kind: 'ct', key: 'state' }
  const states: Element[] = [{ key: Uint8Array.of(2, 0, 0, 0) }, { key: Uint8Array.of(4, 0, 0, 0) }]
  expect(before(...match.interfaceIs('iifname', 'inside'))).toEqual([true])
  expect(before(...match.networkIs(match.load.ipv4Source, '10.0.0.0', 8))).toEqual([true])
  expect(before(...match.interfaceIs('iifname', 'lo'))).toEqual([false])
  expect(before(...match.transportIs(1))).toEqual([false])
  const bySet: Rules = { input: [[state, isIn('__set0'), match.decide(accept)], closed] }
  expect(drops(bySet, { __set0: states })).toMatchObject([{ behind: false }])
  const byMap: Rules = { input: [[state, isIn('__map0', { verdicts: true })], closed] }
  expect(drops(byMap, { __map0: states.map((one) => ({ ...one, verdict: accept })) })).toMatchObject([
    { behind: false },
  ])
  const jumped: Rules = {
    input: [[...match.interfaceIs('iifname', 'lo'), match.decide(jump('own'))], closed],
    own: [[match.decide(accept)]],
  }
  expect(drops(jumped)).toMatchObject([{ behind: false }])
})
test('thousands of rules are looked at in a moment', () => {
  const many = (verdict: typeof accept): readonly (readonly Expression[])[] =>
    Array.from({ length: 8000 }, (_, at) => [...match.portIs(at + 1), match.decide(verdict)])
  const found = drops({ blocked: [...many(accept), ...many(drop)] })
  expect(found).toHaveLength(8000)
  expect(found.at(-1), 'nobody compared it with all before it: it is not accused').toMatchObject({ behind: true })
})
test('of ranges those that are one key alone', () => {
  const [one, many] = [bytesOf('10.0.0.255'), bytesOf('10.2.0.0')]
  const ranges = [
    { key: bytesOf('0.0.0.0'), end: true as const },
    { key: one },
    { key: bytesOf('10.0.1.0'), end: true as const },
    { key: many },
    { key: bytesOf('10.3.0.0'), end: true as const },
  ]
  expect(singleElements(ranges)).toEqual([{ key: one }, { key: many, many: true }])
  expect(singleElements([{ key: one }, { key: many }])).toHaveLength(2)
})

test('what a chain sends back before is not dropped by the rest of it; what follows after the jump is', () => {
  const port = match.portIs(80)
  const chains: Rules = {
    input: [[match.decide(jump('blocked'))], [...match.portIs(443), match.decide(drop)]],
    blocked: [[match.decide({ verdict: 'return' })], [...port, match.decide(drop)]],
  }
  expect(drops(chains)).toMatchObject([
    { port: 80, behind: true },
    { port: 443, behind: false },
  ])
})

test('what drops the rest has what is let in before it: in chains that are jumped to as well, and not what goes back from one', () => {
  const INTO = { family: 'inet', table: 'filter', comment: '' } as const
  const chains: Rules = {
    input: [
      [...match.portIs(22), match.decide(accept)],
      [...match.portIs(80), match.decide(jump('web'))],
      [match.decide({ verdict: 'goto', chain: 'rest' })],
      [match.decide(drop)],
    ],
    web: [[...match.destinationIs(VIP), match.decide(accept)], [match.decide({ verdict: 'return' })]],
    rest: [
      [...match.portIs(53), match.decide(accept)],
      [...match.portIs(54), { kind: 'unknown', name: 'queue' }],
    ],
  }
  const rules = Object.entries(chains).flatMap(([chain, all]) =>
    all.map((expressions, at): Rule => ({ ...INTO, chain, handle: at + 1, expressions })),
  )
  const hookOf = (_: string, chain: string): number | null => (chain === 'input' || chain === 'output' ? INPUT : null)
  const dropping = ['input', 'output'].map((chain) => ({ table: 'filter', chain }))
  const { ends } = dropsIn({ rules, hookOf, elementsOf: () => null, dropping })
  const named = [{ port: 22 }, { port: 80, destination: VIP }, { port: 53 }, { port: 54 }]
  const [byRule, byPolicy, empty] = ends
  expect(byRule).toMatchObject({ chain: 'input', rule: { handle: 4 }, accepts: [...named, { more: false }] })
  expect(byPolicy).toMatchObject({ chain: 'input', rule: null, accepts: named })
  expect(empty).toMatchObject({ chain: 'output', rule: null, accepts: [] })
  expect(ends).toHaveLength(3)
})
test('of a filter that lets in hundreds of things, and of one too large to be gone over, no end is told', () => {
  const all = Array.from({ length: 301 }, (_, port): Rule => {
    const expressions = [...match.portIs(port + 1), match.decide(accept)]
    return { family: 'inet', table: 'filter', chain: 'input', handle: port, comment: '', expressions }
  })
  const of = (rules: readonly Rule[]) =>
    dropsIn({ rules, hookOf: () => INPUT, elementsOf: () => null, dropping: [{ table: 'filter', chain: 'input' }] })
      .ends
  expect(of(all.slice(1))).toHaveLength(1)
  expect(of(all)).toEqual([])
  expect(of(Array.from({ length: 20 }, () => all.slice(1)).flat())).toEqual([])
})
