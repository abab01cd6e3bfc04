/** The neighbour table: entries that somebody made by hand, and who has a MAC address. */
import { FAMILIES, namesOf } from '@lvsm/model'
import type { Netlink } from '@lvsm/kernel'
import { AF_OF, rtnetlink } from '@lvsm/netlink'
import type { FixedNeighbour, MacHolder, Observed } from '@lvsm/plan'
import { remembered } from './remembered.ts'

/** The table may be long, and is asked for while something is wrong. */
const EVERY_MS = 3000
/** Of an entry whose address failed, the MAC address is gone or old. */
const LEADS_NOWHERE = rtnetlink.NEIGHBOUR_STATE.incomplete | rtnetlink.NEIGHBOUR_STATE.failed

interface Asked {
  readonly neighbours?: boolean
  readonly macs?: readonly string[]
}
type Answered = Pick<Observed, 'neighbours' | 'macHolders'>

/** Permanent entries, and who has these MAC addresses: what is asked for. */
export function openNeighbours(route: Netlink, clock: () => number): (asked: Asked) => Answered {
  const read = (isMeant: (state: number) => boolean) => remembered(() => readTable(route, isMeant), clock, EVERY_MS)
  const fixed = read((state) => (state & rtnetlink.NEIGHBOUR_STATE.permanent) !== 0)
  const living = read((state) => (state & LEADS_NOWHERE) === 0)
  const holders = (macs: readonly string[]): MacHolder[] =>
    living.get().flatMap(({ mac, address }) => (mac !== null && macs.includes(mac) ? [{ mac, address }] : []))
  return ({ neighbours, macs }) => ({
    ...(neighbours === true ? { neighbours: fixed.get() } : {}),
    ...(macs ? { macHolders: holders(macs) } : {}),
  })
}

const readTable = (route: Netlink, isMeant: (state: number) => boolean): FixedNeighbour[] =>
  namesOf(FAMILIES).flatMap((family) =>
    route.dump(rtnetlink.dumpNeighbours(AF_OF[family])).flatMap((message) => {
      const decoded = rtnetlink.decodeNeighbour(message)
      if (!decoded.ok || !isMeant(decoded.value.state)) return []
      const { address, mac, index } = decoded.value
      return [{ address, mac, index }]
    }),
  )
