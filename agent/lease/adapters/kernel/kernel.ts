/** This node's kernel as the lease process uses it: fence, addresses, and who tampers with them. */
import { type LeaseGroup } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import { type Grace, NETLINK, oncePerTurn, openGrace, type Watch } from '@lvsm/kernel'
import { type Message, nftables, rtnetlink } from '@lvsm/netlink'
import type { Carried } from '../../core/events.ts'
import {
  type Addresses,
  type Built,
  type Fence,
  type FenceOrder,
  FINE,
  type Outcome,
  type PeerFilter,
} from '../../ports.ts'
import { FloatingAddresses } from './addresses.ts'
import { KernelFence } from './fence.ts'
import { openRivals, type Place } from './address-conflict.ts'
import { KernelPeerFilter } from './peer-filter.ts'
import { openOwnAddresses, type Told } from './own-addresses.ts'
import { LINUX, type Sockets } from './sockets.ts'

export interface KernelEvents {
  /** Addresses of the group are gone from their interfaces, and it was not `Addresses.remove` that took them off; `where`: which, and on which. */
  addressLost(group: string, where: readonly string[]): void
  /** Somebody else announces an address of the group, or answers for it; `where`: which one, and on which interface. */
  conflict(group: string, mac: string, where: string): void
  /** Somebody else changed our tables, and they are not whole any more; `damage` says what is wrong with them. */
  fenceLost(damage: string): void
  /** The same of the rules in front of the heartbeat ports; they were put back, or not. */
  filterLost(damage: string, restored: Outcome): void
  /** Another machine has an address of this node's own, too; null: not any more. */
  readonly duplicate?: Told
}

export interface Kernel {
  readonly fence: Fence
  readonly addresses: Addresses
  readonly filter: PeerFilter
  readonly afterGrace: Grace
  /** From now on, for these groups; `own`: addresses that this node alone has. */
  watch(groups: readonly LeaseGroup[], events: KernelEvents, own?: readonly string[]): void
  close(): void
}

/** In case that a notice of the kernel got lost, or hid behind another. */
const LOOK_ANYWAY_MS = 5000
/** Whoever answers silently for an address of ours is found by asking who has it. */
const PROBE_MS = 5000

/** No call about the heartbeat ports may hold the loop up for longer. */
const LONGEST_FILTER_CALL_MS = 200
const ADDRESSES = [rtnetlink.GROUP.addressV4, rtnetlink.GROUP.addressV6]
/** After a fence that could not be put back, or not be looked at. */
const RETRY_MS = 100

export function openKernel(clock: () => Instant, sockets: Sockets = LINUX): Kernel {
  const addresses = new FloatingAddresses(clock, sockets)
  const fence = new KernelFence(clock, (index) => addresses.nameOf(index), sockets)
  const filter = openFilter(sockets)
  let watched: { groups: readonly LeaseGroup[]; events: KernelEvents } | undefined
  const rivals = openRivals(
    (index) => addresses.macOf(index),
    (group, mac, place) => watched?.events.conflict(group, mac, placeText(place, addresses)),
    sockets,
  )
  const duplicates = openOwnAddresses((...found) => watched?.events.duplicate?.(...found), sockets)
  const watches: Watch[] = []
  const timers: NodeJS.Timeout[] = []
  let retry: NodeJS.Timeout | undefined

  /** After any change of structure, by whomever. */
  const checkFence = oncePerTurn(() => {
    if (!watched) return
    const isWhole = checkedFence(fence, watched.events)
    checkFilter(filter, watched.events)
    if (isWhole) return
    clearTimeout(retry)
    retry = setTimeout(checkFence, RETRY_MS)
  })
  /** After a removal of what should stand: a notice may be of yesterday, and asking costs a wait for the kernel's lock. */
  const checkAddresses = oncePerTurn(() => {
    if (watched) tellLost(addresses, watched.groups, watched.events)
  })
  const start = (): void => {
    const heard = (message: Message): void => {
      if (message.type === rtnetlink.RTM.deleteAddress && addresses.concerns(message)) checkAddresses()
    }
    const structure = { heard: checkFence, lost: checkFence }
    watches.push(
      sockets.watchNetlink(NETLINK.route, ADDRESSES, { heard, lost: checkAddresses }),
      sockets.watchNetlink(NETLINK.netfilter, [nftables.GROUP], structure, nftables.STRUCTURE_ONLY),
    )
    timers.push(setInterval(checkFence, LOOK_ANYWAY_MS))
    timers.push(setInterval(() => addresses.probe(watched?.groups ?? []), PROBE_MS))
  }
  return {
    fence: new FenceAfterSweep(fence, addresses),
    addresses,
    filter,
    afterGrace: openGrace(sockets.barrier),
    watch(groups, events, own = []) {
      watched = { groups, events }
      duplicates.watch(own)
      addresses.prepare(groups)
      rivals.watch(groups)
      if (watches.length === 0) start()
    },
    close() {
      watched = undefined
      for (const timer of timers) clearInterval(timer)
      clearTimeout(retry)
      for (const one of [...watches, rivals, duplicates, fence, filter, addresses]) one.close()
    },
  }
}

function tellLost(addresses: FloatingAddresses, groups: readonly LeaseGroup[], events: KernelEvents): void {
  for (const [{ name }, gone] of addresses.gone(groups)) {
    const where = gone.map(({ address, ifindex }) => placeText({ address, index: ifindex }, addresses))
    events.addressLost(name, where)
  }
}

const placeText = ({ address, index }: Place, addresses: FloatingAddresses): string =>
  `${address} on ${addresses.nameOf(index) ?? `interface ${index}`}`

/** False where it is not whole, or nobody knows. */
function checkedFence(fence: KernelFence, events: KernelEvents): boolean {
  const damage = fence.damage()
  if (damage) events.fenceLost(damage)
  return damage === '' || (damage !== null && fence.damage() === '')
}

/** A socket of its own: no answer of the fence waits behind it. */
const openFilter = (sockets: Sockets): KernelPeerFilter =>
  new KernelPeerFilter(sockets.openNetlink(NETLINK.netfilter, { timeoutMs: LONGEST_FILTER_CALL_MS }))

/** What cannot be put back now is tried again with the next look. */
function checkFilter(filter: KernelPeerFilter, events: KernelEvents): void {
  const damage = filter.damage()
  if (damage) events.filterLost(damage, filter.restore())
}

/** Its first tables come when nothing of a predecessor's is on any more: his may have guarded what they do not know. */
class FenceAfterSweep implements Fence {
  readonly #fence: Fence
  readonly #addresses: FloatingAddresses
  #swept = false

  constructor(fence: Fence, addresses: FloatingAddresses) {
    this.#fence = fence
    this.#addresses = addresses
  }

  build(groups: readonly LeaseGroup[], carried: readonly Carried[]): Built {
    const off = this.#swept ? FINE : this.#addresses.sweep()
    this.#swept ||= off.result === 'done'
    const built = this.#swept ? this.#fence.build(groups, carried) : { ...off, carried: [] }
    // Perhaps there are no tables at all any more: then nothing may be on.
    if (built.result !== 'done') this.#addresses.sweep()
    return built
  }
  apply(order: FenceOrder) {
    return this.#fence.apply(order)
  }
  clear() {
    return this.#fence.clear()
  }
}
