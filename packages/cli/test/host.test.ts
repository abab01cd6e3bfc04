/** What a machine proposes: its name and its addresses. */
import type * as os from 'node:os'
import { expect, it, vi } from 'vitest'
import { nodeName, places } from '../src/setup/host.ts'

const machine = vi.hoisted(() => ({ name: '', interfaces: {} }))
vi.mock('node:os', async (original) => ({
  ...(await original<typeof os>()),
  hostname: () => machine.name,
  networkInterfaces: () => machine.interfaces,
}))
const at = (cidr: string, internal = false): os.NetworkInterfaceInfo => ({
  address: cidr.split('/')[0] ?? '',
  cidr,
  internal,
  family: 'IPv4',
  netmask: '',
  mac: '',
})

it('addresses at which others reach it are proposed, and those of itself or of one cable are not', () => {
  machine.interfaces = {
    lo: [at('127.0.0.1/8', true), at('10.99.0.1/32', true)],
    eth0: [at('169.254.3.4/16'), at('10.12.0.2/24'), at('fe80::1/64')],
    eth1: [at('10.11.0.2/16')],
  }
  expect(places()).toEqual([
    { interface: 'eth0', address: '10.12.0.2', prefix: 24 },
    { interface: 'eth1', address: '10.11.0.2', prefix: 16 },
  ])
})
it.each([
  ['dir1.example.org', 'dir1'],
  ['Web_7', 'web-7'],
])('as host %s it is node %s', (host, name) => {
  machine.name = host
  expect(nodeName()).toBe(name)
})
