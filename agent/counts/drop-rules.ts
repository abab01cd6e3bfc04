/** Rules of others' packet filters that drop or refuse: of thousands it takes a while, and whole sets are read. */
import type { DropRule } from '@lvsm/base'
import { type Netlink, NETLINK, openNetlink, readStandingDropRules } from '@lvsm/kernel'

/** Whoever has more keeps out strangers, one by one. */
const MOST_TOLD = 5000

export class StandingDropRules {
  #socket: Netlink | null = null

  /** Those that may be told of: the others ask for more than they name, or are not reached. Throws what the kernel says. */
  read(): readonly DropRule[] {
    this.#socket ??= openNetlink(NETLINK.netfilter)
    return certain(readStandingDropRules(this.#socket))
  }
}
export const certain = (rules: readonly DropRule[]): readonly DropRule[] =>
  rules
    .filter(
      ({ more, behind, accepts, lets, hook }) =>
        !more && (behind !== true || (accepts ?? lets) !== undefined) && hook !== null,
    )
    .slice(0, MOST_TOLD)
