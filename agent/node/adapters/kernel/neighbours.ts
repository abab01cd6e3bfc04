/** Entries of the neighbour table that somebody made by hand. */
import { FAMILIES, namesOf } from '@lvsm/model'
import type { Netlink } from '@lvsm/kernel'
import { AF_OF, rtnetlink } from '@lvsm/netlink'
import type { FixedNeighbour } from '@lvsm/plan'
import { remembered } from './remembered.ts'

/** The table may be long, and is asked for while something is wrong. */
const EVERY_MS = 3000

export const openNeighbours = (route: Netlink, clock: () => number): (() => readonly FixedNeighbour[]) =>
  remembered(() => readFixed(route), clock, EVERY_MS).get

const readFixed = (route: Netlink): FixedNeighbour[] =>
  namesOf(FAMILIES).flatMap((family) =>
    route.dump(rtnetlink.dumpNeighbours(AF_OF[family])).flatMap((message) => {
      const decoded = rtnetlink.decodeNeighbour(message)
      if (!decoded.ok || (decoded.value.state & rtnetlink.NEIGHBOUR_STATE.permanent) === 0) return []
      const { address, mac, index } = decoded.value
      return [{ address, mac, index }]
    }),
  )
