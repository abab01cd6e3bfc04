/** To whom the kernel has no way, and which rule or route is to blame, on the host's kernel. Needs root, and fails without it. */
import { whatCloses, whatDiverts } from '@lvsm/base'
import { openAnswers, openWays } from '../../agent/node/adapters/kernel/ways.ts'
import { expect, test } from 'vitest'
import { ip, route } from './space.ts'

const TARGETS = [11, 12, 13, 14, 15, 16].flatMap((end) => [{ to: `10.11.0.${end}` }, { to: `fd00:11::${end}` }])
let now = 0
const ways = openWays(route, () => now)
function found(): Record<string, string> {
  ways.forget()
  const { none, rules, routes } = ways.look(TARGETS)
  return Object.fromEntries(none.map(({ to, code }) => [to, whatCloses(to, code, rules, routes)?.away ?? code]))
}
const away = (command: string): string => command.replace(/^ip /, '')

test('rules and routes of each kind and family are named, and what is named mends it', () => {
  ip('address add 10.11.0.1/24 dev left')
  ip('address add fd00:11::1/64 dev left nodad')
  expect(found()).toEqual({})
  const made = [
    'rule add pref 90 to 10.11.0.11 prohibit',
    'route add blackhole 10.11.0.12',
    'route add unreachable 10.11.0.13 table 77',
    'rule add pref 80 lookup 77',
    'route add prohibit 10.11.0.14',
    'rule add pref 91 to 10.11.0.15 blackhole',
    'rule add pref 91 to 10.11.0.16 unreachable',
    '-6 rule add pref 90 to fd00:11::11 prohibit',
    '-6 route add blackhole fd00:11::12',
    '-6 route add unreachable fd00:11::13',
    '-6 route add prohibit fd00:11::14',
    '-6 rule add pref 92 to fd00:11::16 unreachable',
  ]
  for (const line of made) ip(line)
  const lost = found()
  expect(lost).toEqual({
    '10.11.0.11': 'ip rule del pref 90',
    '10.11.0.12': 'ip route del blackhole 10.11.0.12',
    '10.11.0.13': 'ip route del unreachable 10.11.0.13 table 77',
    '10.11.0.14': 'ip route del prohibit 10.11.0.14',
    '10.11.0.15': 'ip rule del pref 91 to 10.11.0.15 blackhole',
    '10.11.0.16': 'ip rule del pref 91 to 10.11.0.16 unreachable',
    'fd00:11::11': 'ip -6 rule del pref 90',
    'fd00:11::12': 'ip -6 route del blackhole fd00:11::12',
    'fd00:11::13': 'ip -6 route del unreachable fd00:11::13',
    'fd00:11::14': 'ip -6 route del prohibit fd00:11::14',
    'fd00:11::16': 'ip -6 rule del pref 92',
  })
  for (const command of Object.values(lost)) ip(away(command))
  expect(found()).toEqual({})
})
test('what leaves from an own address: rules of that source are named, and where what is next to it is sent elsewhere', () => {
  const sourced = [2, 3, 4, 5].flatMap((end) => [
    { to: `10.11.0.${end}`, from: '10.11.0.1' },
    { to: `fd00:11::${end}`, from: 'fd00:11::1' },
  ])
  const look = () => {
    ways.forget()
    return ways.look([...TARGETS, ...sourced])
  }
  const before = look()
  expect(before.none).toEqual([])
  expect(before.ways?.map(({ to, gateway, isLocal, table }) => [to, gateway, isLocal, table])).toEqual(
    sourced.map(({ to }) => [to, null, false, 254]),
  )
  const made = [
    'route add default via 10.11.0.99 table 76',
    'rule add pref 90 from 10.11.0.1 to 10.11.0.2 lookup 76',
    'rule add pref 91 from 10.11.0.1 to 10.11.0.3 prohibit',
    'route add 10.11.0.4 via 10.11.0.98',
    '-6 route add default via fd00:11::99 dev left table 76',
    '-6 rule add pref 90 from fd00:11::1/128 to fd00:11::2 lookup 76',
    '-6 rule add pref 91 from fd00:11::1 to fd00:11::3 prohibit',
    '-6 route add fd00:11::4 via fd00:11::98 dev left',
  ]
  for (const line of made) ip(line)
  const { none, rules, routes, ways: found = [] } = look()
  expect(none.map(({ to, code, from }) => [to, whatCloses(to, code, rules, routes, from)?.away])).toEqual([
    ['10.11.0.3', 'ip rule del pref 91'],
    ['fd00:11::3', 'ip -6 rule del pref 91'],
  ])
  const aside = found.filter(({ gateway }) => gateway !== null).map((way) => whatDiverts(way, rules))
  expect(aside.map(({ says }) => says)).toEqual([
    'rule 90 (from 10.11.0.1 to 10.11.0.2 lookup 76) sends it to gateway 10.11.0.99',
    'rule 90 (from fd00:11::1 to fd00:11::2 lookup 76) sends it to gateway fd00:11::99',
    'route 10.11.0.4 via 10.11.0.98 in table main sends it to gateway 10.11.0.98',
    'route fd00:11::4 via fd00:11::98 in table main sends it to gateway fd00:11::98',
  ])
  for (const { away: command } of aside) ip(away(command))
  for (const line of ['rule del pref 91', '-6 rule del pref 91', 'route flush table 76', '-6 route flush table 76'])
    ip(line)
  expect(look()).toEqual(before)
})
test('who has a way is asked for again after five seconds, who has none after one, and all of them where it is forgotten', () => {
  ways.forget()
  expect(ways.look(TARGETS).none).toEqual([])
  ip('rule add pref 90 to 10.11.0.11 prohibit')
  now += 4000
  expect(ways.look(TARGETS).none).toEqual([])
  now += 1000
  expect(ways.look(TARGETS).none).toEqual([{ to: '10.11.0.11', code: 'EACCES' }])
  ip('rule del pref 90')
  now += 500
  expect(ways.look(TARGETS).none).toHaveLength(1)
  now += 500
  expect(ways.look(TARGETS).none).toEqual([])
})
test('of answers it is asked with their source and port, as rules tell them, and once a second however the clients change', () => {
  const answers = openAnswers(route, () => now)
  const from = '10.11.0.1'
  const lost = (to: string, port = 80): string[] => {
    now += 1000
    return answers.look([{ to, from, port }]).none.map(({ code }) => code)
  }
  ip('route add unreachable 192.0.2.7')
  expect(lost('192.0.2.7')).toEqual(['EHOSTUNREACH'])
  const [one] = answers.look([{ to: '10.11.0.20', from, port: 80 }]).none
  expect(one).toEqual({ to: '192.0.2.7', from, code: 'EHOSTUNREACH' })
  ip('route del unreachable 192.0.2.7')
  ip('route add default dev left table 78')
  ip('rule add pref 79 from 10.11.0.1 ipproto tcp sport 80 lookup 78')
  expect(lost('192.0.2.7')).toEqual([])
  expect(lost('192.0.2.7', 81)).toEqual(['ENETUNREACH'])
  ip('rule del pref 79')
  ip('route flush table 78')
})
