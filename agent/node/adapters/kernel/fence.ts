/** The fence of the lease process, read only: its tables, elements with the time left, and counters. */
import {
  FENCE_HOOKS,
  FENCE_LAYERS,
  FENCE_MAP,
  FENCE_MAP_V6,
  FENCE_PARTS,
  FENCE_TABLE,
  type FenceLayer,
  RULES_OF_GROUP,
  fenceChain,
  fenceSet,
  groupOfChain,
} from '@lvsm/protocol'
import { KernelError, NETLINK, type Netlink, openNetlink } from '@lvsm/kernel'
import { type Decoded, formatInet, type Message, nftables } from '@lvsm/netlink'
import type { ObservedFenceGroup, ObservedFenceTable } from '../../core/index.ts'

type Part = (typeof FENCE_PARTS)[number]
/** Renewals change the tables many times a second. */
const ATTEMPTS = 5

/** In the network namespace of the process. Throws KernelError. */
export function readFence(): ObservedFenceTable[] {
  const socket = openNetlink(NETLINK.netfilter)
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return FENCE_PARTS.flatMap((part) => FENCE_LAYERS[part].map((layer) => readTable(socket, part, layer)))
      } catch (error) {
        // What was listed a moment ago may be replaced by now.
        const gone = error instanceof KernelError && (error.code === 'ENOENT' || error.code === 'EAGAIN')
        if (!gone || attempt === ATTEMPTS) throw error
      }
    }
  } finally {
    socket.close()
  }
}

function all<T>(socket: Netlink, request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] {
  return socket.dump(request).flatMap((message) => {
    const decoded = decode(message)
    return decoded.ok ? [decoded.value] : []
  })
}

function readTable(socket: Netlink, part: Part, family: FenceLayer): ObservedFenceTable {
  const ours = <T extends nftables.TableName>(found: readonly T[]): T[] =>
    found.filter((one) => one.family === family && one.table === FENCE_TABLE)
  const present = ours(all(socket, nftables.dumpTables(family), nftables.decodeTable)).length > 0
  if (!present) return { part, family, present, hooks: [], missingHooks: [], groups: [] }
  const chains = ours(all(socket, nftables.dumpChains(family), nftables.decodeChain))
  const base = chains.filter(({ hook }) => hook !== undefined).map(({ chain }) => chain)
  const addresses = readAddresses(socket, family)
  const groups = chains.flatMap(({ chain }) => groupOfChain(chain) ?? [])
  return {
    part,
    family,
    present,
    hooks: base,
    missingHooks: FENCE_HOOKS[family].filter((chain) => !base.includes(chain)),
    groups: groups.map((name) => readGroup(socket, family, name, addresses.get(fenceChain(name)) ?? [])),
  }
}

const elementsOf = (socket: Netlink, family: FenceLayer, set: string): readonly nftables.ListedElement[] =>
  all(socket, nftables.dumpElements({ family, table: FENCE_TABLE, set }), nftables.decodeElements).flatMap(
    ({ elements }) => elements,
  )

/** Addresses by the chain that they lead to. */
function readAddresses(socket: Netlink, family: FenceLayer): Map<string, string[]> {
  const found = new Map<string, string[]>()
  const ours = all(socket, nftables.dumpSets(family), nftables.decodeSet)
  const sets = new Set(ours.filter((one) => one.family === family && one.table === FENCE_TABLE).map(({ set }) => set))
  const maps = [FENCE_MAP, FENCE_MAP_V6].filter((set) => sets.has(set))
  for (const { key, verdict } of maps.flatMap((set) => elementsOf(socket, family, set))) {
    if (verdict?.chain === undefined || (key.length !== 4 && key.length !== 16)) continue
    found.set(verdict.chain, [...(found.get(verdict.chain) ?? []), formatInet(key)])
  }
  return found
}

function readGroup(socket: Netlink, family: FenceLayer, name: string, addresses: string[]): ObservedFenceGroup {
  // One for each family of addresses, put in together.
  const [element] = elementsOf(socket, family, fenceSet(name))
  const chain = { family, table: FENCE_TABLE, chain: fenceChain(name) }
  const rules = all(socket, nftables.dumpRules(chain), nftables.decodeRule)
  const counters = rules.flatMap(({ expressions }) => expressions.filter((one) => one.kind === 'counter'))
  return {
    name,
    addresses,
    element: element ? { leftMs: element.leftMs ?? 0, timeoutMs: element.timeoutMs ?? 0 } : null,
    droppedPackets: counters.reduce((sum, { packets }) => sum + packets, 0),
    droppedBytes: counters.reduce((sum, { bytes }) => sum + bytes, 0),
    whole: rules.length >= RULES_OF_GROUP,
  }
}
