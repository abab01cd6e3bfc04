import { expect, it } from 'vitest'
import { checkConfig, nodeView, tunnelDeviceName } from './index.ts'
import { edited } from './fixture.ts'

/** The sample, whose inside links are of IPv6, with a service of IPv6 whose realserver says this of itself. */
const SIX = (server: string): string =>
  `${edited(
    ['vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 2001:db8:11::10/64]'],
    [/name: inside, address: 10\.12\.0\.(\d+)/g, 'name: inside, address: "2001:db8:12::$1"'],
  )}  - { name: http6, group: web, address: "2001:db8:11::10", port: 80, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: "2001:db8:12::11", ${server} }] }
`
const viewOf = (server: string) => {
  const { config, refusals } = checkConfig(SIX(server))
  if (!config) throw new Error(JSON.stringify(refusals))
  return nodeView(config, 'rs1')
}

it('unwraps what comes from the addresses of IPv6 that directors have, and from no others', () => {
  expect(viewOf('forward: tun')).toMatchObject({
    tunnels: [
      { tunnel: 'ipip', remote: '2001:db8:12::1' },
      { tunnel: 'ipip', remote: '2001:db8:12::2' },
    ],
    tunnelled: [{ address: '2001:db8:11::10', tunnel: 'ipip' }],
    tunnelPorts: [],
  })
  expect(viewOf('forward: tun, tunnel: gue')?.tunnelPorts).toEqual([{ port: 6080, family: 'ipv6' }])
})

it('has devices whose names an interface may have, and no two directors of one network share one', () => {
  const names = Array.from({ length: 1000 }, (_, at) =>
    tunnelDeviceName('ipip', `2001:db8:12::${(at + 1).toString(16)}`),
  )
  for (const name of names) expect(name).toMatch(/^lvsm-s[0-9a-f]{8}$/)
  expect(new Set(names).size).toBe(names.length)
  expect(tunnelDeviceName('gre', '2001:db8:12::1')).toMatch(/^lvsm-h/)
  expect(tunnelDeviceName('ipip', '10.11.0.1')).toBe('lvsm-i0a0b0001')
})
