import { type Scheduler, type ConfigService, type NodeView, destKey } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { kernel, links, planInput, viewOf, wide } from './fixture.ts'
import { desired, type HostNetwork, type PlanInput } from './index.ts'

const ALL = new Map(wide.services.map(({ name, realservers }) => [name, new Set(realservers.map(destKey))]))
const of = (node: string, more: Partial<PlanInput> = {}): PlanInput =>
  planInput('dir1', { view: viewOf(wide, node), serving: ALL, ...more })
const settings = (wanted: PlanInput, host: HostNetwork = kernel()): Map<string, string> =>
  new Map(desired(wanted, host).sysctls.map(({ path, value }) => [path.replace('net/ipv4/', ''), value]))
const named = (kind: RegExp, ...of: Parameters<typeof settings>): string[] =>
  [...settings(...of)].flatMap(([path, value]) => (kind.test(path) ? [`${path.split('/')[1]}=${value}`] : []))
const withServices = (node: string, change: (services: readonly ConfigService[]) => readonly ConfigService[]) => {
  const view: NodeView = viewOf(wide, node)
  return of(node, { view: { ...view, services: change(view.services) } })
}

describe('the settings of a director', () => {
  it('send no redirects: all, what comes later, and every device but lo, as any of them sends', () => {
    const many = {
      ...kernel(),
      links: [
        ...links,
        { index: 4, name: 'bond0', loopback: false, up: false },
        { index: 5, name: 'odd/name', loopback: false, up: true },
      ],
    }
    expect(named(/send_redirects/, of('dir1'), many)).toEqual([
      'all=0',
      'default=0',
      'inside=0',
      'outside=0',
      'bond0=0',
    ])
    expect(named(/send_redirects/, of('rs1'))).toEqual([])
  })
  it('forward where any service has a NAT realserver, and only there', () => {
    const forwards = (wanted: PlanInput) => settings(wanted).get('ip_forward')
    expect(forwards(of('dir1'))).toBe('1')
    expect(forwards(withServices('dir1', (all) => all.filter(({ name }) => name === 'smtp')))).toBe('1')
    expect(forwards(withServices('dir1', (all) => all.filter(({ name }) => name === 'imap')))).toBeUndefined()
    expect(forwards(of('rs3'))).toBeUndefined()
  })
  it('let clients of a removed realserver go', () => {
    expect(settings(of('dir2')).get('vs/expire_nodest_conn')).toBe('1')
    expect(settings(of('rs3')).get('vs/expire_nodest_conn')).toBeUndefined()
  })
  it('have the kernel make rates of what it counts', () => {
    expect(settings(of('dir2')).get('vs/run_estimation')).toBe('1')
    expect(settings(of('rs3')).get('vs/run_estimation')).toBeUndefined()
  })
  it('let packets of connections that another one began through, where it would find their realserver and was told of none', () => {
    const sloppy = (
      protocol: ConfigService['protocol'],
      scheduler: ConfigService['scheduler'],
      sync: NodeView['sync'] = null,
    ) => {
      const { view } = withServices('dir1', (all) => all.map((one) => ({ ...one, protocol, scheduler })))
      const found = settings(of('dir1', { view: { ...view, sync } }))
      return ['tcp', 'sctp'].map((name) => found.get(`vs/sloppy_${name}`))
    }
    expect(sloppy('tcp', 'sh')).toEqual(['1', undefined])
    expect(sloppy('tcp+udp', 'mh')).toEqual(['1', undefined])
    expect(sloppy('sctp', 'mh')).toEqual([undefined, '1'])
    expect(sloppy('udp', 'mh')).toEqual([undefined, undefined])
    expect(sloppy('tcp', 'wrr')).toEqual([undefined, undefined])
    const { sync } = viewOf(wide, 'dir1')
    expect(sync, 'the directors of the sample tell each other').not.toBeNull()
    expect(sloppy('tcp', 'sh', sync)).toEqual([undefined, undefined])
  })
})

describe('the settings of a realserver by direct routing', () => {
  it('fall silent in ARP: all, the interface that faces the VIP, and lo, each once', () => {
    expect(named(/arp_ignore/, of('rs1'))).toEqual(['all=1', 'outside=1', 'lo=1'])
    expect(named(/arp_announce/, of('rs1'))).toEqual(['all=2', 'outside=2', 'lo=2'])
    expect(named(/arp_ignore/, of('rs1'), { links, addresses: [] })).toEqual(['all=1', 'lo=1'])
  })
  it('take a deeper silence of arp_ignore for good, and no weaker arp_announce', () => {
    const accepted = (key: string) =>
      desired(of('rs1'), kernel())
        .sysctls.filter(({ path }) => path.endsWith(key))
        .map(({ accept }) => accept.join())
    expect(new Set(accepted('arp_ignore'))).toEqual(new Set(['1,2']))
    expect(new Set(accepted('arp_announce'))).toEqual(new Set(['2']))
  })
  it('are left alone where there is no alias', () => {
    expect(named(/arp/, of('rs3'))).toEqual([])
    expect(named(/arp/, of('rs1', { owned: new Set(['web', 'mail']) }))).toEqual([])
  })
})

describe('the settings of a NAT realserver', () => {
  it('believe no redirect: all, and the interface to the gateway', () => {
    expect(named(/accept_redirects/, of('rs3'))).toEqual(['all=0', 'inside=0'])
    expect(named(/accept_redirects/, of('rs3'), { links, addresses: [] })).toEqual(['all=0'])
    expect(named(/accept_redirects/, of('rs1'))).toEqual([])
  })
  it('need a way to the gateway; index 0 says that there is none', () => {
    expect(desired(of('rs4'), kernel()).gateways).toEqual([{ address: '10.12.1.253', index: 2 }])
    expect(desired(of('rs4'), { links, addresses: [] }).gateways).toEqual([{ address: '10.12.1.253', index: 0 }])
    expect(desired(of('rs1'), kernel()).gateways).toEqual([])
  })
})

describe('the aliases', () => {
  const alias = (address: string) => ({ address, placement: 'lo' })
  it('are the VIPs of groups that this node serves and does not own', () => {
    expect(desired(of('rs1'), kernel()).aliases).toEqual([alias('10.11.0.10'), alias('10.11.0.20')])
    expect(desired(of('rs1', { owned: new Set(['web']) }), kernel()).aliases).toEqual([alias('10.11.0.20')])
    expect(desired(of('dir1'), kernel()).aliases).toEqual([])
  })
})

describe('the table', () => {
  const weights = (wanted: PlanInput): Record<string, string> =>
    Object.fromEntries(
      desired(wanted, kernel()).services.map(({ name, dests }) => [
        name,
        dests.map(({ address, weight }) => `${address.split('.')[3]}:${weight}`).join(' '),
      ]),
    )
  const only = (name: string, ...keys: string[]) => new Map([[name, new Set(keys)]])

  it.each<[why: string, wanted: PlanInput, table: Record<string, string>]>([
    [
      'who serves has its weight',
      of('dir1'),
      { http: '11:1 12:1 13:1', https: '11:3 13:2', imap: '12:1 11:0', smtp: '14:1' },
    ],
    [
      'who does not serve is not there',
      of('dir1', { serving: only('http', '10.11.0.12:80') }),
      { http: '12:1', https: '', imap: '', smtp: '' },
    ],
    [
      'who failed lingers at weight 0',
      of('dir1', { serving: only('http', '10.11.0.12:80'), draining: only('http', '10.11.0.11:80', '10.11.0.12:80') }),
      { http: '11:0 12:1', https: '', imap: '', smtp: '' },
    ],
    [
      'before a move NAT takes nothing new, where direct routing goes on',
      of('dir1', { quiescing: new Set(['web']) }),
      { http: '11:1 12:1 13:0', https: '11:3 13:0', imap: '12:1 11:0', smtp: '14:1' },
    ],
    [
      'nor where clients would be refused by weight 0',
      withScheduler('dh', of('dir1', { quiescing: new Set(['web']) })),
      { http: '11:1 12:1 13:1', https: '11:3 13:2', imap: '12:1 11:0', smtp: '14:1' },
    ],
    [
      'NAT goes on where nobody else does',
      of('dir1', { quiescing: new Set(['web', 'mail']), serving: only('https', '10.12.0.13:8443') }),
      { http: '', https: '13:2', imap: '', smtp: '' },
    ],
    [
      'and where nobody else does now, whatever weight the configuration says',
      of('dir1', { quiescing: new Set(['web']), weights: new Map([['https', new Map([['10.11.0.11:443', 0]])]]) }),
      { http: '11:1 12:1 13:0', https: '11:0 13:2', imap: '12:1 11:0', smtp: '14:1' },
    ],
    [
      'nor does anybody else whose weight is 0',
      withWeight(0, of('dir1', { quiescing: new Set(['web']) })),
      { http: '11:0 12:0 13:1', https: '11:0 13:1', imap: '12:0 11:0', smtp: '14:1' },
    ],
    [
      'a weight of 1 is enough to go on',
      withWeight(1, of('dir1', { quiescing: new Set(['web']) })),
      { http: '11:1 12:1 13:0', https: '11:1 13:0', imap: '12:1 11:1', smtp: '14:1' },
    ],
  ])('%s', (_, wanted, table) => expect(weights(wanted)).toEqual(table))

  it('lets each interface of NAT pass packets on, and no other one', () => {
    const on = (node: string): string[] =>
      desired(of(node), kernel()).sysctls.flatMap(({ path, value }) =>
        /^net\/ipv4\/(ip_forward|conf\/[^/]+\/forwarding)$/.test(path) ? [`${path} ${value}`] : [],
      )
    expect(on('dir1')).toEqual([
      'net/ipv4/ip_forward 1',
      'net/ipv4/conf/inside/forwarding 1',
      'net/ipv4/conf/outside/forwarding 1',
    ])
    expect(on('rs1')).toEqual([])
  })

  it('takes what is handed over where the way back is another interface, and else leaves rp_filter alone', () => {
    const filters = (index: number, all: string | null): string[] =>
      desired(
        of('rs1'),
        kernel({
          defaults: [{ gateway: '10.0.0.1', index, protocol: 3, metric: 0 }],
          sysctls: new Map([['net/ipv4/conf/all/rp_filter', all]]),
        }),
      ).sysctls.flatMap(({ path, value, accept }) =>
        path.endsWith('rp_filter') ? [`${path.split('/')[3]} ${value} of ${accept.join()}`] : [],
      )
    expect(filters(2, '1')).toEqual(['all 1 of 1', 'outside 2 of 2'])
    expect(filters(2, '0')).toEqual(['all 0 of 0', 'outside 2 of 0,2'])
    expect(filters(3, '1'), 'the way back is this interface').toEqual([])
    expect(desired(of('rs1'), kernel()).sysctls.some(({ path }) => path.endsWith('rp_filter'))).toBe(false)
  })

  it('has the services of the groups that this node directs, as the configuration names them', () => {
    const [first] = desired(of('dir1'), kernel()).services
    expect(first).toMatchObject({
      name: 'http',
      group: 'web',
      protocol: 'tcp',
      address: '10.11.0.10',
      port: 80,
      spec: { scheduler: 'wrr', flags: [] },
    })
    expect(first?.dests[2]).toEqual({ address: '10.12.0.13', port: 8080, forward: 'nat', weight: 1 })
    expect(desired(of('rs1'), kernel()).services).toEqual([])
  })

  it('forgets the connections of groups that come, and no longer once they are here', () => {
    const flushConnections = (more: Partial<PlanInput>) =>
      desired(of('dir1', more), kernel()).services.flatMap(({ name, flushConnections }) =>
        flushConnections ? [name] : [],
      )
    expect(flushConnections({})).toEqual([])
    expect(flushConnections({ flushing: new Set(['mail']) })).toEqual(['imap', 'smtp'])
    expect(flushConnections({ flushing: new Set(['web', 'mail']), owned: new Set(['mail']) })).toEqual([
      'http',
      'https',
    ])
  })
})

/** Direct routing has this weight, NAT has 1. */
function withWeight(weight: number, wanted: PlanInput): PlanInput {
  const services = wanted.view.services.map((service) => ({
    ...service,
    realservers: service.realservers.map((entry) => ({ ...entry, weight: entry.forward === 'nat' ? 1 : weight })),
  }))
  return { ...wanted, view: { ...wanted.view, services } }
}
function withScheduler(scheduler: Scheduler, wanted: PlanInput): PlanInput {
  const services = wanted.view.services.map((service) => ({ ...service, scheduler }))
  return { ...wanted, view: { ...wanted.view, services } }
}
