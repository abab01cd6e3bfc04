/** For this room's tests: the sample configuration, and a kernel that does as it is told. */
import { checkConfig, type Config, nodeView, SAMPLE } from '@lvsm/model'
import {
  claim,
  guardPrint,
  NOTHING_OWNED,
  type Observed,
  type ObservedService,
  type Operation,
  type Situation,
  serviceKey,
} from './index.ts'

const sample = (): Config => {
  const { config } = checkConfig(SAMPLE)
  if (!config) throw new Error('sample')
  return config
}
export const config = sample()
export const view = (node: string) =>
  nodeView(config, node) ??
  (() => {
    throw new Error(node)
  })()

export const situation = (node: string, more: Partial<Situation> = {}): Situation => ({
  view: view(node),
  owned: new Set(),
  serving: new Map([['http', new Set(['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080'])]]),
  lingering: new Map(),
  quiescing: new Set(),
  handover: new Map(),
  forgetting: new Set(),
  ...more,
})

const links = [
  { index: 1, name: 'lo', loopback: true, up: true },
  { index: 2, name: 'inside', loopback: false, up: true },
  { index: 3, name: 'outside', loopback: false, up: true },
]
export const ARP = ['all', 'lo', 'outside', 'inside'].flatMap((name) =>
  ['arp_ignore', 'arp_announce', 'send_redirects', 'accept_redirects', 'promote_secondaries'].map(
    (key) => `net/ipv4/conf/${name}/${key}`,
  ),
)
export const kernel = (more: Partial<Observed> = {}): Observed => ({
  links,
  addresses: [
    { index: 2, address: '10.12.0.13', prefix: 24, label: 'inside' },
    { index: 3, address: '10.11.0.11', prefix: 24, label: 'outside' },
  ],
  defaults: [],
  sysctls: new Map(
    [...ARP, 'net/ipv4/conf/default/send_redirects', 'net/ipv4/ip_forward', 'net/ipv4/vs/expire_nodest_conn'].map(
      (path) => [path, path.includes('redirects') ? '1' : '0'],
    ),
  ),
  services: [],
  guard: null,
  ...more,
})

type Service = { -readonly [K in keyof ObservedService]: ObservedService[K] }

/** The kernel after an operation; what it refuses, it throws. */
export function apply(now: Observed, operation: Operation): Observed {
  const services = (now.services ?? []) as readonly Service[]
  const within = (change: (service: Service) => Service | null): Observed => {
    if (!('service' in operation)) throw new Error('no service')
    if (!services.some((service) => serviceKey(service) === serviceKey(operation.service))) throw new Error('ESRCH')
    return {
      ...now,
      services: services.flatMap((service) =>
        serviceKey(service) === serviceKey(operation.service) ? (change(service) ?? []) : service,
      ),
    }
  }
  switch (operation.kind) {
    case 'sysctl':
      return { ...now, sysctls: new Map([...now.sysctls, [operation.path, operation.value]]) }
    case 'guard':
      return { ...now, guard: guardPrint(operation.needs) }
    case 'service-add':
      return { ...now, services: [...services, { ...operation.service, scheduler: operation.scheduler, dests: [] }] }
    case 'service-edit':
      return within((service) => ({ ...service, scheduler: operation.scheduler }))
    case 'service-remove':
      return within(() => null)
    case 'dest-add':
    case 'dest-edit':
      return within((service) => {
        const others = service.dests.filter(
          (dest) => dest.address !== operation.dest.address || dest.port !== operation.dest.port,
        )
        if ((operation.kind === 'dest-add') !== (others.length === service.dests.length))
          throw new Error('EEXIST or ENOENT')
        return { ...service, dests: [...others, { active: 0, inactive: 0, ...operation.dest }] }
      })
    case 'dest-remove':
    case 'dest-forget':
      return within((service) => ({
        ...service,
        dests: service.dests.filter((dest) => dest.address !== operation.address || dest.port !== operation.port),
      }))
    case 'route-set':
      return { ...now, defaults: [{ gateway: operation.gateway, index: operation.index, protocol: 76, metric: 0 }] }
    case 'route-remove':
      return { ...now, defaults: now.defaults.filter((entry) => entry.protocol !== 76) }
    case 'alias-add':
      return { ...now, addresses: [...now.addresses, operation] }
    case 'alias-remove':
      return {
        ...now,
        addresses: now.addresses.filter(
          (entry) => entry.address !== operation.address || entry.index !== operation.index,
        ),
      }
  }
}
export const kinds = (plan: readonly Operation[]) => plan.map((operation) => operation.kind)
export const record = claim(NOTHING_OWNED, config.services)
