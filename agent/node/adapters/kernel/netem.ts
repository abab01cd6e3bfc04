/** Queueing disciplines that plant delay or loss. */
import type { Netlink } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'
import type { ObservedNetem } from '@lvsm/plan'
import { remembered } from './remembered.ts'

/** Of each queue of each interface there is one: not with every look. */
const EVERY_MS = 10_000

export const openNetem = (route: Netlink, clock: () => number): (() => readonly ObservedNetem[]) =>
  remembered(() => readNetem(route), clock, EVERY_MS).get

function readNetem(route: Netlink): ObservedNetem[] {
  try {
    return route.dump(rtnetlink.dumpQdiscs()).flatMap((message) => {
      const decoded = rtnetlink.decodeQdisc(message)
      if (!decoded.ok || decoded.value.netem === null) return []
      return [{ ...decoded.value.netem, index: decoded.value.index }]
    })
  } catch {
    // A kernel without packet schedulers (CONFIG_NET_SCHED) has none that harm.
    return []
  }
}
