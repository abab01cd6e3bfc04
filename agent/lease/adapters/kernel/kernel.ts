/** This node's kernel as the lease process uses it: fence, addresses, and who tampers with them. */
import type { Instant } from '@lvsm/base'
import { NETLINK, oncePerTurn, type Watch, watchNetlink } from '@lvsm/kernel'
import type { LeaseGroup } from '@lvsm/lease'
import { nftables, rtnetlink } from '@lvsm/netlink'
import { type Addresses, type Fence, FINE } from '../../ports.ts'
import { openAddresses } from './addresses.ts'
import { openFence } from './fence.ts'
import { openRivals } from './rivals.ts'

export interface KernelEvents {
  /** An address of the group is gone from its interface, and it was not `Addresses.remove` that took it off. */
  addressLost(group: string): void
  /** Somebody else announces an address of the group. */
  conflict(group: string, mac: string): void
  /** Somebody else changed our tables, and they are not whole any more. */
  fenceLost(): void
}

export interface Kernel {
  readonly fence: Fence
  readonly addresses: Addresses
  /** From now on, for these groups. */
  watch(groups: readonly LeaseGroup[], events: KernelEvents): void
  close(): void
}

/** In case that a notice of the kernel got lost, or hid behind another. */
const LOOK_ANYWAY_MS = 5000

/** After a fence that could not be put back. */
const RETRY_MS = 100

export function openKernel(clock: () => Instant): Kernel {
  const addresses = openAddresses(clock)
  const fence = openFence(clock, addresses.nameOf)
  let watched: { groups: readonly LeaseGroup[]; events: KernelEvents } | undefined
  const rivals = openRivals(addresses.macOf, (group, mac) => watched?.events.conflict(group, mac))
  const watches: Watch[] = []
  let timer: NodeJS.Timeout | undefined

  /** After any change of structure, by whomever. */
  const checkFence = oncePerTurn(() => {
    if (!watched || fence.intact()) return
    watched.events.fenceLost()
    if (!fence.intact()) setTimeout(checkFence, RETRY_MS)
  })
  /** After a removal of what should stand: a notice may be of yesterday, and asking costs a wait for the kernel's lock. */
  const checkAddresses = oncePerTurn(() => {
    for (const { name } of addresses.missing(watched?.groups ?? [])) watched?.events.addressLost(name)
  })
  const start = (): void => {
    watches.push(
      watchNetlink(NETLINK.route, [rtnetlink.GROUP.addressV4], {
        heard(message) {
          if (message.type === rtnetlink.RTM.deleteAddress && addresses.concerns(message)) checkAddresses()
        },
        lost: checkAddresses,
      }),
      watchNetlink(
        NETLINK.netfilter,
        [nftables.GROUP],
        { heard: checkFence, lost: checkFence },
        nftables.STRUCTURE_ONLY,
      ),
    )
    timer = setInterval(checkFence, LOOK_ANYWAY_MS)
  }
  let swept = false
  return {
    fence: {
      ...fence,
      build(groups, carried) {
        // Before the first tables take the place of a predecessor's: these may have guarded what the new ones do not know.
        const off = swept ? FINE : addresses.sweep()
        swept ||= off.result === 'done'
        const built = swept ? fence.build(groups, carried) : { ...off, carried: [] }
        // Perhaps there are no tables at all any more: then nothing may be on.
        if (built.result !== 'done') addresses.sweep()
        return built
      },
    },
    addresses,
    watch(groups, events) {
      watched = { groups, events }
      addresses.prepare(groups)
      rivals.watch(groups)
      if (watches.length === 0) start()
    },
    close() {
      clearInterval(timer)
      for (const one of watches) one.close()
      rivals.close()
      fence.close()
      addresses.close()
    },
  }
}
