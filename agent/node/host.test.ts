import { checkConfig, type Config, placeOf, SAMPLE } from '@lvsm/model'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { type Host, hostWarnings, lookAround } from './host.ts'

const DIR1: Host = {
  interfaces: ['lo', 'eth0', 'eth1'],
  addresses: [
    { address: '127.0.0.1', prefix: 8 },
    { address: '10.12.0.1', prefix: 24 },
    { address: '10.11.0.1', prefix: 24 },
  ],
}
const said = (text: string, node: string, host: Host): string[] => {
  const config = checkConfig(text).config as Config
  return hostWarnings(config, node, host, (path) => placeOf(text, path)).map(
    ({ code, line, field, message, hint }) => `${line} ${field} ${code}: ${message} → ${hint}`,
  )
}

describe('on the node itself', () => {
  test('nothing is said where all is there, and nothing on a machine that is another one', () => {
    expect(said(SAMPLE, 'dir1', DIR1)).toEqual([])
    expect(said(SAMPLE, 'dir2', DIR1)).toEqual([])
  })
  test('an interface that it does not have is named, and the one that was meant', () => {
    const text = SAMPLE.replace('[10.12.0.254/24]', '[{ address: 10.12.0.254/24, interface: eht1 }]')
    expect(said(text, 'dir1', DIR1)).toEqual([
      '17 groups[0].gateways[0] no-such-interface: this host has no interface eht1, which a gateway of group "web" needs → did you mean "eth1"?',
    ])
    expect(
      said(text, 'rs1', {
        ...DIR1,
        addresses: [
          { address: '10.12.0.11', prefix: 24 },
          { address: '10.11.0.11', prefix: 24 },
        ],
      }),
    ).toEqual([])
  })
  test('an address that it does not have, and a VIP that would have no interface', () => {
    expect(said(SAMPLE, 'dir1', { ...DIR1, addresses: DIR1.addresses.slice(0, 2) })).toEqual([
      '8 nodes[0].links[1].address no-such-address: this host has no address 10.11.0.1, which is that of its link "outside" → its addresses: 127.0.0.1, 10.12.0.1',
      '16 groups[0].vips[0] no-such-interface: no interface of this host is in the network of 10.11.0.10, which a VIP of group "web" needs → correct the address, or name the interface: { address: …, interface: … }',
    ])
  })
  test('this machine is seen as it is', () =>
    expect(lookAround().interfaces).toEqual(expect.arrayContaining(Object.keys(networkInterfaces()))))
})
