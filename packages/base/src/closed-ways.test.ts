import { expect, test } from 'vitest'
import { type RoutingRule, whatCloses, whatDiverts } from './closed-ways.ts'

const MAIN: RoutingRule = {
  ...{ priority: 32_766, table: 254, closes: null, destination: null, prefix: 0, family: 'ipv4', some: false },
  ...{ source: null, sourcePrefix: 0 },
}
const rule = (more: Partial<RoutingRule>): RoutingRule => ({ ...MAIN, priority: 90, table: 0, ...more })
const route = (destination: string, prefix: number, table = 254, type: 'blackhole' | 'prohibit' = 'prohibit') => ({
  ...{ destination, prefix, table, type },
})
const TO = '10.11.0.11'

test('the rule that comes first, of the kind that the kernel answered, and of all that goes there', () => {
  const network = rule({ priority: 95, closes: 'prohibit', destination: '10.11.0.0', prefix: 24 })
  const others = [
    rule({ closes: 'blackhole', destination: TO, prefix: 32 }),
    rule({ closes: 'prohibit', destination: '10.11.0.12', prefix: 32 }),
    rule({ closes: 'prohibit', some: true }),
    rule({ closes: 'prohibit', family: 'ipv6' }),
  ]
  const found = whatCloses(TO, 'EACCES', [MAIN, network, ...others], [route(TO, 32)])
  expect(found).toEqual({
    says: 'rule 95 prohibits it',
    shown: 'ip rule: 95: from all to 10.11.0.0/24 prohibit',
    away: 'ip rule del pref 95',
  })
  expect(whatCloses(TO, 'EACCES', [MAIN, ...others], [])).toBeNull()
})
test('one of several rules of one number is named as a whole', () => {
  const all = [rule({ closes: 'prohibit' }), rule({ closes: 'blackhole', destination: TO, prefix: 32 })]
  expect(whatCloses(TO, 'EINVAL', all, [])?.away).toBe(`ip rule del pref 90 to ${TO} blackhole`)
})
test('the narrowest route of the table that a rule leads to', () => {
  const routes = [route('0.0.0.0', 0, 77), route('10.11.0.0', 28, 77), route(TO, 32, 78)]
  const found = whatCloses(TO, 'EACCES', [rule({ table: 77 }), MAIN], routes)
  expect(found?.away).toBe('ip route del prohibit 10.11.0.0/28 table 77')
  expect(whatCloses(TO, 'EACCES', [MAIN], routes), 'nobody looks there').toBeNull()
  expect(whatCloses(TO, 'EIO', [MAIN], routes)).toBeNull()
  expect(whatCloses('fd00::1', 'EACCES', [{ ...MAIN, family: 'ipv6' }], [route('::', 0)])?.away).toBe(
    'ip -6 route del prohibit default',
  )
})
test('a rule of packets from an address is of those alone, and so named', () => {
  const own = rule({ closes: 'prohibit', source: '10.11.0.0', sourcePrefix: 24 })
  expect(whatCloses(TO, 'EACCES', [own], []), 'what has no source yet').toBeNull()
  expect(whatCloses(TO, 'EACCES', [own], [], '10.12.0.1')).toBeNull()
  expect(whatCloses(TO, 'EACCES', [own], [], '10.11.0.1')).toEqual({
    says: 'rule 90 prohibits it',
    shown: 'ip rule: 90: from 10.11.0.0/24 prohibit',
    away: 'ip rule del pref 90',
  })
  const two = [own, rule({ closes: 'prohibit', destination: TO, prefix: 32, priority: 90 })]
  expect(whatCloses(TO, 'EACCES', two, [], '10.11.0.1')?.away).toBe('ip rule del pref 90 from 10.11.0.0/24 prohibit')
})
test('where something is sent: the rule that leads to the table, or a route of the table main', () => {
  const way = { to: TO, from: '10.11.0.1', gateway: '10.11.0.9', index: 2, isLocal: false }
  const led = { ...way, table: 77, destination: '0.0.0.0', prefix: 0 }
  const rules = [rule({ priority: 95, table: 77 }), rule({ table: 77, source: '10.11.0.1', sourcePrefix: 32 }), MAIN]
  expect(whatDiverts(led, rules)).toEqual({
    says: 'rule 90 (from 10.11.0.1 lookup 77) sends it to gateway 10.11.0.9',
    shown:
      'ip route get 10.11.0.11 from 10.11.0.1: default via 10.11.0.9 in table 77; ip rule: 90: from 10.11.0.1 lookup 77',
    away: 'ip rule del pref 90',
  })
  expect(whatDiverts(led, [MAIN]).away, 'its rule is not known').toBe('ip route del default via 10.11.0.9 table 77')
  const main = { ...way, table: 254, destination: TO, prefix: 32 }
  expect(whatDiverts(main, rules).away).toBe('ip route del 10.11.0.11 via 10.11.0.9')
})
