/** For this room's tests: the sample configuration, and a kernel that does as it is told. */
import { checkConfig, type Config, type NodeView, nodeView, SAMPLE, destKey, serviceKey } from '@lvsm/model'
import {
  audit,
  claim,
  describeOperation,
  desired,
  diff,
  natRulesText,
  NOTHING_OWNED,
  type Observed,
  type ObservedService,
  type Operation,
  type OwnedRecord,
  type PlanInput,
} from './index.ts'
import { applyAnswers, applyDefault, withoutDefault } from './fixture-answers.ts'
import { applyGue, applyPlace, applyTunnel, refuse } from './fixture-tunnels.ts'

const checked = (text: string): Config => {
  const { config, refusals } = checkConfig(text)
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
export const config = checked(SAMPLE)
export const viewOf = (of: Config, node: string): NodeView => {
  const view = nodeView(of, node)
  if (!view) throw new Error(node)
  return view
}
export const view = (node: string): NodeView => viewOf(config, node)

/** Two groups, four services: by direct routing, by NAT, by both; checked and not; one realserver of weight 0. */
export const wide = checked(`${SAMPLE.replace(
  '\ngroups:',
  '\n  - { name: rs4, roles: [realserver], links: [{ name: inside, address: 10.12.1.14 }] }\ngroups:',
).replace(
  '\nservices:',
  `
  - name: mail
    directors: [dir2, dir1]
    vips: [10.11.0.20/24, 10.11.0.21/24]
    gateways: [10.12.1.253/24]
services:`,
)}
  - name: https
    group: web
    address: 10.11.0.10
    port: 443
    protocol: tcp
    scheduler: wlc
    check: { type: none }
    realservers:
      - { node: rs1, address: 10.11.0.11, forward: dr, weight: 3 }
      - { node: rs3, address: 10.12.0.13, port: 8443, forward: nat, gateway: 10.12.0.254, weight: 2 }
  - name: imap
    group: mail
    address: 10.11.0.20
    port: 80
    protocol: tcp
    scheduler: rr
    check: { type: none }
    realservers:
      - { node: rs2, address: 10.11.0.12, forward: dr, weight: 1 }
      - { node: rs1, address: 10.11.0.11, forward: dr, weight: 0 }
  - name: smtp
    group: mail
    address: 10.11.0.21
    port: 25
    protocol: tcp
    scheduler: wlc
    realservers:
      - { node: rs4, address: 10.12.1.14, port: 2525, forward: nat, gateway: 10.12.1.253, weight: 1 }
`)

export const planInput = (node: string, more: Partial<PlanInput> = {}): PlanInput => ({
  view: view(node),
  owned: new Set(),
  serving: new Map([['http', new Set(['10.11.0.11:80', '10.11.0.12:80', '10.12.0.13:8080'])]]),
  draining: new Map(),
  quiescing: new Set(),
  handover: new Map(),
  flushing: new Set(),
  ...more,
})

export const links: Observed['links'] = [
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
    { index: 2, address: '10.12.1.13', prefix: 24, label: 'inside' },
  ],
  defaults: [],
  sysctls: new Map(
    [...ARP, 'net/ipv4/conf/default/send_redirects', 'net/ipv4/ip_forward', 'net/ipv4/vs/expire_nodest_conn'].map(
      (path) => [path, path.includes('redirects') ? '1' : '0'],
    ),
  ),
  services: [],
  natRules: null,
  ...more,
})

type Service = ObservedService

type DestOperation = Extract<Operation, { readonly kind: `dest-${string}` }>

function applyDest(dests: Service['dests'], operation: DestOperation): Service['dests'] {
  if (operation.kind === 'dest-remove' || operation.kind === 'dest-flush') {
    const rest = dests.filter((dest) => destKey(dest) !== destKey(operation))
    return rest.length === dests.length ? refuse('ENOENT') : rest
  }
  const old = dests.find((dest) => destKey(dest) === destKey(operation.dest))
  if ((operation.kind === 'dest-add') !== (old === undefined)) return refuse('EEXIST or ENOENT')
  const { active = 0, inactive = 0 } = old ?? {}
  const dest = { active, inactive, ...operation.dest }
  return [...dests.filter((one) => one !== old), dest]
}

function applyTimeouts(
  { timeouts: was = { tcp: 900, tcpFin: 120, udp: 300 } }: Pick<Observed, 'timeouts'>,
  { timeouts: { tcp, tcpFin, udp } }: Extract<Operation, { readonly kind: 'timeouts' }>,
) {
  return { tcp: tcp ?? was.tcp, tcpFin: tcpFin ?? was.tcpFin, udp: udp ?? was.udp }
}

function applySync(
  now: Observed,
  { kind, daemon }: Extract<Operation, { readonly kind: 'sync-start' | 'sync-stop' }>,
): Observed {
  const others = (now.syncDaemons ?? []).filter(({ state }) => state !== daemon.state)
  const there = others.length < (now.syncDaemons?.length ?? 0)
  if (there === (kind === 'sync-start')) return refuse(there ? 'EEXIST' : 'ESRCH')
  return { ...now, syncDaemons: kind === 'sync-start' ? [...others, daemon] : others }
}

function applyAlias(
  addresses: Observed['addresses'],
  { kind, address, prefix, index, label }: Extract<Operation, { kind: 'alias-add' | 'alias-remove' }>,
): Observed['addresses'] {
  const isIt = (entry: Observed['addresses'][number]): boolean =>
    entry.address === address && entry.index === index && entry.prefix === prefix
  const isAsSet = ({ preferred, label: now }: Observed['addresses'][number]): boolean =>
    preferred !== true && (!address.includes(':') || now === label)
  const isThere = addresses.some((entry) => isIt(entry) && (kind === 'alias-remove' || isAsSet(entry)))
  if ((kind === 'alias-add') === isThere) return refuse('EADDR')
  const others = addresses.filter((entry) => !isIt(entry))
  return kind === 'alias-add' ? [...others, { address, prefix, index, label }] : others
}

/** The kernel after an operation; what it refuses, it throws. */
export function apply(now: Observed, operation: Operation): Observed {
  const services = now.services ?? []
  const found =
    'service' in operation
      ? services.find((service) => serviceKey(service) === serviceKey(operation.service))
      : undefined
  const within = (change: (service: Service) => Service | null): Observed => {
    if (!found) return refuse('ESRCH')
    return { ...now, services: services.flatMap((service) => (service === found ? (change(service) ?? []) : service)) }
  }
  switch (operation.kind) {
    case 'sysctl':
      if (typeof now.sysctls.get(operation.path) !== 'string') return refuse('ENOENT')
      return { ...now, sysctls: new Map([...now.sysctls, [operation.path, operation.value]]) }
    case 'nat-rules':
      return { ...now, natRules: natRulesText(operation.needs) }
    case 'timeouts':
      return { ...now, timeouts: applyTimeouts(now, operation) }
    case 'sync-start':
    case 'sync-stop':
      return applySync(now, operation)
    case 'service-add':
      if (found || !now.services) return refuse('EEXIST')
      return { ...now, services: [...services, { ...operation.service, spec: operation.spec, dests: [] }] }
    case 'service-edit':
      return within((service) => ({ ...service, spec: operation.spec }))
    case 'service-remove':
      return within(() => null)
    case 'dest-add':
    case 'dest-edit':
    case 'dest-remove':
    case 'dest-flush':
      return within((service) => ({ ...service, dests: applyDest(service.dests, operation) }))
    case 'gue-open':
    case 'gue-close':
      return { ...now, gue: applyGue(now.gue ?? [], operation) }
    case 'tunnel-add':
    case 'tunnel-up':
    case 'tunnel-remove':
      return applyTunnel(now, operation)
    case 'dummy-add':
    case 'dummy-up':
    case 'dummy-remove':
    case 'local-route-add':
    case 'local-route-remove':
      return applyPlace(now, operation)
    case 'route-set':
      return { ...now, defaults: applyDefault(now.defaults, operation) }
    case 'route-remove':
      return { ...now, defaults: withoutDefault(now.defaults, operation) }
    case 'answer-route-set':
    case 'answer-route-remove':
    case 'answer-rule-add':
    case 'answer-rule-remove':
      return applyAnswers(now, operation)
    case 'alias-add':
    case 'alias-remove':
      return { ...now, addresses: applyAlias(now.addresses, operation) }
  }
}
export const kinds = (plan: readonly Operation[]) => plan.map((operation) => operation.kind)
export const record = claim(NOTHING_OWNED, config.services)

/** One step as people read it, without settings and rules, and the kernel after it. Throws the laws that it breaks. */
export function stepOf(now: Observed, wanted: PlanInput, owned: OwnedRecord = record) {
  const operations = diff(now, desired(wanted, now), owned)
  const broken = audit(operations, { observed: now, owned, held: new Set() })
  if (broken.length > 0) throw new Error(broken.join('\n'))
  const shown = operations.filter(({ kind }) => kind !== 'sysctl' && kind !== 'nat-rules').map(describeOperation)
  return { text: shown.join('\n'), after: operations.reduce(apply, now) }
}
