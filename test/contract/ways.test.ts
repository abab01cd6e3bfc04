/** To whom the kernel has no way, and which rule or route is to blame, on the host's kernel. Needs root, and fails without it. */
import { whatCloses } from '@lvsm/base'
import { openAnswers, openWays } from '../../agent/node/adapters/kernel/ways.ts'
import { expect, test } from 'vitest'
import { ip, route } from './space.ts'

const TARGETS = [11, 12, 13, 14, 15, 16].flatMap((end) => [`10.11.0.${end}`, `fd00:11::${end}`])
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
