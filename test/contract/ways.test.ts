/** To whom the kernel has no way, and which rule or route is to blame, on the host's kernel. Needs root, and fails without it. */
import { whatCloses } from '@lvsm/base'
import { openWays } from '../../agent/node/adapters/kernel/ways.ts'
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
