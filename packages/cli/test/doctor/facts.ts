/** Machines as facts: one that is well, and what differs from it. */
import type { NodeView } from '@lvsm/model'
import type { FactService, MachineFacts } from '@lvsm/protocol'
import { type Given, NOTHING_GIVEN } from '../../src/doctor/core/part.ts'

export const link = (
  name: string,
  more: Partial<MachineFacts['links'][number]> = {},
): MachineFacts['links'][number] => ({
  ...{ name, up: true, loopback: name === 'lo', arp: name !== 'lo', kind: '', mtu: name === 'lo' ? 65_536 : 1500 },
  ...more,
})
export const address = (
  device: string,
  cidr: string,
  more: Partial<MachineFacts['addresses'][number]> = {},
): MachineFacts['addresses'][number] => {
  const [host = '', prefix] = cidr.split('/')
  return {
    ...{ interface: device, address: host, prefix: Number(prefix), label: device, scope: 0 },
    ...{ deprecated: false, tentative: false, dadFailed: false },
    ...more,
  }
}
export const destination = (
  at: string,
  forward: FactService['destinations'][number]['forward'] = 'dr',
  more: Partial<FactService['destinations'][number]> = {},
): FactService['destinations'][number] => {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(at) ?? []
  return { address: host, port: Number(port), forward, weight: 1, active: 0, inactive: 0, ...more }
}
export const service = (
  at: string,
  destinations: FactService['destinations'],
  more: Partial<FactService> = {},
): FactService => {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(at) ?? []
  return {
    ...{ protocol: 'tcp', address: host, port: Number(port), scheduler: 'rr', persistenceSeconds: 0, onePacket: false },
    destinations,
    ...more,
  }
}
export const ipvs = (...services: readonly FactService[]): NonNullable<MachineFacts['ipvs']> => ({
  ...{ services, tableSize: 4096, udpSeconds: 30, tcpSeconds: 900, daemons: [] },
})

const conf = (name: string): Record<string, string> =>
  Object.fromEntries(
    [
      ...['arp_ignore', 'arp_announce', 'arp_filter', 'rp_filter', 'send_redirects', 'accept_redirects'],
      ...['accept_local', 'drop_gratuitous_arp'],
    ].map((key) => [`net/ipv4/conf/${name}/${key}`, '0']),
  )
const SYSCTLS: MachineFacts['sysctls'] = {
  ...conf('all'),
  ...conf('default'),
  ...conf('eth0'),
  ...conf('tunl0'),
  'net/ipv4/ip_forward': '0',
  'net/ipv4/ip_nonlocal_bind': '0',
  'net/ipv4/neigh/default/gc_thresh1': '128',
  'net/ipv4/neigh/default/gc_thresh2': '512',
  'net/ipv4/neigh/default/gc_thresh3': '1024',
  'net/ipv4/vs/expire_nodest_conn': '1',
  'net/ipv4/vs/expire_quiescent_template': '0',
  'net/ipv4/vs/conn_reuse_mode': '1',
  'net/ipv4/vs/conntrack': '0',
  'net/ipv4/vs/backup_only': '0',
  'net/ipv4/vs/sloppy_tcp': '0',
  'net/ipv4/vs/pmtu_disc': '1',
  'net/ipv4/vs/sync_threshold': '0\t0',
}

/** With its own address on eth0, no IPVS, and nothing wrong. */
const PLAIN: MachineFacts = {
  kernel: '6.1.0-28-amd64',
  links: [link('lo'), link('eth0')],
  addresses: [address('lo', '127.0.0.1/8'), address('eth0', '10.11.0.11/24')],
  routes: [
    {
      ...{ destination: '0.0.0.0', prefix: 0, gateway: '10.11.0.1', interface: 'eth0', source: null },
      metric: 0,
      mss: null,
    },
  ],
  ways: [],
  sysctls: SYSCTLS,
  readOnly: false,
  modules: [],
  ipvs: null,
  processes: [],
  units: [],
  lines: [],
  counters: {},
  offloads: {},
  listeners: [],
  chains: [],
  gaps: [],
}

export interface Machine {
  readonly facts: MachineFacts
  readonly given: Given
  /** Not there: in no cluster. */
  readonly view?: NodeView
}
type More = Partial<MachineFacts> & { readonly given?: Partial<Given>; readonly view?: NodeView }

const made = (base: MachineFacts, { given, view, sysctls, ...more }: More): Machine => ({
  ...(view ? { view } : {}),
  facts: { ...base, ...more, sysctls: { ...base.sysctls, ...sysctls } },
  given: { ...NOTHING_GIVEN, ...given },
})
export const plain = (more: More = {}): Machine => made(PLAIN, more)

/** By DR, with 10.11.0.50 on lo. */
export const realserver = (more: More = {}): Machine =>
  made(
    {
      ...PLAIN,
      addresses: [...PLAIN.addresses, address('lo', '10.11.0.50/32')],
      sysctls: { ...SYSCTLS, 'net/ipv4/conf/all/arp_ignore': '1', 'net/ipv4/conf/all/arp_announce': '2' },
    },
    more,
  )
/** By IP in IP, with 10.11.0.50 on lo and a device that unwraps. */
export const tunnelled = (more: More = {}): Machine => {
  const { facts } = realserver()
  return made(
    {
      ...facts,
      links: [...facts.links, link('tunl0', { kind: 'ipip', arp: false, mtu: 1480 })],
      addresses: [...facts.addresses, address('tunl0', '127.76.0.1/32')],
      sysctls: { ...facts.sysctls, 'net/ipv4/conf/tunl0/rp_filter': '2' },
      routes: facts.routes.map((one) => ({ ...one, mss: 1440 })),
    },
    more,
  )
}
/** The owner of 10.11.0.50, with two realservers by `forward`. */
export const director = (forward: FactService['destinations'][number]['forward'] = 'dr', more: More = {}): Machine =>
  made(
    {
      ...PLAIN,
      addresses: [address('lo', '127.0.0.1/8'), address('eth0', '10.11.0.2/24'), address('eth0', '10.11.0.50/32')],
      ipvs: ipvs(
        service('10.11.0.50:80', [destination('10.12.0.11:80', forward), destination('10.12.0.12:80', forward)]),
      ),
      ways: ['10.12.0.11', '10.12.0.12'].map((to) => ({
        to,
        interface: 'eth0',
        gateway: null,
        source: '10.11.0.2',
        local: false,
      })),
      sysctls: forward === 'nat' ? { ...SYSCTLS, 'net/ipv4/ip_forward': '1' } : SYSCTLS,
      modules: ['ip_vs'],
    },
    more,
  )
