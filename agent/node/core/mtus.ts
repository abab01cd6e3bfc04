/**
 * One end of a network carries smaller packets than the other ones: heartbeats and checks are small and get through, and large requests do not.
 * No node sees that alone, so each tells the others what the interfaces of its heartbeat links carry, and the odd one says that it is the odd one.
 */
import { listed, type Trouble } from '@lvsm/base'
import { interfaceFor, type Observed, type ObservedLink } from '@lvsm/plan'
import { noteStanding, stoodFor } from './observe/standing.ts'
import { stateOf } from './peers.ts'
import type { NodeState } from './state.ts'

const KIND = 'mtu'
/** Who sets it on one node after the other is on his way; the others tell theirs every two seconds. */
const STANDS_MS = 8000
const NAMED = 4

interface Own {
  readonly link: string
  readonly dev: ObservedLink
  readonly mtu: number
}
/** Of heartbeat links whose address is there. */
function ownMtus({ view }: NodeState, { addresses, links }: Observed): Own[] {
  return (view?.node.links ?? []).flatMap(({ name, address }): Own[] => {
    const at = addresses.find((one) => one.address === address)?.index
    const dev = links.find(({ index, loopback }) => index === at && !loopback)
    return dev?.mtu === undefined ? [] : [{ link: name, dev, mtu: dev.mtu }]
  })
}
/** As this node tells it the others. */
export function mtusHere(state: NodeState): { mtus?: Record<string, number> } {
  const { observed } = state.kernel
  const all = observed ? ownMtus(state, observed) : []
  return all.length === 0 ? {} : { mtus: Object.fromEntries(all.map(({ link, mtu }) => [link, mtu])) }
}

interface Odd extends Own {
  /** What the others have, and who they are. */
  readonly usual: number
  readonly others: readonly string[]
  /** As many nodes have either: nobody knows which is meant. */
  readonly isEven: boolean
}
/** Where a router is between them each network has its own. */
function oddOnes(state: NodeState, observed: Observed): Odd[] {
  return ownMtus(state, observed).flatMap((own): Odd[] => {
    const peers = (state.config?.nodes ?? []).flatMap(({ name, links }) => {
      const address = links.find((one) => one.name === own.link)?.address
      const mtu = name === state.node ? undefined : stateOf(state, name)?.mtus?.[own.link]
      const isNear = address !== undefined && interfaceFor(observed, address)?.index === own.dev.index
      return mtu !== undefined && isNear ? [{ name, mtu }] : []
    })
    const having = (mtu: number): string[] => peers.flatMap((one) => (one.mtu === mtu ? [one.name] : []))
    const [usual] = [...new Set(peers.map(({ mtu }) => mtu))]
      .filter((mtu) => mtu !== own.mtu)
      .toSorted((one, other) => having(other).length - having(one).length || other - one)
    if (usual === undefined || !own.dev.up) return []
    const [same, others] = [having(own.mtu).length + 1, having(usual)]
    const isEven = same === others.length
    return same < others.length || (isEven && own.mtu < usual) ? [{ ...own, usual, others, isEven }] : []
  })
}
const keyOf = ({ link, mtu, usual }: Odd): string => `${link} ${mtu} ${usual}`

export const noteMtus = (state: NodeState, observed: Observed): void =>
  noteStanding(state, KIND, oddOnes(state, observed).map(keyOf))

export function mtuTroubles(state: NodeState): Trouble[] {
  const { observed } = state.kernel
  const odd = observed ? oddOnes(state, observed).filter((one) => stoodFor(state, KIND, keyOf(one), STANDS_MS)) : []
  return odd.map(({ link, dev: { name }, mtu, usual, others, isEven }) => {
    const who = listed(others, NAMED)
    const or = isEven ? `, or ${mtu} on ${who}, whichever is meant` : ''
    return {
      ...{ code: 'mtu-differs', severity: 'warning', object: `interface ${name}` },
      message: `interface ${name} of ${state.node} (heartbeat link ${link}) carries packets of ${mtu} bytes, and those of ${who} ${usual}`,
      evidence: `ip link show ${name}: mtu ${mtu}`,
      hint: `on ${state.node}: ip link set ${name} mtu ${usual}${or}; and where it is set at boot`,
    }
  })
}
