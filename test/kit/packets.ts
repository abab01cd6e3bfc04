/**
 * What the tables of nf_tables do with a packet: base chains by priority, jumps, maps and sets, counters. Only what rules
 * of ours are made of; anything else fails the test. The way of a packet through the stack is in `Way`.
 */
import {
  type ArpPacket,
  arpFrame,
  BROADCAST_MAC,
  checksum,
  ETHERTYPE,
  hexOf,
  inetBytes,
  NEIGHBOUR,
  nftables as nft,
} from '@lvsm/netlink'
import type { HeldChain, HeldTable, NfTables } from './nftables.ts'

export interface Packet {
  readonly protocol: number
  /** From the network header on. */
  readonly network: Uint8Array
}
type Fate = 'accept' | 'drop' | null

const AF_INET = 2
const UDP = 17
const DEPTH = 16
/** Connection tracking begins here on the way in; sources are translated here on the way out (netfilter_ipv4.h). */
export const CONNTRACK = -200
export const SOURCE_NAT = 100

export const arpPacket = (packet: Partial<ArpPacket>): Packet => {
  const whole = {
    operation: 'request',
    senderMac: '02:00:00:00:00:77',
    senderIp: '0.0.0.0',
    targetMac: '00:00:00:00:00:00',
    targetIp: '0.0.0.0',
    ...packet,
  } as const
  return { protocol: ETHERTYPE.arp, network: arpFrame(whole.senderMac, BROADCAST_MAC, whole).subarray(14) }
}
export const ofFrame = (frame: Uint8Array): Packet => ({
  protocol: ((frame[12] ?? 0) << 8) | (frame[13] ?? 0),
  network: frame.subarray(14),
})
/** A header with its sum, and nothing behind it (RFC 791); of a protocol that is for experiments. */
export const ipPacket = (source: string, destination: string): Packet => {
  const network = new Uint8Array(20)
  network.set([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 253])
  network.set(inetBytes(source), 12)
  network.set(inetBytes(destination), 16)
  const view = new DataView(network.buffer)
  let sum = 0
  for (let at = 0; at < 20; at += 2) sum += view.getUint16(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  view.setUint16(10, ~sum & 0xffff)
  return { protocol: ETHERTYPE.ipv4, network }
}
/** With its ports, and nothing in it. */
export const udpPacket = (source: string, destination: string, ports: readonly [from: number, to: number]): Packet => {
  const network = new Uint8Array(28)
  network.set(ipPacket(source, destination).network)
  network[9] = UDP
  const view = new DataView(network.buffer)
  for (const [at, port] of ports.entries()) view.setUint16(20 + 2 * at, port)
  view.setUint16(24, 8)
  return { protocol: ETHERTYPE.ipv4, network }
}
export const asFrame = ({ protocol, network }: Packet, destination: string, source: string): Uint8Array => {
  const frame = new Uint8Array(Math.max(60, 14 + network.length))
  for (const [at, mac] of [destination, source].entries())
    frame.set(
      Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16)),
      6 * at,
    )
  frame.set([protocol >> 8, protocol & 0xff], 12)
  frame.set(network, 14)
  return frame
}
/** A header, and nothing behind it (RFC 8200, section 3); of a protocol that is for experiments. */
export const ipv6Packet = (source: string, destination: string): Packet => {
  const network = new Uint8Array(40)
  network.set([0x60, 0, 0, 0, 0, 0, 253, 64])
  network.set(inetBytes(source), 8)
  network.set(inetBytes(destination), 24)
  return { protocol: ETHERTYPE.ipv6, network }
}
/**
 * A solicitation or an advertisement (RFC 4861, sections 4.3 and 4.4), to whomever; `mac`: where an answer is to go, so that nobody
 * has to ask for that.
 */
export const neighbourPacket = (
  kind: keyof typeof NEIGHBOUR,
  {
    source,
    destination,
    target,
    mac,
  }: { readonly source: string; readonly destination: string; readonly target: string; readonly mac?: string },
): Packet => {
  const told = mac !== undefined && source !== '::'
  const message = new Uint8Array(told ? 32 : 24)
  message[0] = NEIGHBOUR[kind]
  message.set(inetBytes(target), 8)
  if (told) message.set([1, 1, ...mac.split(':').map((part) => Number.parseInt(part, 16))], 24)
  const header = ipv6Packet(source, destination).network
  header.set([0, message.length, 58, 255], 4)
  const pseudo = Uint8Array.from([...header.subarray(8), 0, 0, 0, message.length, 0, 0, 0, 58, ...message])
  new DataView(message.buffer).setUint16(2, checksum(pseudo))
  return { protocol: ETHERTYPE.ipv6, network: Uint8Array.from([...header, ...message]) }
}

/** A token bucket. */
interface Bucket {
  left: number
  at: number
}

export class Packets {
  readonly #tables: NfTables
  /** By the expression itself, which goes with its rule; those of a meter by its key too. */
  readonly #buckets = new WeakMap<nft.Limit, Map<string, Bucket>>()

  constructor(tables: NfTables) {
    this.#tables = tables
  }

  /** Whether it comes through a hook; `within`: what else happens to it there, by priority. */
  passes(
    family: nft.Family,
    hook: number,
    packet: Packet,
    { device, from = -1000, to = 1000 }: { device?: string; from?: number; to?: number } = {},
  ): boolean {
    for (const { table, chain } of this.#tables.hooked(family, hook, device)) {
      const priority = chain.shape.hook?.priority ?? 0
      if (priority <= from || priority >= to) continue
      const fate = this.#walk(table, chain, packet, 0) ?? chain.shape.policy ?? 'accept'
      if (fate === 'drop') return false
    }
    return true
  }

  #walk(table: HeldTable, chain: HeldChain, packet: Packet, depth: number): Fate {
    if (depth > DEPTH) throw new Error(`${chain.shape.chain} jumps without end`)
    for (const [at, rule] of chain.rules.entries()) {
      const { verdict, counted } = this.#judge(table, rule, packet)
      if (counted) chain.rules[at] = counted
      if (verdict?.verdict === 'jump') {
        const target = table.chains.get(verdict.chain ?? '')
        if (!target) throw new Error(`no chain ${verdict.chain}`)
        const fate = this.#walk(table, target, packet, depth + 1)
        if (fate) return fate
      } else if (verdict?.verdict === 'accept' || verdict?.verdict === 'drop') return verdict.verdict
      else if (verdict) throw new Error(`unknown to the fake: verdict ${verdict.verdict}`)
    }
    return null
  }

  #judge(table: HeldTable, rule: nft.Rule, packet: Packet): { verdict?: nft.Verdict; counted?: nft.Rule } {
    let register: Uint8Array = new Uint8Array()
    let counted: nft.Rule | undefined
    const result = (verdict?: nft.Verdict) => ({ ...(verdict && { verdict }), ...(counted && { counted }) })
    for (const [at, one] of rule.expressions.entries()) {
      switch (one.kind) {
        case 'payload': {
          if (one.base === 'link') throw new Error('unknown to the fake: a field of the link header')
          const offset = one.offset + (one.base === 'network' ? 0 : transportAt(packet))
          if (offset + one.length > packet.network.length) return result()
          register = packet.network.subarray(offset, offset + one.length)
          break
        }
        case 'meta':
          register = metaOf(one.key, packet)
          break
        case 'cmp':
          if (one.op !== 'eq') throw new Error(`unknown to the fake: comparison ${one.op}`)
          if (hexOf(register) !== hexOf(one.data)) return result()
          break
        case 'bitwise':
          register = register.map((byte, i) => (byte & (one.mask[i] ?? 0)) ^ (one.xor[i] ?? 0))
          break
        case 'lookup': {
          const item = table.sets.get(one.set)?.items.get(register.join('.'))
          const found = item !== undefined && this.#tables.isLive(item)
          if (found === (one.inverted ?? false)) return result()
          if (!found) break
          if (one.verdicts) return result(item.verdict)
          break
        }
        case 'limit':
          if (!this.#limits(one, '')) return result()
          break
        case 'meter':
          if (!this.#limits(one.limit, register.join('.'))) return result()
          break
        case 'counter': {
          const expressions = rule.expressions.with(at, { ...one, packets: one.packets + 1 })
          counted = { ...rule, expressions }
          break
        }
        case 'verdict':
          return result(one.verdict)
        default:
          throw new Error(`unknown to the fake: expression ${one.kind}`)
      }
    }
    return result()
  }

  /** Whether the rule goes on. */
  #limits(limit: nft.Limit, key: string): boolean {
    const buckets = this.#buckets.get(limit) ?? new Map<string, Bucket>()
    this.#buckets.set(limit, buckets)
    const now = this.#tables.now()
    const bucket = buckets.get(key) ?? { left: limit.burst, at: now }
    buckets.set(key, bucket)
    bucket.left = Math.min(limit.burst, bucket.left + ((now - bucket.at) * limit.perSecond) / 1000)
    bucket.at = now
    if (bucket.left < 1) return limit.over
    bucket.left -= 1
    return !limit.over
  }
}

/** Of IPv6 no packet here has more than its header in front. */
const transportAt = ({ protocol, network }: Packet): number =>
  protocol === ETHERTYPE.ipv6 ? 40 : 4 * ((network[0] ?? 0) & 15)

function metaOf(key: string, { protocol, network }: Packet): Uint8Array {
  if (key === 'l4proto') return protocol === ETHERTYPE.ipv6 ? network.subarray(6, 7) : network.subarray(9, 10)
  if (key === 'protocol') return nft.ethertypeKey(protocol)
  if (key === 'nfproto') return Uint8Array.of(protocol === ETHERTYPE.ipv4 ? AF_INET : 10)
  throw new Error(`unknown to the fake: meta ${key}`)
}

/** The ways of packets through a machine; true: it got through. */
export class Ways {
  readonly #packets: Packets

  constructor(tables: NfTables) {
    this.#packets = new Packets(tables)
  }
  /** An ARP frame comes in. */
  arpIn(packet: Packet): boolean {
    return this.#packets.passes('arp', nft.HOOK.arp.input, packet)
  }
  /** The kernel itself sends ARP. */
  arpOut(packet: Packet, device: string): boolean {
    return this.#packets.passes('arp', nft.HOOK.arp.output, packet) && this.raw(packet, device)
  }
  /** A packet socket sends a frame: the arp hooks do not see it. */
  raw(packet: Packet, device: string): boolean {
    return this.#packets.passes('netdev', nft.HOOK.netdev.egress, packet, { device })
  }
  /** A packet comes in, as far as connection tracking, and with it IPVS. */
  in(packet: Packet): boolean {
    return this.#ip('prerouting', packet, { to: CONNTRACK })
  }
  /** One for this machine comes in, as far as its sockets. */
  local(packet: Packet): boolean {
    return this.in(packet) && this.#ip('input', packet)
  }
  /** A packet of this machine goes out, after its source was translated. */
  out(packet: Packet): boolean {
    return this.#ip('postrouting', packet, { from: SOURCE_NAT })
  }
  /** A packet that others sent each other goes through. */
  through(packet: Packet): boolean {
    return this.in(packet) && this.#ip('forward', packet) && this.out(packet)
  }
  #ip(hook: keyof typeof nft.HOOK.inet, packet: Packet, within: { from?: number; to?: number } = {}): boolean {
    const families = packet.protocol === ETHERTYPE.ipv6 ? (['inet', 'ip6'] as const) : (['inet'] as const)
    return families.every((family) => this.#packets.passes(family, nft.HOOK.inet[hook], packet, within))
  }
}
