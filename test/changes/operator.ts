/**
 * An operator by chance: commands on whatever the document is, most of them legal, some of what is not there, some that use
 * what another command just took away.
 */
import { type Action, type Document, type Which, writtenOf } from '@lvsm/changes'
import type { Noun } from '@lvsm/protocol'
import { CHECKS, SCHEDULERS } from '@lvsm/model'
import fc from 'fast-check'

type Gen = fc.GeneratorValue
type Values = Readonly<Record<string, unknown>>

const NODES = ['dir1', 'dir2', 'rs1', 'rs2', 'rs3', 'rs4', 'rs10', 'port', 'services'] as const
const GROUPS = ['web', 'mail', 'group'] as const
const POOLS = ['secure', 'plain', 'pools'] as const
const SERVICES = ['http', 'https', 'smtp', 'check'] as const
const PORTS = [80, 443, 25, 8080] as const

export class Operator {
  readonly #gen: Gen
  readonly #document: Document
  /** Documents that were there before: what somebody has in a file. */
  readonly #before: readonly Document[]

  constructor(gen: Gen, document: Document, before: readonly Document[]) {
    this.#gen = gen
    this.#document = document
    this.#before = before
  }

  command(): Action {
    const make = this.#pick([
      () => this.#node(),
      () => this.#link(),
      () => this.#group(),
      () => this.#address('vip'),
      () => this.#address('gateway'),
      () => this.#pool(),
      () => this.#service(),
      () => this.#service(),
      () => this.#server(),
      () => this.#server(),
      () => this.#override(),
      () => this.#check(),
      () => this.#timing(),
      () => this.#key(),
      () => this.#cluster(),
      () => this.#whole(),
      () => this.#whole(),
    ])
    const made = make()
    return 'noun' in made && this.#gen(fc.boolean) ? { ...made, force: true } : made
  }

  #pick<T>(from: readonly T[]): T {
    return this.#gen(fc.constantFrom, ...from)
  }
  #number(min: number, max: number): number {
    return this.#gen(fc.integer, { min, max })
  }
  #chance(percent: number): boolean {
    return this.#number(1, 100) <= percent
  }
  #some<T>(from: readonly T[], least: number): T[] {
    return this.#gen(fc.shuffledSubarray<T>, [...from], { minLength: Math.min(least, from.length) })
  }
  /** One of those that are there, or of those that could be. */
  #one(there: object, names: readonly string[]): string {
    const known = Object.keys(there)
    return known.length > 0 && this.#chance(80) ? this.#pick(known) : this.#pick(names)
  }
  /** What is not there is added, what is there is set or removed; now and then the other way about. */
  #do(noun: Noun, which: Which, there: boolean, added: () => Values, set: () => Values): Action {
    const verb = this.#chance(92)
      ? there
        ? this.#pick(['set', 'set', 'remove'] as const)
        : 'add'
      : this.#pick(['add', 'set', 'remove'] as const)
    if (verb === 'remove') return { verb, noun, which }
    return { verb, noun, which, values: verb === 'add' ? added() : set() }
  }

  #node(): Action {
    const idle = this.#idle()
    const node = idle.length > 0 && this.#chance(40) ? this.#pick(idle) : this.#one(this.#document.nodes, NODES)
    const host = NODES.indexOf(node as (typeof NODES)[number]) + 1
    return this.#do(
      'node',
      { node },
      Object.hasOwn(this.#document.nodes, node),
      () => ({
        roles: this.#pick([['realserver'], ['director'], ['witness'], ['realserver', 'director']]),
        ...(this.#chance(20) ? { voter: this.#chance(50) } : {}),
        links: [
          { name: 'outside', address: `10.11.0.${host}` },
          { name: 'inside', address: `10.12.0.${host}` },
        ].slice(this.#number(0, 1)),
      }),
      () =>
        this.#chance(70)
          ? { roles: this.#pick([['realserver'], ['director', 'realserver'], ['director']]) }
          : { voter: this.#pick([true, false, null]) },
    )
  }
  /** Nodes that nothing names: they can go. */
  #idle(): string[] {
    const text = JSON.stringify([this.#document.groups, this.#document.pools, this.#document.services])
    return Object.keys(this.#document.nodes).filter((name) => !text.includes(`"${name}"`))
  }
  #link(): Action {
    const node = this.#one(this.#document.nodes, NODES)
    const link = this.#pick(['inside', 'outside', 'attic'])
    const host = this.#number(1, 30)
    const address = `10.${['inside', 'outside', 'attic'].indexOf(link) === 0 ? 12 : link === 'attic' ? 13 : 11}.0.${host}`
    const there = Object.hasOwn(this.#document.nodes[node]?.links ?? {}, link)
    return this.#do(
      'link',
      { node, link },
      there,
      () => ({ address }),
      () => ({ port: this.#pick([7000, 6940, null]) }),
    )
  }
  #group(): Action {
    const group = this.#one(this.#document.groups, GROUPS)
    const directors = this.#directors()
    const vips = [`10.11.0.${100 + this.#number(0, 40)}/24`]
    return this.#do(
      'group',
      { group },
      Object.hasOwn(this.#document.groups, group),
      () => ({ directors, vips }),
      () =>
        this.#pick([
          { directors },
          { ping: this.#some(['10.11.0.200', '10.11.0.201'], 0) },
          { ping: null },
          { directors: [] },
        ]),
    )
  }
  #directors(): string[] {
    const able = Object.entries(this.#document.nodes).flatMap(([name, { roles }]) =>
      roles.includes('director') ? [name] : [],
    )
    return this.#some(able, 1)
  }
  #address(noun: 'vip' | 'gateway'): Action {
    const group = this.#one(this.#document.groups, GROUPS)
    const own = this.#document.groups[group]
    const there = noun === 'vip' ? own?.vips : own?.gateways
    const network = noun === 'vip' ? 11 : this.#pick([12, 12, 13])
    const known = Object.keys(there ?? {})
    const address =
      known.length > 0 && this.#chance(60) ? this.#pick(known) : `10.${network}.0.${100 + this.#number(0, 150)}`
    const prefix = this.#pick([24, 24, 24, 16, 32])
    const which = { group, [noun]: this.#chance(90) ? `${address}/${prefix}` : address }
    const values = this.#chance(80) ? {} : { interface: 'eth1' }
    return this.#do(
      noun,
      which,
      known.includes(address),
      () => values,
      () => this.#pick([{ address: `${address}/24` }, { interface: null }, { interface: 'eth0' }]),
    )
  }

  #entry(node: string): Values {
    const links = this.#document.nodes[node]?.links ?? {}
    const nat = this.#chance(30)
    const address = links[nat ? 'inside' : 'outside']?.address ?? links['inside']?.address ?? '10.11.0.99'
    return {
      address,
      forward: nat ? 'nat' : 'dr',
      ...(nat && this.#chance(50) ? { port: 8080 } : {}),
      ...(this.#chance(30) ? { weight: this.#number(0, 9) } : {}),
    }
  }
  #entries(): Values[] {
    const able = Object.entries(this.#document.nodes).flatMap(([name, { roles }]) =>
      roles.includes('realserver') ? [name] : [],
    )
    return this.#some(able, 1)
      .slice(0, 3)
      .map((node) => ({ node, ...this.#entry(node) }))
  }
  #source(): Values {
    const pools = Object.keys(this.#document.pools)
    return pools.length > 0 && this.#chance(50)
      ? { pool: this.#pick(pools), realservers: null }
      : { pool: null, realservers: this.#entries() }
  }
  #pool(): Action {
    const pool = this.#one(this.#document.pools, POOLS)
    const make = () => ({ realservers: this.#entries() })
    return this.#do('pool', { pool }, Object.hasOwn(this.#document.pools, pool), make, make)
  }
  #service(): Action {
    const service = this.#one(this.#document.services, SERVICES)
    const group = this.#one(this.#document.groups, GROUPS)
    const vips = Object.keys(this.#document.groups[group]?.vips ?? { '10.11.0.10': 0 })
    const scheduler = this.#pick(Object.keys(SCHEDULERS) as (keyof typeof SCHEDULERS)[])
    return this.#do(
      'service',
      { service },
      Object.hasOwn(this.#document.services, service),
      () => ({
        group,
        address: this.#pick(vips),
        port: this.#pick(PORTS),
        protocol: 'tcp',
        scheduler,
        ...this.#source(),
      }),
      () =>
        this.#pick([
          { scheduler, 'scheduler-flags': this.#some(SCHEDULERS[scheduler].flags, 0) },
          this.#source(),
          { port: this.#pick(PORTS) },
          { overrides: null },
        ]),
    )
  }
  #server(): Action {
    const inPool = this.#chance(50) && Object.keys(this.#document.pools).length > 0
    const owner = inPool ? this.#one(this.#document.pools, POOLS) : this.#one(this.#document.services, SERVICES)
    const servers =
      (inPool ? this.#document.pools[owner]?.realservers : this.#document.services[owner]?.realservers) ?? {}
    const node = this.#one(this.#document.nodes, NODES)
    const server = this.#chance(60)
      ? this.#one(servers, NODES)
      : this.#chance(80)
        ? node
        : `${node}@10.11.0.${this.#number(60, 62)}`
    const entry = this.#entry(node)
    return this.#do(
      'server',
      { [inPool ? 'pool' : 'service']: owner, server },
      Object.hasOwn(servers, server),
      () => (server.includes('@') ? { forward: 'dr' } : entry),
      () =>
        this.#pick([
          { weight: this.#pick([0, 1, 5, 65_535, null]) },
          { forward: 'nat', address: entry['address'] },
          { port: null },
        ]),
    )
  }
  #override(): Action {
    const service = this.#one(this.#document.services, SERVICES)
    const own = this.#document.services[service]
    const members = this.#document.pools[own?.pool ?? '']?.realservers ?? {}
    const overridden = Object.keys(own?.overrides ?? {})
    const server =
      overridden.length > 0 && this.#chance(60)
        ? this.#pick(overridden)
        : (this.#one(members, NODES).split('@')[0] ?? '')
    const values = (): Values => (this.#chance(70) ? { weight: this.#number(0, 9) } : this.#entry(server))
    return this.#do('override', { service, server }, Object.hasOwn(own?.overrides ?? {}, server), values, values)
  }

  #check(): Action {
    const service = this.#one(this.#document.services, SERVICES)
    if (this.#chance(30)) return { verb: 'remove', noun: 'check', which: { service } }
    const values = this.#pick([
      { type: this.#pick(Object.keys(CHECKS)), interval: this.#pick(['500ms', '2s', '1m', null]), timeout: null },
      { type: 'tcp', fall: this.#number(1, 21) },
      { 'keep-last': this.#chance(50), type: 'tcp' },
      { rise: null },
      { 'flap-hold': this.#pick(['30s', '9m', null]), jitter: this.#number(0, 51) },
    ])
    return { verb: 'set', noun: 'check', which: { service }, values }
  }
  #timing(): Action {
    if (this.#chance(20)) return { verb: 'remove', noun: 'timing', which: {} }
    const values = this.#pick([
      { lease: this.#pick(['400ms', '0.5s', '100ms', '2s']) },
      { drain: null },
      { drain: '100ms' },
      { deadtime: '1500ms' },
      { keepalive: '100ms', apply: null },
    ])
    return { verb: 'set', noun: 'timing', which: {}, values }
  }
  #key(): Action {
    const key = this.#pick(['1', '2', '3'])
    return this.#do(
      'key',
      { key },
      Object.hasOwn(this.#document.keys, key),
      () => ({ file: `key${key}` }),
      () => ({ algorithm: this.#pick(['sha256', 'sha1', null]) }),
    )
  }
  #cluster(): Action {
    const values = this.#pick([
      { profile: this.#pick(['default', 'fast', 'wan', null]) },
      { 'sign-with': Number(this.#one(this.#document.keys, ['9'])) },
    ])
    return { verb: 'set', noun: 'cluster', which: {}, values }
  }
  /** A file of an earlier day, and going back. */
  #whole(): Action {
    const revision = this.#number(1, this.#before.length + 1)
    const document = this.#before[this.#number(0, Math.max(0, this.#before.length - 1))]
    if (this.#chance(50) || !document) return { verb: 'rollback', revision }
    const file = writtenOf(document, 7)
    return { verb: 'apply', file: this.#chance(90) ? file : { ...file, cluster: 'other' } }
  }
}
