/**
 * Configuration files by chance, key by key of the schema: names, counts, prefixes, durations, roles and forwarding in all
 * combinations, most of them sound, some at a limit, and now and then a value that has no business there. What of it is a
 * configuration is for the model to say.
 */
import { CHECKS, SCHEDULERS } from '@lvsm/model'
import fc from 'fast-check'
import { checkKeys, tracking } from './check-keys.ts'

export type Gen = fc.GeneratorValue
type Mapping = Record<string, unknown>
interface NodeDraft extends Mapping {
  readonly name: unknown
  readonly roles: readonly string[]
}
interface GroupDraft extends Mapping {
  readonly name: string
  readonly directors: readonly unknown[]
  readonly vips: readonly unknown[]
}

interface PoolDraft {
  readonly name: string
  /** Group and family of the services that use it: realservers behind NAT have one gateway. */
  readonly of: string
  readonly realservers: readonly Mapping[]
}
interface Server {
  readonly name: unknown
  readonly at: number
}

const isTranslated = ({ forward }: Mapping): boolean => forward === 'nat'

/** Names that are short, long, alike, or begin with what a number begins with. */
const NAMES =
  'dir1 dir2 Dir1 rs-1 rs_2 rs.3 a Z 9to5 node undefinedx group web lo all-of-us x1 x2 x3 x4 x5 x6 x7 x8 x9 eth0 inside 0x10 1e3 a..b localhost'
    .split(' ')
    .concat('n'.repeat(32), `${'long-'.repeat(6)}x`)
const LINKS = ['inside', 'outside', 'third'] as const
const PORTS = [1, 25, 80, 443, 6940, 8080, 65_535] as const
const WEIGHTS = [0, 1, 1, 1, 2, 100, 65_535] as const
const PREFIXES = [24, 24, 24, 24, 32, 31, 30, 28, 25, 23, 16, 16] as const
const PREFIXES_V6 = [64, 64, 64, 128, 127, 80, 48] as const
/** Which a group has addresses of. */
const FAMILIES = [
  [1, 0],
  [1, 0],
  [1, 0],
  [1, 1],
  [1, 1],
  [0, 1],
] as const
const INTERVALS = ['50ms', '200ms', '500ms', '1s', '1s', '10s', '60m'] as const
const TIMEOUTS = ['10ms', '50ms', '200ms', '500ms', '1s', '60s'] as const
const SIGNATURES = [
  ...['sha256', 'sha1', 'md5'].map((algorithm) => ({ algorithm })),
  { algorithm: 'crc32', insecure: true },
]
/** Those that have keys of their own more often, and those whose keys seldom go with all else the most: each key is to be in a file that is accepted. */
const WITH_KEYS = Object.entries(CHECKS).flatMap(([type, { fields }]) => (Object.keys(fields).length > 0 ? [type] : []))
const TYPES = ['tcp', ...Object.keys(CHECKS), ...WITH_KEYS, ...WITH_KEYS, 'dns', 'script']
const SECRET = '9f3c1d5e7a8b02461f0e9d8c7b6a59483726150493827160f1e2d3c4b5a69788'

const addressOf = (floating: unknown): string => {
  const text = typeof floating === 'string' ? floating : (floating as { readonly address: string }).address
  return text.split('/')[0] ?? ''
}

export class Writer {
  readonly #gen: Gen

  constructor(gen: Gen) {
    this.#gen = gen
  }

  /** A file; YAML knows JSON. */
  write(): string {
    const nodes = this.#nodes(this.#pick([1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 12]))
    const groups = this.#groups(nodes)
    const pools = this.#chance(10) ? this.#idlePool(nodes) : []
    const services = this.#services(nodes, groups, pools)
    const keys = this.#keys()
    return JSON.stringify({
      cluster: this.#odd(this.#pick(NAMES), 'null'),
      revision: this.#pick([0, 1, 7, 0xffffffff]),
      ...(this.#chance(20) ? { epoch: 1 } : {}),
      ...this.#timing(),
      ...this.#sync(),
      ...(this.#chance(10)
        ? { 'tcp-timeout': '900s', 'tcp-fin-timeout': '30s', 'udp-timeout': this.#odd('1m', '1ms') }
        : {}),
      keys,
      'sign-with': this.#odd(keys[0]?.['id'], 3),
      nodes,
      groups,
      ...(pools.length > 0 || this.#chance(20)
        ? { pools: pools.map(({ name, realservers }) => ({ name, realservers })) }
        : {}),
      ...(services.length > 0 || this.#chance(50) ? { services } : {}),
      ...(this.#chance(15) ? { receivers: this.#receivers(nodes) } : {}),
    })
  }

  #pick<T>(from: readonly T[]): T {
    return this.#gen(fc.constantFrom, ...from)
  }
  #whole(min: number, max: number): number {
    return this.#gen(fc.integer, { min, max })
  }
  #chance(percent: number): boolean {
    return this.#whole(1, 100) <= percent
  }
  #some<T>(from: readonly T[], least: number, most: number): T[] {
    return this.#gen(fc.shuffledSubarray<T>, [...from], {
      minLength: Math.min(least, from.length),
      maxLength: Math.min(most, from.length),
    })
  }
  /** Rarely something else; not at an end of the range, which is drawn more often. */
  #odd<T, U>(value: T, other: U): T | U {
    return this.#whole(1, 400) === 173 ? other : value
  }

  #receivers(nodes: readonly NodeDraft[]): Mapping[] {
    const own = {
      webhook: { url: this.#odd('https://alerts.example/hook', 'ftp://a') },
      mail: {
        to: ['ops@a.example'],
        from: 'lvsm@a.example',
        server: 'mail.example',
        port: 587,
        tls: true,
        user: 'u',
        'password-file': this.#odd('p', '/p'),
      },
      exec: { command: [this.#odd('/usr/local/bin/page', 'page'), 'ops'] },
      mon: { command: ['/usr/lib/mon/alert.d/page.alert'] },
    } as const
    return this.#some(['webhook', 'mail', 'exec', 'mon'] as const, 1, 4).map((type) => ({
      ...{ name: type, type, ...own[type] },
      ...(this.#chance(30) ? { severity: 'critical', troubles: [this.#odd('no-ipvs', 'no-ipsv')] } : {}),
      ...(this.#chance(30) ? { nodes: [nodes[0]?.name] } : {}),
      ...(this.#chance(30) ? { after: '15m', repeat: this.#odd('0s', '1s'), resolved: false, timeout: '5s' } : {}),
    }))
  }
  #monitoring(): Mapping {
    const link = this.#chance(50) ? { 'monitoring-link': this.#pick(['inside', 'outside']) } : {}
    const agent = this.#chance(50) ? { 'agent-port': this.#odd(9466, 9464) } : {}
    return { 'monitoring-port': this.#odd(this.#pick([9464, 9465]), 80), ...agent, ...link }
  }
  #timing(): Mapping {
    if (this.#chance(30)) return {}
    if (this.#chance(10)) return { 'kept-revisions': this.#odd(this.#pick([1, 10, 10_000]), 10_001) }
    if (this.#chance(10)) return this.#monitoring()
    if (this.#chance(30)) return { profile: this.#pick(['default', 'fast', 'wan']) }
    const keepalive = this.#pick([20, 50, 100, 100, 200, 1000])
    const apply = this.#pick([5, 20, 35])
    const least = Math.ceil((3 * keepalive + apply + 8) * 1.005) + 12
    const lease = this.#pick([least, least, 2 * least, 30_000])
    const warntime = this.#pick([keepalive + 1, 3 * keepalive])
    const deadtime = this.#pick([warntime + 1, 10 * keepalive + lease, 300_000])
    const drain = this.#pick([0, 200, 10_000])
    const figures = { keepalive, lease: this.#odd(lease, 30_001), apply, warntime, deadtime, drain }
    return { timing: Object.fromEntries(Object.entries(figures).map(([key, ms]) => [key, `${ms}ms`])) }
  }
  #sync(): Mapping {
    if (this.#chance(60)) return {}
    return {
      ...(this.#chance(50) ? { sync: this.#chance(80) } : {}),
      ...(this.#chance(40) ? { 'sync-id': this.#odd(this.#pick([1, 77, 255]), 0) } : {}),
      ...(this.#chance(30) ? { 'sync-link': this.#odd(LINKS[0], 'fourth') } : {}),
      ...(this.#chance(30) ? { 'sync-group': this.#odd(this.#pick(['224.0.0.81', '239.1.2.3']), '10.0.0.81') } : {}),
      ...(this.#chance(30) ? { 'sync-port': this.#pick([...PORTS]) } : {}),
    }
  }
  #keys(): Mapping[] {
    return Array.from({ length: this.#pick([1, 1, 2, 16]) }, (_, at) => ({
      id: at === 0 ? this.#pick([1, 255]) : at + 1,
      ...(this.#chance(50) ? this.#pick(SIGNATURES) : {}),
      ...(at > 0 && this.#chance(20) ? { file: 'key' } : { secret: SECRET.slice(0, this.#pick([32, 64])) }),
    }))
  }

  #nodes(count: number): NodeDraft[] {
    const names = this.#some(NAMES, count, count)
    const voters = this.#pick([1, 2, 3, 3, 5, 7].filter((most) => most <= count))
    const others = this.#some(LINKS.slice(1), 0, 2)
    const six = this.#chance(30)
    return names.map((name, at) => ({
      name: this.#odd(name, 'constructor'),
      roles: this.#roles(at),
      ...(at < voters ? { voter: true } : this.#chance(50) ? { voter: false } : {}),
      ...(this.#chance(10) ? { coordinator: true } : {}),
      links: [LINKS[0], ...others.filter(() => this.#chance(85))].map((link) => this.#link(link, at, six)),
    }))
  }
  #roles(at: number): string[] {
    if (at < 2) return this.#pick([['director'], ['director'], ['director', 'realserver'], ['director', 'witness']])
    return this.#pick([['realserver'], ['realserver'], ['realserver', 'director'], ['witness'], ['director']])
  }
  /** The third may be of IPv6, on all nodes. */
  #link(name: (typeof LINKS)[number], at: number, six: boolean): Mapping {
    const network = 12 - LINKS.indexOf(name)
    const usual = six && name === 'third' ? `2001:db8:13::${at + 1}` : `10.${network}.0.${at + 1}`
    const address = this.#odd(usual, `169.254.0.${at + 1}`)
    return { name, address, ...(this.#chance(30) ? { port: this.#pick([...PORTS]) } : {}) }
  }

  #groups(nodes: readonly NodeDraft[]): GroupDraft[] {
    const directors = nodes.filter(({ roles }) => roles.includes('director')).map(({ name }) => name)
    const most = this.#pick([0, 1, 1, 2, 2, 2, 4])
    const names = this.#some(NAMES, most, most)
    return names.map((name, at) => ({
      name,
      directors: this.#some(directors, 1, 3),
      vips: this.#vips(at),
      ...(this.#chance(60) ? { gateways: [`10.12.${at}.254/${this.#odd(24, 8)}`] } : {}),
      ...(this.#chance(10)
        ? {
            'take-hooks': ['mail'],
            'release-hooks': ['mail', 'page'],
            'hook-user': 'nobody',
            'hook-timeout': this.#odd('5s', '1h'),
          }
        : {}),
      ...(this.#chance(30) ? { ping: this.#some(['10.11.0.200', '10.11.0.201', '2001:db8::1'], 0, 3) } : {}),
    }))
  }
  /** Some groups have addresses of both families, some of IPv6 alone; those come last. */
  #vips(at: number): unknown[] {
    const [v4, v6] = this.#pick([...FAMILIES])
    return [
      ...Array.from({ length: v4 === 1 ? this.#pick([1, 1, 2, 5]) : 0 }, (_, nth) =>
        this.#floating(`10.11.${at}.${100 + nth}`, PREFIXES),
      ),
      ...Array.from({ length: v6 === 1 ? this.#pick([1, 2]) : 0 }, (_, nth) =>
        this.#floating(`2001:db8:11:a${at}::${100 + nth}`, PREFIXES_V6),
      ),
    ]
  }
  #floating(address: string, prefixes: readonly number[]): unknown {
    const prefix = this.#odd(this.#pick(prefixes), this.#pick([0, 1, 7]))
    const text = `${address}/${prefix}`
    return this.#chance(80) ? text : { address: text, ...(this.#chance(50) ? { interface: 'outside' } : {}) }
  }

  #services(nodes: readonly NodeDraft[], groups: readonly GroupDraft[], pools: PoolDraft[]): Mapping[] {
    const servers: Server[] = nodes.flatMap(({ name, roles }, at) =>
      roles.includes('realserver') ? [{ name, at }] : [],
    )
    if (servers.length === 0) return []
    /** Group of each realserver behind a gateway. */
    const behind = new Map<unknown, number>()
    const most = this.#pick([0, 1, 2, 3, 5])
    const services = this.#some(NAMES, most, most).flatMap((name, nth) => {
      const group = this.#whole(0, Math.max(0, groups.length - 1))
      const chosen = groups[group]
      if (!chosen) return []
      const able = servers.filter((one) => !chosen.directors.includes(one.name) || this.#chance(2))
      const address = this.#pick(chosen.vips.map(addressOf))
      const six = address.includes(':')
      const server = (one: Server): Mapping =>
        six ? this.#realserverV6(one) : this.#realserver(one, chosen, group, behind)
      const realservers = this.#some(able, 1, 4).map(server)
      if (realservers.length === 0) return []
      const of = `${group} ${six ? 6 : 4}`
      const service = this.#service(chosen, address, nth)
      const read = service['protocol'] === 'tcp' && 'port' in service && realservers.every(isTranslated)
      const helper = read && this.#chance(50) ? { helper: 'ftp' } : {}
      const check = this.#via(service, realservers)
      return [{ name, ...service, ...helper, ...check, ...this.#source(realservers, of, pools, able, server) }]
    })
    return services.map((one, at) => tracking(one, services.slice(0, at)))
  }
  /** Its own list, a pool of its own, or one that another service of the group has too; and what it has otherwise. */
  #source(
    realservers: readonly Mapping[],
    of: string,
    pools: PoolDraft[],
    able: readonly Server[],
    again: (one: Server) => Mapping,
  ): Mapping {
    if (this.#chance(55)) return this.#odd({ realservers }, { realservers, pool: 'pool0' })
    const shared = pools.filter((one) => one.of === of)
    const pool =
      shared.length > 0 && this.#chance(70) ? this.#pick(shared) : { name: `pool${pools.length}`, of, realservers }
    if (!pools.includes(pool)) pools.push(pool)
    const members = able.filter(({ name }) => pool.realservers.some(({ node }) => node === name))
    const overrides = this.#chance(40) ? this.#some(members, 0, 2).map((one) => this.#override(one, again)) : []
    return { pool: this.#odd(pool.name, 'pool99'), ...(overrides.length > 0 ? { overrides } : {}) }
  }
  #override(one: Server, again: (one: Server) => Mapping): Mapping {
    return this.#chance(50) ? { node: one.name, weight: this.#pick(WEIGHTS) } : again(one)
  }
  #idlePool(nodes: readonly NodeDraft[]): PoolDraft[] {
    const at = nodes.findIndex(({ roles }) => roles.includes('realserver'))
    const realservers = [{ node: nodes[at]?.name, address: `10.11.0.${at + 1}`, forward: 'dr' }]
    return at < 0 ? [] : [{ name: 'pool-idle', of: '', realservers }]
  }
  #service({ name }: GroupDraft, address: string, nth: number): Mapping {
    const scheduler = this.#pick(Object.keys(SCHEDULERS) as (keyof typeof SCHEDULERS)[])
    const flags: readonly string[] = SCHEDULERS[scheduler].flags
    const protocol = this.#pick(['tcp', 'tcp', 'tcp', 'tcp', 'udp', 'udp', 'sctp'] as const)
    return {
      group: name,
      address,
      ...this.#place(nth, protocol),
      scheduler,
      ...(flags.length > 0 && this.#chance(60) ? { 'scheduler-flags': this.#some(flags, 0, 2) } : {}),
      ...this.#options(protocol),
      ...(protocol === 'sctp' || this.#chance(80) ? { check: this.#check() } : {}),
    }
  }
  #place(nth: number, protocol: string): Mapping {
    const port = PORTS[nth] ?? 80
    if (this.#chance(80)) return { port: this.#odd(port, 80), protocol }
    const more = [`${20_000 + 100 * nth}-${20_000 + 100 * nth + this.#whole(0, 150)}`]
    return {
      ports: this.#odd([port, ...more], ['all']),
      protocol: protocol === 'tcp' && this.#chance(30) ? 'tcp+udp' : protocol,
    }
  }
  #options(protocol: string): Mapping {
    const quorum = this.#chance(10) ? { quorum: this.#pick([1, 1, 2]), hysteresis: this.#odd(0, 2) } : {}
    const onePacket = protocol === 'udp' && this.#chance(30) ? { 'one-packet': this.#chance(80) } : {}
    if (this.#chance(70)) return { ...quorum, ...onePacket }
    return {
      ...quorum,
      ...onePacket,
      persistence: this.#odd(this.#pick(['1s', '300s', '60m']), '1500ms'),
      ...(this.#chance(50) ? { 'persistence-netmask': this.#pick([24, 32, '255.255.0.0']) } : {}),
      ...(protocol === 'udp' && this.#chance(50) ? { 'persistence-engine': 'sip' } : {}),
    }
  }
  #check(): Mapping {
    const at = this.#whole(0, 5)
    const type = this.#pick(TYPES)
    return {
      type,
      ...checkKeys(type, (percent) => this.#chance(percent)),
      ...(type !== 'icmp' && this.#chance(20) ? { port: this.#pick([...PORTS]) } : {}),
      interval: INTERVALS[at],
      timeout: this.#odd(TIMEOUTS[Math.max(0, at - 1)], '40000m'),
      ...(this.#chance(50) ? { fall: this.#pick([1, 2, 20]), rise: this.#pick([1, 2, 20]) } : {}),
      ...(this.#chance(20) ? { 'keep-last': this.#chance(50) } : {}),
      ...(type !== 'none' && this.#chance(20) ? { 'own-view': this.#chance(80) } : {}),
      ...(this.#chance(20) ? { 'fast-interval': this.#odd('50ms', '1ms'), jitter: this.#pick([0, 50]) } : {}),
      ...(this.#chance(10) ? { 'down-interval': '5s', 'max-ejection': this.#pick([1, 50, 100]) } : {}),
      ...(this.#chance(10) ? { panic: this.#pick([0, 1, 50, 100]) } : {}),
      ...(this.#chance(10) ? { 'slow-start': this.#odd('30s', '1ms') } : {}),
      ...(this.#chance(10) ? { 'flap-hold': this.#odd('30s', '9m') } : {}),
      ...(this.#chance(30) ? { 'down-linger': this.#odd('10m', '100ms') } : {}),
    }
  }
  /** A check through the VIP, where its answers come back. */
  #via(service: Mapping, realservers: readonly Mapping[]): Mapping {
    const isDirect = realservers.every(({ forward }) => forward === 'dr' || forward === 'tun')
    if (service['protocol'] !== 'tcp' || !('port' in service) || !isDirect || this.#chance(75)) return {}
    return { check: { type: 'tcp', via: this.#odd('vip', 'rip'), interval: '1s', timeout: '200ms' } }
  }
  #thresholds(): Mapping {
    if (this.#chance(85)) return {}
    const upper = this.#pick([1, 100, 0x7fffffff])
    return { 'upper-threshold': upper, ...(this.#chance(50) ? { 'lower-threshold': this.#odd(1, upper + 1) } : {}) }
  }
  /** It answers clients itself. */
  #direct(at: number): Mapping {
    // In all services the same: an address stands in one place.
    const place = (['lo', 'dummy', 'route'] as const)[at % 7]
    const placement = place === undefined ? {} : { placement: this.#odd(place, 'tunnel') }
    if (this.#chance(60)) return { forward: 'dr', ...placement }
    if (this.#chance(20)) return { forward: 'fullnat' }
    const tunnel = this.#pick(['ipip', 'gre', 'gue'] as const)
    const port = tunnel === 'gue' && this.#chance(50) ? { 'tunnel-port': this.#pick([...PORTS]) } : {}
    return { forward: 'tun', ...placement, ...(this.#chance(70) || tunnel !== 'ipip' ? { tunnel } : {}), ...port }
  }
  #realserverV6({ name: node, at }: Server): Mapping {
    const weight = this.#chance(70) ? { weight: this.#pick(WEIGHTS) } : {}
    const address = this.#odd(`2001:db8:11:a0::${at + 1}`, `10.11.0.${at + 1}`)
    return { node, address, forward: this.#odd('dr', 'nat'), ...weight, ...this.#thresholds() }
  }
  #realserver(one: Server, group: Mapping, index: number, behind: Map<unknown, number>): Mapping {
    const { name: node, at } = one
    const weight = {
      ...(this.#chance(70) ? { weight: this.#pick(WEIGHTS) } : {}),
      ...this.#thresholds(),
      ...(this.#chance(10) ? { backup: this.#chance(80) } : {}),
      ...(this.#chance(10) ? { agent: true } : {}),
    }
    const nat = 'gateways' in group && (behind.get(node) ?? index) === index && this.#chance(40)
    if (!nat) return { node, address: `10.11.0.${at + 1}`, ...this.#direct(at), ...weight }
    behind.set(node, index)
    const address = index === 0 ? `10.12.0.${at + 1}` : `10.12.${index}.${at + 1}`
    const gateway = this.#chance(50) ? { gateway: `10.12.${index}.254` } : {}
    const route = this.#chance(40) ? { route: this.#odd(this.#pick(['default', 'policy']), 'static') } : {}
    return { node, address, port: this.#pick([...PORTS]), forward: 'nat', ...gateway, ...route, ...weight }
  }
}
