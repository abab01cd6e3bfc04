/** The network interfaces that addresses stand on, as they were last read. */
import type { Netlink } from '@lvsm/kernel'
import { type Message, rtnetlink } from '@lvsm/netlink'

export class Interfaces {
  readonly #route: Netlink
  readonly #known = new Map<number, rtnetlink.Link>()

  constructor(route: Netlink) {
    this.#route = route
  }

  /** Asks the kernel. Undefined when it is gone; as it was last read when no answer came. */
  look(index: number): rtnetlink.Link | undefined {
    const [reply] = this.#route.request([rtnetlink.getLink(index)])
    if (reply && !reply.answered) return this.#known.get(index)
    const link = linkIn(reply?.data ?? [])
    if (link) this.#known.set(index, link)
    else this.#known.delete(index)
    return link
  }
  /** A bond's changes with its active port: see `forget`. Undefined when the interface is gone, or has none. */
  macOf(index: number): string | undefined {
    return (this.#known.get(index) ?? this.look(index))?.mac || undefined
  }
  forget(index: number): void {
    this.#known.delete(index)
  }
}

function linkIn([message]: readonly Message[]): rtnetlink.Link | undefined {
  const link = message && rtnetlink.decodeLink(message)
  return link?.ok ? link.value : undefined
}
