/**
 * What an agent meets of a kernel: links, addresses, default routes, settings, the table of IPVS with the connections that it
 * knows, and the agent's own rules. It refuses what a kernel refuses. What stands here that nobody of ours has put here is
 * foreign; `foreign` gives it as one text.
 */
import { familyOf, isOwnLabel, MARKS } from '@lvsm/base'
import { destKey, type IpvsTimeouts, type ServiceId, type ServiceSpec, serviceKey, type TunnelPort } from '@lvsm/model'
import {
  type NatRules,
  natRulesText,
  type Observed,
  type ObservedAnswers,
  type ObservedDest,
  type Operation,
  type SyncDaemon,
} from '@lvsm/plan'

/** One entry of the connection table: whom packets of this client go to. */
export interface Connection {
  readonly dest: string
  /** Established; after its end the entry is remembered for a while. */
  active: boolean
  /** True time. */
  until: number
}
type Address = Observed['addresses'][number]
type Default = Observed['defaults'][number]
export interface Destination extends Omit<ObservedDest, 'active' | 'inactive'> {}
export type Service = ServiceId & {
  spec: ServiceSpec
  readonly dests: Map<string, Destination>
  readonly connections: Map<string, Connection>
}
type SyncOperation = Extract<Operation, { readonly kind: 'sync-start' | 'sync-stop' }>
type TableOperation = Extract<Operation, { readonly service: unknown }>

export const LOOPBACK = 1
/** Settings that an agent may have a say in; told without the product's code. */
const OUR_SETTINGS =
  /\/lvsm-[^/]+\/|\/(ip_forward|forwarding|expire_nodest_conn|arp_ignore|arp_announce|send_redirects|accept_redirects|promote_secondaries|conntrack|run_estimation|sloppy_tcp|sloppy_sctp|backup_only|sync_[a-z_]+)$/
const DONE = null
/** As a kernel has them at its start. */
const SYNC_SETTINGS: Readonly<Record<string, string>> = {
  ...{ backup_only: '0', conntrack: '0', sync_version: '1', sync_threshold: '3 50', sync_refresh_period: '0' },
  ...{ sync_retries: '0', sync_persist_mode: '0', sync_sock_size: '0' },
  ...{ run_estimation: '1', sloppy_tcp: '0', sloppy_sctp: '0' },
}

export class DataPlane {
  readonly links: Observed['links'][number][]
  readonly #own: readonly Address[]
  readonly #floating: () => readonly Address[]
  aliases: Address[] = [{ index: LOOPBACK, address: '127.0.0.1', prefix: 8, label: 'lo' }]
  defaults: Default[] = []
  /** Those that bear the mark. */
  localRoutes: { readonly address: string; readonly index: number }[] = []
  answers: ObservedAnswers = { routes: [], rules: [] }
  readonly settings = new Map<string, string>()
  readonly services = new Map<string, Service>()
  /** As every kernel begins. */
  timeouts: IpvsTimeouts = { tcp: 900, tcpFin: 120, udp: 300 }
  natRules: NatRules | null = null
  gue: TunnelPort[] = []
  syncDaemons: SyncDaemon[] = []
  /** Connections that began here since the rules were loaded: the set of the rule that hands others back. */
  readonly begun = new Set<string>()
  /** Somebody changed the rules. */
  natRulesSpoilt = false
  /** Keys of services, and of `service destination`, that belong to somebody else. */
  readonly strangers = new Set<string>()

  /** `own`: /24 each, unless it says otherwise. `floating`: addresses that the lease process has on at present. */
  constructor(
    own: readonly { readonly name: string; readonly address: string; readonly prefix?: number }[],
    floating: () => readonly Address[],
  ) {
    const names = [...new Set(own.map(({ name }) => name))]
    const indexOf = (name: string): number => LOOPBACK + 1 + names.indexOf(name)
    this.links = [
      { index: LOOPBACK, name: 'lo', loopback: true, up: true },
      ...names.map((name) => ({ index: indexOf(name), name, loopback: false, up: true })),
    ]
    this.#own = own.map(({ name, address, prefix = 24 }) => ({ index: indexOf(name), address, prefix, label: name }))
    this.#floating = floating
    for (const name of ['all', 'default', ...names, 'lo']) this.#setUp(name)
    this.settings.set('net/ipv4/tcp_syncookies', '1')
    for (const [key, value] of Object.entries(SYNC_SETTINGS)) this.settings.set(`net/ipv4/vs/${key}`, value)
  }
  #setUp(name: string): void {
    const values = {
      ...{ arp_ignore: '0', arp_announce: '0', send_redirects: '1', accept_redirects: '1', rp_filter: '2' },
      forwarding: '0',
    }
    for (const [key, value] of Object.entries(values)) this.settings.set(`net/ipv4/conf/${name}/${key}`, value)
    this.settings.set(`net/ipv4/conf/${name}/promote_secondaries`, '0')
    this.settings.set(`net/ipv6/conf/${name}/disable_ipv6`, '0')
    this.settings.set('net/ipv4/ip_forward', '0')
    this.settings.set('net/ipv4/vs/expire_nodest_conn', '0')
  }

  observe(now: number, { sysctls, services }: { sysctls: readonly string[]; services: boolean }): Observed {
    return {
      links: [...this.links],
      addresses: [...this.#own, ...this.#floating(), ...this.aliases],
      defaults: [...this.defaults],
      localRoutes: [...this.localRoutes],
      answers: this.answers,
      gue: [...this.gue],
      sysctls: new Map(sysctls.map((path) => [path, this.settings.get(path) ?? null])),
      services: services ? [...this.services.values()].map((service) => seen(service, now)) : [],
      ...(services ? { timeouts: { ...this.timeouts } } : {}),
      ...(services ? { syncDaemons: [...this.syncDaemons] } : {}),
      natRules: this.natRulesSpoilt ? 'changed by somebody' : natRulesText(this.natRules),
    }
  }

  /** Who writes the first writes that of every interface (ip-sysctl: ip_forward). */
  #write(path: string, value: string): void {
    this.settings.set(path, value)
    if (path !== 'net/ipv4/ip_forward') return
    for (const other of this.settings.keys())
      if (other.startsWith('net/ipv4/conf/') && other.endsWith('/forwarding')) this.settings.set(other, value)
  }

  /** Null: done; else what the kernel says. */
  apply(operation: Operation): string | null {
    switch (operation.kind) {
      case 'sysctl':
        if (!this.settings.has(operation.path)) return 'ENOENT'
        this.#write(operation.path, operation.value)
        return DONE
      case 'nat-rules':
        this.natRules = operation.needs
        this.natRulesSpoilt = false
        this.begun.clear()
        return DONE
      case 'timeouts': {
        const { tcp, tcpFin, udp } = operation.timeouts
        const { timeouts: was } = this
        this.timeouts = { tcp: tcp ?? was.tcp, tcpFin: tcpFin ?? was.tcpFin, udp: udp ?? was.udp }
        return DONE
      }
      case 'gue-open':
      case 'gue-close':
        this.gue = [
          ...this.gue.filter(({ port, family }) => port !== operation.port || family !== operation.family),
          ...(operation.kind === 'gue-open' ? [{ port: operation.port, family: operation.family }] : []),
        ]
        return DONE
      case 'tunnel-add':
      case 'tunnel-up':
      case 'tunnel-remove':
        return this.#tunnel(operation)
      case 'dummy-add':
      case 'dummy-up':
      case 'dummy-remove':
        return this.#dummy(operation)
      case 'local-route-add':
      case 'local-route-remove':
        return this.#localRoute(operation)
      case 'route-set':
      case 'route-remove':
        return this.#route(operation)
      case 'answer-route-set':
      case 'answer-route-remove':
      case 'answer-rule-add':
      case 'answer-rule-remove':
        return this.#answers(operation)
      case 'alias-add':
      case 'alias-remove':
        return this.#alias(operation)
      case 'sync-start':
      case 'sync-stop':
        return this.#sync(operation)
      default:
        return this.#table(operation)
    }
  }

  /** Settings of a device come and go with it. */
  #tunnel(operation: Extract<Operation, { kind: `tunnel-${string}` }>): string | null {
    const { kind, name } = operation
    const at = this.links.findIndex((link) => link.name === name)
    if (kind === 'tunnel-add') {
      if (at >= 0) return 'EEXIST'
      const index = Math.max(...this.links.map((link) => link.index)) + 1
      const tunnel = { kind: operation.device, local: null, remote: operation.remote }
      this.links.push({ index, name, loopback: false, up: true, note: 'lvsm', tunnel })
      this.#setUp(name)
      const { remote } = operation
      if (familyOf(remote) === 'ipv4')
        this.aliases.push({ index, address: MARKS.deviceAddress, prefix: 32, label: name })
      return DONE
    }
    const link = this.links[at]
    if (!link || link.index !== operation.index) return 'ENODEV'
    if (kind === 'tunnel-up') this.links[at] = { ...link, up: true }
    else this.#takeDown(at, name)
    return DONE
  }

  #dummy(operation: Extract<Operation, { kind: `dummy-${string}` }>): string | null {
    const { kind, name } = operation
    const at = this.links.findIndex((link) => link.name === name)
    const link = this.links[at]
    if (kind === 'dummy-add') {
      if (link) return 'EEXIST'
      const index = Math.max(...this.links.map((one) => one.index)) + 1
      this.links.push({ index, name, loopback: false, up: true, note: 'lvsm', noArp: true })
      this.#setUp(name)
      return DONE
    }
    if (link?.index !== operation.index) return 'ENODEV'
    if (kind === 'dummy-up') this.links[at] = { ...link, up: true }
    else this.#takeDown(at, name)
    return DONE
  }
  #localRoute({ kind, address, index }: Extract<Operation, { kind: `local-route-${string}` }>): string | null {
    const left = this.localRoutes.filter((one) => one.address !== address || one.index !== index)
    const there = left.length < this.localRoutes.length
    if (there === (kind === 'local-route-add')) return there ? 'EEXIST' : 'ESRCH'
    this.localRoutes = there ? left : [...left, { address, index }]
    return DONE
  }

  #takeDown(at: number, name: string): void {
    const [gone] = this.links.splice(at, 1)
    this.aliases = this.aliases.filter(({ index }) => index !== gone?.index)
    for (const path of this.settings.keys()) if (path.includes(`/${name}/`)) this.settings.delete(path)
  }

  /** A default route of the same metric is replaced, whoever set it. */
  #route(operation: Extract<Operation, { kind: 'route-set' | 'route-remove' }>): string | null {
    if (operation.kind === 'route-set') {
      const { gateway, index } = operation
      this.defaults = this.defaults.filter(({ metric }) => metric !== 0)
      this.defaults.push({ gateway, index, protocol: MARKS.routeProtocol, metric: 0 })
      return DONE
    }
    const left = this.defaults.filter((one) => one.gateway !== operation.gateway || one.protocol !== operation.protocol)
    if (left.length === this.defaults.length) return 'ESRCH'
    this.defaults = left
    return DONE
  }
  /** One route to a destination of a table: whoever sets another replaces it. A rule stands once. */
  #answers(operation: Extract<Operation, { kind: `answer-${string}` }>): string | null {
    const { routes, rules } = this.answers
    if ('route' in operation) {
      const { route } = operation
      const others = routes.filter((one) => placeOf(one) !== placeOf(route))
      if (operation.kind === 'answer-route-remove' && others.length === routes.length) return 'ESRCH'
      const added = operation.kind === 'answer-route-set' ? [route] : []
      this.answers = { routes: [...others, ...added], rules }
      return DONE
    }
    if (operation.rule.ports.to > 65_534) return 'EINVAL'
    const others = rules.filter((one) => ruleText(one) !== ruleText(operation.rule))
    const there = others.length < rules.length
    if (there === (operation.kind === 'answer-rule-add')) return there ? 'EEXIST' : 'ENOENT'
    this.answers = { routes, rules: there ? others : [...rules, operation.rule] }
    return DONE
  }

  #alias(operation: Extract<Operation, { kind: 'alias-add' | 'alias-remove' }>): string | null {
    const { kind, address, prefix, index, label } = operation
    if (!this.links.some((link) => link.index === index)) return 'ENODEV'
    const isIt = (one: Address): boolean => one.address === address && one.prefix === prefix && one.index === index
    const left = this.aliases.filter((one) => !isIt(one))
    // One of IPv6 that lost its mark is put there as it should be.
    const there = this.aliases.some(
      (one) => isIt(one) && (kind === 'alias-remove' || familyOf(address) === 'ipv4' || isOwnLabel(one.label)),
    )
    if (kind === 'alias-add' && there) return 'EEXIST'
    if (kind === 'alias-remove' && !there) return 'EADDRNOTAVAIL'
    this.aliases = kind === 'alias-add' ? [...left, { index, address, prefix, label }] : left
    return DONE
  }

  #sync({ kind, daemon }: SyncOperation): string | null {
    const others = this.syncDaemons.filter(({ state }) => state !== daemon.state)
    const runs = others.length < this.syncDaemons.length
    if (runs === (kind === 'sync-start')) return runs ? 'EEXIST' : 'ESRCH'
    this.syncDaemons = kind === 'sync-start' ? [...others, daemon] : others
    return DONE
  }

  #table(operation: TableOperation): string | null {
    const key = serviceKey(operation.service)
    const service = this.services.get(key)
    if (operation.kind === 'service-add') {
      if (service) return 'EEXIST'
      const { spec, service: id } = operation
      this.services.set(key, { ...id, spec, dests: new Map(), connections: new Map() })
      return DONE
    }
    if (!service) return 'ESRCH'
    if ('spec' in operation) service.spec = operation.spec
    else if (operation.kind === 'service-remove') this.services.delete(key)
    else if ('dest' in operation) return putDestination(service, operation)
    else return removeDestination(service, destKey(operation))
    return DONE
  }

  /** All that is not ours, as one text. */
  foreign(): string {
    const services = [...this.services].flatMap(([key, { spec, dests }]) => {
      const theirs = [...dests].filter(([dest]) => this.strangers.has(key) || this.strangers.has(`${key} ${dest}`))
      return this.strangers.has(key) || theirs.length > 0
        ? [[key, this.strangers.has(key) ? spec : '', theirs.map(([, dest]) => dest)]]
        : []
    })
    return JSON.stringify([
      this.aliases.filter(({ label, address }) => !isOwnLabel(label) && address !== MARKS.deviceAddress),
      this.defaults.filter(({ protocol }) => protocol !== MARKS.routeProtocol),
      [...this.settings].filter(([path]) => !OUR_SETTINGS.test(path)),
      this.answers.routes.filter(({ foreign }) => foreign),
      services,
    ])
  }

  /** No power: nothing of it is left but what the machine's own start brings. */
  lose(): void {
    this.aliases = this.aliases.filter(({ label }) => !isOwnLabel(label))
    this.localRoutes = []
    this.defaults = this.defaults.filter(({ protocol }) => protocol !== MARKS.routeProtocol)
    this.answers = { routes: this.answers.routes.filter(({ foreign }) => foreign), rules: [] }
    for (const key of this.services.keys()) if (!this.strangers.has(key)) this.services.delete(key)
    for (const { name, note } of this.links.toReversed())
      if (note === MARKS.deviceNote)
        this.#takeDown(
          this.links.findIndex((link) => link.name === name),
          name,
        )
    this.gue = []
    for (const path of this.settings.keys()) if (OUR_SETTINGS.test(path)) this.settings.set(path, '0')
    this.timeouts = { tcp: 900, tcpFin: 120, udp: 300 }
    this.natRules = null
    this.natRulesSpoilt = false
    this.syncDaemons = []
  }
}

const ruleText = ({ family, table, source, protocol, ports }: ObservedAnswers['rules'][number]): string =>
  `${family} ${table} ${source} ${protocol} ${ports.from}-${ports.to}`
const placeOf = ({ family, table, destination, prefix }: ObservedAnswers['routes'][number]): string =>
  `${family} ${table} ${destination}/${prefix}`

function putDestination(
  { dests }: Service,
  { kind, dest }: Extract<TableOperation, { readonly dest: unknown }>,
): string | null {
  const key = destKey(dest)
  if (dests.has(key) === (kind === 'dest-add')) return dests.has(key) ? 'EEXIST' : 'ENOENT'
  dests.set(key, { ...dest })
  return DONE
}
/** The connections of a destination go with it. */
function removeDestination({ dests, connections }: Service, key: string): string | null {
  if (!dests.delete(key)) return 'ENOENT'
  for (const [client, { dest }] of connections) if (dest === key) connections.delete(client)
  return DONE
}

function seen({ spec, dests, connections, ...id }: Service, now: number) {
  const count = (key: string, active: boolean): number =>
    [...connections.values()].filter((one) => one.dest === key && one.active === active && one.until > now).length
  return {
    ...id,
    spec,
    dests: [...dests].map(([key, dest]) => ({ ...dest, active: count(key, true), inactive: count(key, false) })),
  }
}
