/** The law of full NAT: realservers answer to the source that they see, so it is an address that this node keeps, whoever owns what. */
import type { NatRules } from './nat-rules.ts'
import type { Observed } from './observed.ts'

/** A copy of the mark, on purpose. */
const MARK = ':lvsm'

export const judgeSources = (
  needs: NatRules | null,
  held: ReadonlySet<string>,
  { addresses }: Pick<Observed, 'addresses'>,
): string[] =>
  (needs?.sources ?? [])
    .filter(({ source }) => {
      const stays = addresses.some(({ address, label }) => address === source && !label.endsWith(MARK))
      return !stays || held.has(source)
    })
    .map(({ source, address }) => `${address} would be asked from ${source}, which does not stay this node's own`)
