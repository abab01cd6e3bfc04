/**
 * The default route of a realserver by NAT beside one that DHCP, or a router's advertisement, has set with a larger metric: ours goes before it, it stays, and
 * has its place again when ours goes. `ip` as judge. Needs root, and fails without it.
 */
import { inNamespace } from '@lvsm/kernel'
import { afterAll, expect, test } from 'vitest'
import { defaultRoutes, type DesiredGateway, foreignDefaults } from '../../packages/plan/src/default-routes.ts'
import { openKernel } from '../../agent/node/adapters/kernel/kernel.ts'
import { index, ip, ipJson, run, space } from './space.ts'

const kernel = inNamespace(space, () => openKernel())
afterAll(() => kernel.close())
const seen = () => inNamespace(space, () => kernel.observe({ sysctls: [], services: false }))
const change = (gateways: readonly DesiredGateway[]): string[] =>
  defaultRoutes(seen(), gateways).map((one) => {
    const refused = inNamespace(space, () => kernel.apply(one))
    return `${one.kind}${refused ? `: ${refused.message}` : ''}`
  })

test.each([
  {
    ...{ family: 'ipv4', words: '', network: '10.66.1.5/24', gateway: '10.66.1.254', other: '10.66.1.1' },
    ...{ metric: 100, far: '192.0.2.1' },
  },
  {
    ...{
      family: 'ipv6',
      words: '-6 ',
      network: '2001:db8:66::5/64',
      gateway: '2001:db8:66::fe',
      other: '2001:db8:66::1',
    },
    ...{ metric: 2048, far: '2001:db8:ffff::1' },
  },
])(
  '$family: ours goes before one of metric $metric, which stays',
  ({ words, network, gateway, other, metric, far }) => {
    ip(`addr add ${network} dev left${words === '' ? '' : ' nodad'}`)
    ip(`${words}route add default via ${other} dev left metric ${metric} proto dhcp`)
    const wanted = { address: gateway, index }
    const way = (): unknown => ipJson(`${words}route get ${far}`)[0]?.['gateway']
    expect(way()).toBe(other)
    expect(foreignDefaults(seen(), wanted)).toEqual([])
    expect(change([wanted])).toEqual(['route-set'])
    expect(way()).toBe(gateway)
    expect(ipJson(`${words}route show default`)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ gateway: other, metric, protocol: 'dhcp' }),
        expect.objectContaining({ gateway, protocol: '76' }),
      ]),
    )
    expect(change([wanted]), 'nothing is left to do').toEqual([])
    // Somebody takes ours away, and what is left has the same gateway as before.
    ip(`${words}route del default via ${gateway}`)
    expect(way()).toBe(other)
    expect(change([wanted])).toEqual(['route-set'])
    expect(way()).toBe(gateway)
    // The node leaves the service.
    expect(change([])).toEqual(['route-remove'])
    expect(way()).toBe(other)
    // One that stands before ours, or in its place, is in the way, and is not touched.
    ip(`${words}route del default via ${other}`)
    ip(`${words}route add default via ${other} dev left metric ${words === '' ? 0 : 1024}`)
    expect(change([wanted])).toEqual([])
    expect(foreignDefaults(seen(), wanted)).toHaveLength(1)
    expect(way()).toBe(other)
    ip(`${words}route del default via ${other}`)
    run('ip', '-n', space, 'addr', 'del', network, 'dev', 'left')
  },
)
