import { expect, test } from 'vitest'
import { droppedBy, isRedirect } from './dropping.ts'
import type { Expression } from './expression.ts'
import { isLocalMatch } from './local.ts'
import * as match from './match.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const unknown = (name: string, called?: string, info?: string): Expression => ({
  ...{ kind: 'unknown', name },
  ...(called === undefined ? {} : { called }),
  ...(info === undefined ? {} : { info: bytes(info) }),
})
/** As iptables 1.8.9 wrote `-m addrtype --dst-type LOCAL` and `-j DNAT --to-destination 172.17.0.2:80`. */
const ADDRTYPE = unknown('match', 'addrtype', '0000040000000000')
const DNAT = unknown(
  'target',
  'DNAT',
  '03000000ac110002000000000000000000000000ac110002000000000000000000000000005000500000000000000000',
)
const notBy = (name: string): Expression[] => [
  { kind: 'meta', key: 'iifname' },
  { kind: 'cmp', op: 'neq', data: bytes(Buffer.from(name).toString('hex')) },
]
const TYPE: Expression[] = [unknown('fib', 'type of destination'), { kind: 'cmp', op: 'eq', data: bytes('02000000') }]

test('what containers publish is taken from whoever asked for it: by nft, and by iptables', () => {
  const wanted = { port: 80, local: true, notBy: 'docker0', more: false, packets: null }
  expect(droppedBy({ expressions: [ADDRTYPE, ...notBy('docker0\0'), ...match.portIs(80), DNAT] })).toEqual(wanted)
  const load: Expression = { kind: 'load', data: bytes('ac110002') }
  expect(
    droppedBy({ expressions: [...TYPE, ...notBy('docker0\0'), ...match.portIs(80), load, unknown('dnat')] }),
  ).toEqual(wanted)
  for (const one of [unknown('redir'), unknown('tproxy'), unknown('target', 'REDIRECT')])
    expect(isRedirect(one)).toBe(true)
  for (const one of [unknown('nat'), unknown('target', 'MASQUERADE'), unknown('target')])
    expect(isRedirect(one)).toBe(false)
})

test('what else an address may be, and names that only begin so, ask for more than is named', () => {
  const of = (...asked: Expression[]) => droppedBy({ expressions: [...asked, ...match.portIs(80), DNAT] })
  expect(of(...notBy('docker'))).toEqual({ port: 80, more: true, packets: null })
  expect(of(TYPE[0]!, { kind: 'cmp', op: 'eq', data: bytes('03000000') })).toMatchObject({ more: true })
  expect(of(TYPE[0]!, { kind: 'cmp', op: 'neq', data: bytes('02000000') })).toMatchObject({ more: true })
  for (const info of ['0000080000000000', '0400040000000000', '0000040002000000', '0000040004000000', '00000400'])
    expect(isLocalMatch(unknown('match', 'addrtype', info)), info).toBe(false)
  expect(isLocalMatch(unknown('match', 'tcp', '0000040000000000'))).toBe(false)
})
