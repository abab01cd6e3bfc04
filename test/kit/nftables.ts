/**
 * nf_tables as far as the fence uses them: it reads the very bytes, keeps tables, chains, rules, sets and maps, carries
 * a transaction out as a whole or not at all, and lets elements run out by its clock. A message that our encoders would
 * not make of what was read is unknown, and fails the test. The kernel's own passes the same suite: test/suites/fence.ts.
 */
import { type Decoded, ERRNO, hexOf, type Message, nftables as nft, readMessages } from '@lvsm/netlink'
import { be64, nested, text } from '../../packages/netlink/src/attributes.ts'
import { encodeNft, MSG, valueData, verdictData } from '../../packages/netlink/src/nftables/types.ts'

export interface Item extends nft.Element {
  /** By the clock of the fake; null: never. */
  readonly endsAt: number | null
}
export interface HeldSet {
  readonly shape: nft.NftSet
  readonly items: Map<string, Item>
}
export interface HeldChain {
  readonly shape: nft.Chain
  readonly rules: nft.Rule[]
}
export interface HeldTable {
  readonly shape: nft.Table
  readonly chains: Map<string, HeldChain>
  readonly sets: Map<string, HeldSet>
}
export interface NfTablesOptions {
  /** Milliseconds. */
  now(): number
  hasDevice(name: string): boolean
  /** What every change tells who listens: the messages of one transaction, in one datagram. */
  notify(messages: readonly Uint8Array[]): void
}
export interface Answer {
  readonly errno: number
  readonly data: readonly Message[]
}

const KEY_BYTES: Readonly<Record<string, number>> = { ipv4: 4, ipv6: 16, ethertype: 2, service: 2 }
const HOOKS: Readonly<Record<string, readonly number[]>> = {
  arp: [0, 1],
  inet: [0, 1, 2, 3, 4],
  ip6: [0, 1, 2, 3, 4],
  netdev: [0, 1],
}
const EGRESS = nft.HOOK.netdev.egress
const NO_ERROR = 0
const code = (name: string): number => ERRNO[name] ?? 0

const nameOf = ({ family, table }: nft.TableName): string => `${family} ${table}`
const must = <T>(decoded: Decoded<T>): T => {
  if (!decoded.ok) throw new Error(`unknown to the fake: ${decoded.error}`)
  return decoded.value
}
const parse = (bytes: Uint8Array): Message => {
  const { messages, error } = readMessages(bytes)
  const [message] = messages
  if (error !== undefined || !message || messages.length !== 1) throw new Error(`no single message: ${error}`)
  return message
}
/** What it means must be all that it says. */
function known(bytes: Uint8Array, ...candidates: readonly Uint8Array[]): number {
  const found = candidates.findIndex((candidate) => Buffer.compare(bytes, candidate) === 0)
  if (found < 0) throw new Error(`unknown to the fake: ${hexOf(bytes)}`)
  return found
}

export class NfTables {
  readonly #options: NfTablesOptions
  #tables = new Map<string, HeldTable>()
  #handles = 0
  /** Kernel 5.16 and later have the egress hook. */
  egress = true
  /** Where the module is not there, rules with limits are refused. */
  limits = true

  constructor(options: NfTablesOptions) {
    this.#options = options
  }

  table(name: nft.TableName): HeldTable | undefined {
    return this.#tables.get(nameOf(name))
  }
  /** Base chains of a hook, first to last; those of tables that are switched off are not asked. */
  hooked(family: nft.Family, number: number, device?: string): { table: HeldTable; chain: HeldChain }[] {
    return [...this.#tables.values()]
      .filter(({ shape }) => shape.family === family && !shape.dormant)
      .flatMap((table) => [...table.chains.values()].map((chain) => ({ table, chain })))
      .filter(({ chain: { shape } }) => shape.hook?.number === number && shape.hook.device === device)
      .sort((a, b) => (a.chain.shape.hook?.priority ?? 0) - (b.chain.shape.hook?.priority ?? 0))
  }
  now(): number {
    return this.#options.now()
  }
  isLive(item: Item): boolean {
    return item.endsAt === null || item.endsAt > this.#options.now()
  }
  /** A device goes, and its base chains with it. */
  loseDevice(name: string): void {
    for (const table of this.#tables.values())
      for (const [key, { shape }] of table.chains) if (shape.hook?.device === name) table.chains.delete(key)
  }

  /** Without the messages that frame it. */
  transact(messages: readonly Uint8Array[]): Answer[] {
    const before = this.#tables
    this.#tables = copyOf(before)
    const answers = messages.map((bytes) => ({ errno: this.#change(bytes), data: [] }))
    if (answers.some(({ errno }) => errno !== NO_ERROR)) this.#tables = before
    else this.#options.notify(messages.map((bytes) => new Uint8Array(bytes)))
    return answers
  }

  #change(bytes: Uint8Array): number {
    const message = parse(bytes)
    switch (message.type & 0xff) {
      case MSG.newTable:
        return this.#newTable(bytes, must(nft.decodeTable(message)))
      case MSG.deleteTable:
        return this.#deleteTable(bytes, must(nft.decodeTable(message)))
      case MSG.newChain:
        return this.#newChain(bytes, must(nft.decodeChain(message)))
      case MSG.newRule:
        return this.#newRule(bytes, must(nft.decodeRule(message)))
      case MSG.deleteRule:
        return this.#deleteRule(bytes, must(nft.decodeRule(message)))
      case MSG.newSet:
        return this.#newSet(bytes, must(nft.decodeSet(message)))
      case MSG.newElement:
        return this.#newElements(bytes, must(nft.decodeElements(message)))
      case MSG.deleteElement:
        return this.#deleteElements(bytes, must(nft.decodeElements(message)))
      default:
        throw new Error(`unknown to the fake: message ${message.type & 0xff} in a transaction`)
    }
  }

  #newTable(bytes: Uint8Array, shape: nft.Table): number {
    const exclusive = known(bytes, nft.newTable(shape), nft.newTable(shape, { exclusive: true })) === 1
    const there = this.table(shape)
    if (there && exclusive) return code('EEXIST')
    this.#tables.set(nameOf(shape), { chains: new Map(), sets: new Map(), ...there, shape })
    return NO_ERROR
  }
  #deleteTable(bytes: Uint8Array, shape: nft.Table): number {
    known(bytes, nft.deleteTable(shape))
    return this.#tables.delete(nameOf(shape)) ? NO_ERROR : code('ENOENT')
  }

  #newChain(bytes: Uint8Array, shape: nft.Chain): number {
    known(bytes, nft.newChain(shape))
    const table = this.table(shape)
    if (!table) return code('ENOENT')
    const { hook } = shape
    if (hook) {
      if (!HOOKS[shape.family]?.includes(hook.number)) return code('EOPNOTSUPP')
      if (shape.family === 'netdev' && hook.number === EGRESS && !this.egress) return code('EOPNOTSUPP')
      if ((shape.family === 'netdev') !== (hook.device !== undefined)) return code('EOPNOTSUPP')
      if (hook.device !== undefined && !this.#options.hasDevice(hook.device)) return code('ENOENT')
    }
    const there = table.chains.get(shape.chain)
    if (there && JSON.stringify(there.shape.hook) !== JSON.stringify(hook)) return code('EEXIST')
    table.chains.set(shape.chain, { rules: [], ...there, shape })
    return NO_ERROR
  }

  #newRule(bytes: Uint8Array, rule: nft.Rule): number {
    known(bytes, nft.newRule(rule))
    const table = this.table(rule)
    const chain = table?.chains.get(rule.chain)
    if (!table || !chain) return code('ENOENT')
    for (const one of rule.expressions) {
      if (one.kind === 'unknown') throw new Error(`unknown to the fake: expression ${one.name}`)
      if (one.kind === 'lookup' && table.sets.get(one.set)?.shape.verdicts !== (one.verdicts ?? false))
        return table.sets.has(one.set) ? code('EINVAL') : code('ENOENT')
      if (one.kind === 'meter' && table.sets.get(one.set)?.shape.dynamic !== true)
        return table.sets.has(one.set) ? code('EOPNOTSUPP') : code('ENOENT')
      if ((one.kind === 'limit' || one.kind === 'meter') && !this.limits) return code('ENOENT')
      if (one.kind === 'verdict' && !leads(table, one.verdict)) return code('ENOENT')
    }
    chain.rules.push({ ...rule, handle: ++this.#handles })
    return NO_ERROR
  }
  #deleteRule(bytes: Uint8Array, { family, table, chain, handle }: nft.Rule): number {
    known(bytes, nft.deleteRule({ family, table, chain, handle }))
    const rules = this.table({ family, table })?.chains.get(chain)?.rules
    const at = rules?.findIndex((rule) => rule.handle === handle) ?? -1
    if (!rules || at < 0) return code('ENOENT')
    rules.splice(at, 1)
    return NO_ERROR
  }

  #newSet(bytes: Uint8Array, shape: nft.NftSet): number {
    if (shape.key === 'other') throw new Error(`unknown to the fake: keys of ${shape.set}`)
    known(bytes, nft.newSet({ ...shape, key: shape.key }))
    const table = this.table(shape)
    if (!table) return code('ENOENT')
    const there = table.sets.get(shape.set)
    if (there) return JSON.stringify(there.shape) === JSON.stringify(shape) ? NO_ERROR : code('EEXIST')
    table.sets.set(shape.set, { shape, items: new Map() })
    return NO_ERROR
  }

  /** A plain add of a live element keeps what it has, as before Linux 6.12. */
  #newElements(bytes: Uint8Array, { family, table: name, set, elements }: nft.ElementList): number {
    const where = { family, table: name, set }
    const exclusive =
      known(bytes, nft.newElements(where, elements), nft.newElements(where, elements, { exclusive: true })) === 1
    const table = this.table(where)
    const held = table?.sets.get(set)
    if (!table || !held) return code('ENOENT')
    for (const { key, verdict, timeoutMs } of elements) {
      const { shape, items } = held
      if (key.length !== KEY_BYTES[shape.key] || (verdict !== undefined) !== shape.verdicts) return code('EINVAL')
      if (timeoutMs !== undefined && !shape.timeouts) return code('EINVAL')
      if (verdict && !leads(table, verdict)) return code('ENOENT')
      const there = items.get(key.join('.'))
      const live = there !== undefined && this.isLive(there)
      if (live && (exclusive || JSON.stringify(there.verdict) !== JSON.stringify(verdict))) return code('EEXIST')
      const endsAt = timeoutMs === undefined ? null : this.#options.now() + timeoutMs
      if (!live) items.set(key.join('.'), { key, endsAt, ...(verdict && { verdict }), ...(timeoutMs && { timeoutMs }) })
    }
    return NO_ERROR
  }
  #deleteElements(bytes: Uint8Array, { family, table, set, elements }: nft.ElementList): number {
    const where = { family, table, set }
    const flush = elements.length === 0
    known(bytes, flush ? nft.flushElements(where) : nft.deleteElements(where, elements))
    const items = this.table(where)?.sets.get(set)?.items
    if (!items) return code('ENOENT')
    if (flush) items.clear()
    for (const { key } of elements) {
      const there = items.get(key.join('.'))
      if (!there || !this.isLive(there)) return code('ENOENT')
      items.delete(key.join('.'))
    }
    return NO_ERROR
  }

  /** A question outside of transactions. */
  ask(bytes: Uint8Array): Answer {
    const message = parse(bytes)
    const found = (data: readonly Uint8Array[] | undefined): Answer =>
      data ? { errno: NO_ERROR, data: data.map(parse) } : { errno: code('ENOENT'), data: [] }
    switch (message.type & 0xff) {
      case MSG.getTable: {
        const name = must(nft.decodeTable(message))
        known(bytes, nft.getTable(name))
        const table = this.table(name)
        return found(table && [nft.newTable(table.shape)])
      }
      case MSG.getChain: {
        const name = must(nft.decodeChain(message))
        known(bytes, nft.getChain(name))
        const chain = this.table(name)?.chains.get(name.chain)
        return found(chain && [nft.newChain(chain.shape)])
      }
      case MSG.getElement: {
        const { elements, ...where } = must(nft.decodeElements(message))
        known(bytes, nft.getElements(where, elements))
        const items = this.table(where)?.sets.get(where.set)?.items
        const live = elements.flatMap(({ key }) => items?.get(key.join('.')) ?? []).filter((item) => this.isLive(item))
        return found(live.length === elements.length ? [this.#listed(where, live)] : undefined)
      }
      default:
        throw new Error(`unknown to the fake: question ${message.type & 0xff}`)
    }
  }

  /** Undefined: ENOENT. */
  dump(bytes: Uint8Array): Message[] | undefined {
    const message = parse(bytes)
    if ((message.type & 0xff) === MSG.getRule) {
      const { family, table } = must(nft.decodeRule(message))
      known(bytes, nft.dumpRules({ family, table }))
      const chains = [...(this.table({ family, table })?.chains.values() ?? [])]
      return chains.flatMap(({ rules }) => rules).map((rule) => parse(listedRule(rule)))
    }
    if ((message.type & 0xff) !== MSG.getElement) throw new Error(`unknown to the fake: dump ${message.type & 0xff}`)
    const { elements: _, ...where } = must(nft.decodeElements(message))
    known(bytes, nft.dumpElements(where))
    const items = this.table(where)?.sets.get(where.set)?.items
    return (
      items && [
        parse(
          this.#listed(
            where,
            [...items.values()].filter((item) => this.isLive(item)),
          ),
        ),
      ]
    )
  }

  #listed({ family, table, set }: nft.SetName, items: readonly Item[]): Uint8Array {
    const listed = items.map(({ key, verdict, timeoutMs, endsAt }) =>
      nested(
        1,
        valueData(1, key),
        ...(verdict ? [verdictData(2, verdict)] : []),
        ...(endsAt === null ? [] : [be64(4, timeoutMs ?? 0), be64(5, endsAt - this.#options.now())]),
      ),
    )
    return encodeNft(MSG.newElement, 0, family, [text(1, table), text(2, set), nested(3, ...listed)])
  }
}

const listedRule = (rule: nft.Rule): Uint8Array =>
  encodeNft(MSG.newRule, 0, rule.family, [parse(nft.newRule(rule)).payload.subarray(4), be64(3, rule.handle)])

const leads = (table: HeldTable, { verdict, chain }: nft.Verdict): boolean =>
  (verdict !== 'jump' && verdict !== 'goto') || table.chains.has(chain ?? '')

const copyOf = (tables: ReadonlyMap<string, HeldTable>): Map<string, HeldTable> =>
  new Map(
    [...tables].map(([name, { shape, chains, sets }]) => [
      name,
      {
        shape,
        chains: new Map(
          [...chains].map(([key, { shape: chain, rules }]) => [key, { shape: chain, rules: [...rules] }]),
        ),
        sets: new Map([...sets].map(([key, { shape: set, items }]) => [key, { shape: set, items: new Map(items) }])),
      },
    ]),
  )
