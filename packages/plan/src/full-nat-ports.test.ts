import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { kernel, viewOf } from './fixture.ts'
import { type Observed, portsUsed } from './index.ts'

const configOf = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const FULL = SAMPLE.replace('10.11.0.11, forward: dr', '10.11.0.11, port: 8080, forward: fullnat')
/** On another VIP's port, and by a mark. */
const MORE = FULL.concat(
  '  - { name: admin, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: rr, realservers: [{ node: rs1, address: 10.11.0.11, port: 8080, forward: fullnat }] }\n',
  '  - { name: range, group: web, address: 10.11.0.10, ports: [90, 7000-7001], protocol: tcp+udp, scheduler: rr, check: { type: none }, realservers: [{ node: rs1, address: 10.11.0.11, forward: fullnat }] }\n',
)
const host = (services: Observed['services']): Observed => {
  const now = kernel()
  const addresses = now.addresses.map((one) =>
    one.label === 'inside' || one.label === 'outside' ? { ...one, address: one.address.replace(/\.\d+$/, '.1') } : one,
  )
  return { ...now, addresses, services }
}
const at = (port: number, dest: number, active: number, inactive = 0): NonNullable<Observed['services']>[number] => ({
  ...{ protocol: 'tcp', address: '10.11.0.10', port, spec: { scheduler: 'wlc', flags: [] } },
  dests: [
    { address: '10.11.0.11', port: dest, forward: 'nat', weight: 1, active, inactive },
    { address: '10.12.0.13', port: 8080, forward: 'nat', weight: 1, active: 9, inactive: 9 },
  ],
})
const OWNED = new Set(['web'])

describe('ports that full NAT takes', () => {
  it('are counted by the socket of the realserver, whatever service its connections came to', () => {
    const observed = host([at(80, 8080, 30_000, 20_000), at(81, 8080, 400, 50)])
    expect(portsUsed(viewOf(configOf(MORE), 'dir1'), observed, OWNED)).toEqual([
      {
        ...{ node: 'rs1', socket: '10.11.0.11:8080', source: '10.11.0.1' },
        ...{ used: 50_450, most: 64_512, services: ['http', 'admin'] },
      },
    ])
  })

  it('are so many for each of several ports, and protocol', () => {
    const view = viewOf(configOf(MORE), 'dir1')
    const mark = view.services.find(({ name }) => name === 'range')?.fwmark ?? 0
    const { dests, spec } = at(0, 0, 7)
    const used = portsUsed(view, host([{ fwmark: mark, family: 'ipv4', spec, dests }]), OWNED)
    expect(used).toMatchObject([{ socket: '10.11.0.11:90,7000-7001', used: 7, most: 6 * 64_512 }])
  })

  it('are counted in one pass through a long table', () => {
    const places = Array.from(
      { length: 300 },
      (_, count) => `10.11.${1 + Math.floor(count / 200)}.${1 + (count % 200)}`,
    )
    const own = viewOf(configOf(FULL), 'dir1')
    const services = own.services.map((service) => ({
      ...service,
      realservers: places.flatMap((address) => service.realservers.slice(0, 1).map((one) => ({ ...one, address }))),
    }))
    let reads = 0
    const [table] = host([at(80, 8080, 1)]).services ?? []
    const dests = new Proxy(
      places.map((address) => ({ address, port: 8080, forward: 'nat' as const, weight: 1, active: 1, inactive: 0 })),
      {
        get(all, name) {
          reads += 1
          return Reflect.get(all, name) as unknown
        },
      },
    )
    const used = portsUsed({ ...own, services }, host(table ? [{ ...table, dests }] : null), OWNED)
    expect(used).toHaveLength(places.length)
    expect(reads).toBeLessThan(3 * places.length)
  })

  it('are none of a standby, and none where nothing is in the table', () => {
    const view = viewOf(configOf(FULL), 'dir1')
    expect(portsUsed(view, host([at(80, 8080, 30_000)]), new Set())).toEqual([])
    expect(portsUsed(view, host([]), OWNED)).toEqual([])
    expect(portsUsed(view, host(null), OWNED)).toEqual([])
  })
})
