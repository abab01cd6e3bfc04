/** Others' packet filters at the hook that answers of realservers by NAT pass (rows 36 and 37 of TRAPS.md). */
import { type Family, familyOf, type Trouble } from '@lvsm/base'
import type { NodeView } from '@lvsm/model'
import type { DroppingChain, Observed } from './observed.ts'

/** Of a realserver by NAT, answers are forwarded; by full NAT they come to the director itself, and by the others past it. */
const byNat = ({ services }: Pick<NodeView, 'services'>): string[] =>
  services.flatMap(({ realservers }) =>
    realservers.flatMap(({ forward, address }) => (forward === 'nat' ? [address] : [])),
  )
export const forwardsAnswers = ({ services }: Pick<NodeView, 'services'>): boolean =>
  services.some(({ realservers }) => realservers.some(({ forward }) => forward === 'nat'))

/** A chain that drops what no rule of it names, and has none, lets nothing pass, whatever other chains accept. */
export function droppingTroubles(view: NodeView, { dropping }: Pick<Observed, 'dropping'>): Trouble[] {
  if (dropping === undefined || dropping.length === 0) return []
  const families = new Set<Family>(byNat(view).map(familyOf))
  return dropping
    .filter((chain) => chain.families.some((family) => families.has(family)))
    .map((chain) => ({
      ...{ code: 'forward-dropped', severity: 'critical', object: `chain ${textOf(chain)}` },
      message: `chain ${textOf(chain)} drops all that ${view.node.name} forwards: answers of realservers by NAT among it`,
      evidence: 'hook forward, policy drop, and no rule in it',
      hint: `nft list chain ${textOf(chain)} shows it: accept in it what goes to and comes from realservers, or nft add chain ${textOf(chain)} '{ policy accept; }'`,
    }))
}
const textOf = ({ family, table, chain }: DroppingChain): string => `${family} ${table} ${chain}`
