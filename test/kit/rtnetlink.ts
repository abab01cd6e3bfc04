/**
 * rtnetlink as far as floating addresses need it: interfaces, addresses with a lifetime, secondary addresses that go with
 * the primary one of their network. It reads the very bytes; what our encoders would not make of what was read is unknown,
 * and fails the test. The kernel's own passes the same suite: test/suites/addresses.ts.
 */
import {
  AF,
  ERRNO,
  type Decoded,
  hexOf,
  inetBytes,
  type Message,
  readMessages,
  encodeMessage,
  rtnetlink as rt,
} from '@lvsm/netlink'
import { attribute, text, u8 } from '../../packages/netlink/src/attributes.ts'
import type { Answer } from './nftables.ts'

export interface HeldLink {
  readonly index: number
  readonly name: string
  mac: string
  up: boolean
}
export interface HeldAddress {
  readonly index: number
  readonly local: string
  readonly prefix: number
  readonly label: string
  /** Of IPv6, which has no labels: who made it, and for how long a program may choose it. */
  readonly protocol?: number
  readonly preferredSeconds?: number
  flags: number
  /** By the clock of the fake; null: never. */
  endsAt: number | null
}
export interface RtnetlinkOptions {
  /** Milliseconds. */
  now(): number
  /** Tells who listens to addresses, by the multicast group of their family. */
  notify(message: Uint8Array, group: number): void
}

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
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const unknown = (bytes: Uint8Array): never => {
  throw new Error(`unknown to the fake: ${hexOf(bytes)}`)
}
const answer = (name: string, data: readonly Message[] = []): Answer => ({ errno: ERRNO[name] ?? 0, data })
const DONE = answer('')

const networkOf = ({ local, prefix }: Pick<HeldAddress, 'local' | 'prefix'>): string => {
  const bits = [...inetBytes(local)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return `${bits.slice(0, prefix)}/${prefix}`
}
const LONGEST_LABEL = 15

export class Rtnetlink {
  readonly #options: RtnetlinkOptions
  readonly links = new Map<number, HeldLink>()
  addresses: HeldAddress[] = []
  /** net.ipv4.conf.all.promote_secondaries. */
  promotes = true

  constructor(options: RtnetlinkOptions) {
    this.#options = options
  }

  /** Lets go what has run out. */
  tick(): void {
    const { now } = this.#options
    for (const one of this.addresses.filter(({ endsAt }) => endsAt !== null && endsAt <= now())) this.#drop(one)
  }

  ask(bytes: Uint8Array): Answer {
    const message = parse(bytes)
    if (message.type === rt.RTM.getLink) return this.#getLink(bytes, message)
    if (message.type === rt.RTM.getRoute) return this.#getRoute(bytes, message)
    const spec = must(rt.decodeAddress(message))
    const { index, local, prefix, label, flags } = spec
    if (message.type === rt.RTM.newAddress) return this.#add(bytes, spec)
    if (message.type !== rt.RTM.deleteAddress) return unknown(bytes)
    if (!same(bytes, rt.deleteAddress({ index, local, prefix, label })) || flags !== 0) return unknown(bytes)
    if (!this.links.has(index)) return answer('ENODEV')
    const found = this.#find(spec)
    if (!found || (label !== '' && label !== found.label)) return answer('EADDRNOTAVAIL')
    this.#drop(found)
    return DONE
  }

  #getLink(bytes: Uint8Array, message: Message): Answer {
    const { index } = must(rt.decodeLink(message))
    if (!same(bytes, rt.getLink(index))) return unknown(bytes)
    const link = this.links.get(index)
    return link ? answer('', [parse(linkBytes(link))]) : answer('ENODEV')
  }

  /** Of own addresses alone. */
  #getRoute(bytes: Uint8Array, message: Message): Answer {
    const { destination } = must(rt.decodeRoute(message))
    if (!same(bytes, rt.getMatching(destination))) return unknown(bytes)
    const found = this.addresses.find(({ local }) => local === destination)
    if (!found) return answer('ENETUNREACH')
    const prefix = inetBytes(destination).length * 8
    const local = { destination, prefix, oif: found.index, type: rt.ROUTE_TYPE.local, protocol: 2 }
    return answer('', [parse(rt.newRoute(local))])
  }

  #add(bytes: Uint8Array, spec: rt.InterfaceAddress): Answer {
    const { index, local, prefix, label, flags, validSeconds } = spec
    const endless =
      validSeconds === rt.FOREVER && !same(bytes, rt.newAddress({ index, local, prefix, label, flags, validSeconds }))
    const six = isV6(local) ? { protocol: spec.protocol, preferredSeconds: spec.preferredSeconds } : {}
    const plain = { index, local, prefix, label, flags, ...(endless ? {} : { validSeconds }), ...six }
    const replace = same(bytes, rt.replaceAddress(plain))
    if (!replace && !same(bytes, rt.newAddress(plain))) return unknown(bytes)
    if (!this.links.has(index)) return answer('ENODEV')
    if (prefix > (isV6(local) ? 128 : 32) || validSeconds === 0) return answer('EINVAL')
    if (label.length > LONGEST_LABEL) return answer('ERANGE')
    const endsAt = validSeconds === rt.FOREVER ? null : this.#options.now() + validSeconds * 1000
    const found = this.#find(spec)
    if (found && !replace) return answer('EEXIST')
    if (found) found.endsAt = endsAt
    else {
      const secondary =
        !isV6(local) &&
        this.addresses.some((one) => one.index === index && isPrimary(one) && networkOf(one) === networkOf(spec))
      const kept = flags | (secondary ? rt.ADDRESS_FLAG.secondary : 0)
      this.addresses.push({ index, local, prefix, label, flags: kept, endsAt, ...six })
    }
    this.#options.notify(rt.newAddress({ ...plain }), groupOf(local))
    return DONE
  }

  #find({ index, local, prefix }: Pick<HeldAddress, 'index' | 'local' | 'prefix'>): HeldAddress | undefined {
    return this.addresses.find((one) => one.index === index && one.local === local && one.prefix === prefix)
  }

  #drop(address: HeldAddress): void {
    this.addresses = this.addresses.filter((one) => one !== address)
    this.#options.notify(rt.deleteAddress(address), groupOf(address.local))
    if (!isPrimary(address) || isV6(address.local)) return
    const others = this.addresses.filter((one) => one.index === address.index && networkOf(one) === networkOf(address))
    const [first] = others
    if (this.promotes && first) first.flags &= ~rt.ADDRESS_FLAG.secondary
    if (!this.promotes) for (const one of others) this.#drop(one)
  }

  dump(bytes: Uint8Array): Message[] {
    if (same(bytes, rt.dumpLinks())) return [...this.links.values()].map((link) => parse(linkBytes(link)))
    const message = parse(bytes)
    const six = message.payload[0] === AF.inet6
    const asked = rt.dumpAddresses(six ? AF.inet6 : AF.inet)
    if (message.type !== rt.RTM.getAddress || !same(bytes, asked)) return unknown(bytes)
    const { now } = this.#options
    const ofFamily = this.addresses.filter(({ local }) => isV6(local) === six)
    return ofFamily.map(({ endsAt, ...one }) =>
      parse(
        rt.newAddress({
          ...one,
          ...(endsAt === null
            ? { flags: one.flags | rt.ADDRESS_FLAG.permanent }
            : { validSeconds: Math.ceil((endsAt - now()) / 1000) }),
        }),
      ),
    )
  }
}

const isV6 = (address: string): boolean => address.includes(':')
const groupOf = (address: string): number => (isV6(address) ? rt.GROUP.addressV6 : rt.GROUP.addressV4)
const isPrimary = ({ flags }: HeldAddress): boolean => (flags & rt.ADDRESS_FLAG.secondary) === 0

function linkBytes({ index, name, mac, up }: HeldLink): Uint8Array {
  const header = new Uint8Array(16)
  const view = new DataView(header.buffer)
  view.setInt32(4, index, true)
  view.setUint32(8, up ? rt.LINK_FLAG.up | rt.LINK_FLAG.lowerUp : 0, true)
  const bytes =
    mac === ''
      ? []
      : [
          attribute(
            1,
            Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16)),
          ),
        ]
  return encodeMessage(rt.RTM.newLink, 0, [header, text(3, name), ...bytes, u8(16, up ? 6 : 2)])
}
