/** What the ownership plane must know of the configuration: handed over by the reconciler, never parsed here. */
import { familyOf, parseInet, type Timing } from '@lvsm/base'
import { HIGHEST_EPOCH } from './lease-state.ts'

export interface LeaseLink {
  /** Name of the network; two nodes talk over the links that both have. */
  readonly name: string
  readonly address: string
  readonly port: number
}
export interface LeaseNode {
  readonly name: string
  readonly links: readonly LeaseLink[]
  readonly voter: boolean
  /** Keys that only this node and the view's own have; missing: the two use those that all share. */
  readonly pair?: PairKeys
}
/** Keys of two nodes: HMAC with SHA-256. */
export interface PairKeys {
  /** Id of the one that signs; 0: the key that all nodes share does. */
  readonly signWith: number
  /** All of them are accepted. */
  readonly keys: readonly PairKey[]
  /** Keys that all nodes share are accepted too: the other node may not know these yet. */
  readonly shared: boolean
}
export interface PairKey {
  /** From `FIRST_PAIR_KEY` on. */
  readonly id: number
  /** 32 bytes as hexadecimal digits. */
  readonly secret: string
}
/** Ids of pairwise keys begin here, in a datagram's 16 bits; those of keys that all share are below. */
export const FIRST_PAIR_KEY = 0x8000
export const LAST_PAIR_KEY = 0xffff
export const PAIR_KEY_BYTES = 32
export interface LeaseAddress {
  readonly address: string
  readonly prefix: number
  /** Interface index on this node; 0 where this node is no director of the group. */
  readonly ifindex: number
  readonly kind: 'vip' | 'gateway'
}
export interface LeaseGroup {
  readonly name: string
  readonly digest: string
  /** Preference order. */
  readonly directors: readonly string[]
  readonly addresses: readonly LeaseAddress[]
  /** An operator wants nobody to own it for a while: whoever does gives it up, and no node takes it. */
  readonly stopped?: boolean
}
/** Hash functions of the HMAC (RFC 2104); `crc32` is a checksum, which keeps nobody out. */
export const ALGORITHMS = ['sha256', 'sha1', 'md5', 'crc32'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

export interface HeartbeatKey {
  readonly id: number
  readonly algorithm: Algorithm
  /** Secret bytes as hexadecimal digits. */
  readonly secret: string
}
export interface LeaseView {
  readonly cluster: string
  readonly node: string
  /** Number of its set of voters: of coordinators, or 1. */
  readonly epoch: number
  readonly revision: number
  readonly timing: Timing
  readonly nodes: readonly LeaseNode[]
  readonly groups: readonly LeaseGroup[]
  readonly keys: readonly HeartbeatKey[]
  /** Id of the key that signs; all keys are accepted. */
  readonly signWith: number
  /** The coordinators' configuration, and not a file of this node's own: only there other epochs than 1 have a meaning. */
  readonly followed?: boolean
  /** A read that is proved current, after the start of this lease process, found no higher epoch than this. */
  readonly confirmed?: boolean
  /** Number of the ring that the keys of the pairs are of; missing: there is none. */
  readonly ring?: number
}

/** As it may be kept: what was confirmed to one process is not to the next. */
export function unconfirmed(view: LeaseView): LeaseView {
  const { confirmed, ...kept } = view
  return confirmed === undefined ? view : kept
}

const HIGHEST_PORT = 65_535
const HIGHEST_INDEX = 2 ** 31 - 1
const LONGEST_NAME = 255

const isInet = (text: string): boolean => parseInet(text) !== undefined
const isName = (text: string): boolean => text.length > 0 && text.length <= LONGEST_NAME
const isBetween = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most
function repeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}

/**
 * Why nobody can have meant this view, as the end of a sentence; null when it is possible. Shape alone does not say so: a
 * damaged file or a defect elsewhere must not reach the kernel, nor end the process at each of its starts.
 */
export function impossibleView({ cluster, epoch, followed, nodes, groups, keys, signWith }: LeaseView): string | null {
  if (!isName(cluster)) return 'its cluster has no name'
  if (!isBetween(epoch, 1, HIGHEST_EPOCH)) return `its epoch ${epoch} is none`
  if (epoch !== 1 && followed !== true) return `it has epoch ${epoch}, and comes from no coordinator`
  const twice = repeated(nodes.map(({ name }) => name)) ?? repeated(groups.map(({ name }) => name))
  if (twice !== undefined) return `"${twice}" stands in it twice`
  for (const node of nodes) {
    const link = node.links.find(({ address, port }) => !isInet(address) || !isBetween(port, 1, HIGHEST_PORT))
    if (!isName(node.name) || link) return `a node or its link is none: "${node.name}"`
    if (node.pair && !isPair(node.pair)) return `its keys for "${node.name}" are none`
  }
  const group = groups.find((one) => !isGroup(one))
  if (group) return `group "${group.name}" has an address or a director that is none`
  const key = keys.find(({ secret }) => !/^(?:[0-9a-f]{2})+$/i.test(secret))
  if (key) return `key ${key.id} is none`
  return keys.some(({ id }) => id === signWith) ? null : `it signs with key ${signWith}, which it does not have`
}

function isPair({ signWith, keys, shared }: PairKeys): boolean {
  const areKeys = keys.every(
    ({ id, secret }) => isBetween(id, FIRST_PAIR_KEY, LAST_PAIR_KEY) && secret.length === 2 * PAIR_KEY_BYTES,
  )
  return areKeys && (signWith === 0 ? shared : keys.some(({ id }) => id === signWith))
}

const isGroup = ({ name, directors, addresses }: LeaseGroup): boolean =>
  isName(name) && directors.every(isName) && addresses.every(isAddress)

const BITS = { ipv4: 32, ipv6: 128 } as const
const isAddress = ({ address, prefix, ifindex }: LeaseAddress): boolean =>
  isInet(address) && isBetween(prefix, 0, BITS[familyOf(address)]) && isBetween(ifindex, 0, HIGHEST_INDEX)
