import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { SAMPLE } from '../sample.ts'

const LINE = '    ping: [10.11.0.100]\n'
const withPing = (ping: string): string => SAMPLE.replace(LINE, `    ping: ${ping}\n`)
const refuse = (text: string) => {
  const { refusals } = checkConfig(text)
  if (!refusals) throw new Error('accepted')
  return refusals
}

describe('ping nodes of a group', () => {
  it('are kept in their order, and may be left out', () => {
    expect(checkConfig(withPing('[10.11.0.254, 192.0.2.1]')).config?.groups[0]?.ping).toEqual([
      '10.11.0.254',
      '192.0.2.1',
    ])
    expect(checkConfig(SAMPLE.replace(LINE, '')).config?.groups[0]?.ping).toEqual([])
  })
  it('may be of IPv6', () =>
    expect(checkConfig(withPing('["2001:db8::1", 10.11.0.254]')).config?.groups[0]?.ping).toEqual([
      '2001:db8::1',
      '10.11.0.254',
    ]))
  it('may be realservers, and nodes that direct other groups', () =>
    expect(checkConfig(withPing('[10.11.0.11, 10.12.0.13]')).refusals).toBeUndefined())

  it.each([
    ['its VIP', '[10.11.0.10]', 'ping-node-moves'],
    ['its NAT gateway', '[10.12.0.254]', 'ping-node-moves'],
    ['a director', '[10.11.0.2]', 'ping-node-is-director'],
    ['the other link of a director', '[10.12.0.1]', 'ping-node-is-director'],
    ['the same twice', '[10.11.0.100, 10.11.0.100]', 'duplicate-address'],
    ['loopback', '[127.0.0.1]', 'bad-address'],
    ['multicast', '[224.0.0.18]', 'bad-address'],
    ['nobody', '[0.0.0.0]', 'bad-address'],
    ['broadcast of everywhere', '[255.255.255.255]', 'bad-address'],
    ['broadcast of the VIP’s network', '[10.11.0.255]', 'bad-address'],
    ['the network itself', '[10.11.0.0]', 'bad-address'],
    ['a name', '[router1.example.org]', 'bad-address'],
    ['a prefix', '[10.11.0.254/24]', 'bad-address'],
    ['link-local of IPv6', '["fe80::1"]', 'bad-address'],
    ['IPv6 in another spelling', '["2001:DB8::1"]', 'bad-address'],
    ['leading zeros', '[010.11.0.254]', 'bad-address'],
    ['no list', '10.11.0.254', 'bad-type'],
    ['a mapping', '[{ address: 10.11.0.254 }]', 'bad-type'],
    ['nothing', '[null]', 'missing'],
    ['nine', `[${Array.from({ length: 9 }, (_, at) => `10.11.0.${at + 100}`).join(', ')}]`, 'out-of-range'],
  ])('are refused when they are %s', (_, ping, code) => {
    const found = refuse(withPing(ping))
    expect(found.map((refusal) => refusal.code)).toEqual([code])
    expect(found[0]).toMatchObject({ line: 18, hint: expect.stringMatching(/./) })
    expect(found[0]?.field).toMatch(/^groups\[0\]\.ping/)
  })

  it('say which limit was passed', () => {
    const nine = refuse(withPing(`[${Array.from({ length: 9 }, (_, at) => `10.11.0.${at + 100}`).join(', ')}]`))
    expect(nine[0]).toMatchObject({ message: 'the list has 9 entries', hint: 'give at most 8 entries' })
  })

  it('are at most 32 different ones in all groups, named where the first is too many', () => {
    const group = (at: number): string =>
      `  - { name: g${at}, directors: [dir1, dir2], vips: [10.20.${at}.10/24], ping: [${[0, 1, 2, 3, 4, 5, 6, 7]
        .map((node) => `10.20.${at}.${node + 100}`)
        .join(', ')}] }\n`
    const groups = (count: number): string =>
      SAMPLE.replace('services:\n', `${Array.from({ length: count }, (_, at) => group(at)).join('')}services:\n`)
    expect(checkConfig(groups(3)).refusals).toBeUndefined()
    expect(checkConfig(groups(4).replace(LINE, '')).refusals).toBeUndefined()
    expect(refuse(groups(5))).toMatchObject([{ code: 'too-many-ping-nodes', field: 'groups[4].ping[7]', line: 22 }])
  })
})
