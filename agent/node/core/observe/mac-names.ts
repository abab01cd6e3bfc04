/**
 * MAC addresses that troubles of the lease process name: whose they are, as this node's own neighbour table and the configuration say. Who
 * answers for an address of others mostly is a machine of the cluster, or one that is known here.
 */
import { listed, type Trouble } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import type { MacHolder } from '@lvsm/plan'
import { leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'

const NAMING: ReadonlySet<string> = new Set(['address-conflict', 'duplicate-address'])
/** At the begin of such a sentence: who answers. */
const WHO = /^(\S+(?: and \S+)*) answers? for /
const MOST_NAMED = 2

const macsIn = ({ code, message }: Trouble): readonly string[] =>
  NAMING.has(code) ? (WHO.exec(message)?.[1]?.split(' and ') ?? []) : []

/** Who has them is asked with each look while somebody names them. */
export const macsWanted = (state: NodeState): readonly string[] => [
  ...new Set((leaseStatus(state)?.troubles ?? []).flatMap(macsIn)),
]

/** Of one machine. */
interface Owner {
  readonly text: string
  /** Where to look: a node of the cluster, or a machine by an address that it has. */
  readonly place: string
}

/** With the name of who answers beside its MAC address, and where to look first. */
export function namingOwners({ config, kernel }: NodeState, trouble: Trouble): Trouble {
  const holders = kernel.observed?.macHolders ?? []
  const macs = macsIn(trouble)
  if (!config || holders.length === 0 || macs.length === 0) return trouble
  const owners = new Map(
    macs.flatMap((mac) => {
      const those = holders.filter((one) => one.mac === mac && !isDisputed(config, trouble, one))
      return those.length === 0 ? [] : [[mac, { ...ownerOf(config, those), those }] as const]
    }),
  )
  if (owners.size === 0) return trouble
  const message = trouble.message.replace(WHO, (said) =>
    said.replaceAll(/[^\s]+/g, (word) => (owners.has(word) ? `${word} (${owners.get(word)?.text})` : word)),
  )
  const seen = [...owners].flatMap(([mac, { those }]) =>
    those.slice(0, MOST_NAMED).map(({ address }) => `ip neigh: ${address} lladdr ${mac}`),
  )
  const places = [...new Set([...owners.values()].map(({ place }) => place))]
  return {
    ...trouble,
    message,
    evidence: [trouble.evidence, ...seen].filter(Boolean).join('; '),
    hint: `look first on ${places.join(', ')} (ip addr show), and take the address off there; else ${trouble.hint}`,
  }
}

/** A floating address, or the one that is disputed, may have any MAC address. */
const isDisputed = ({ groups }: Config, { object }: Trouble, { address }: MacHolder): boolean =>
  object === `address ${address}` || groups.some(({ addresses }) => addresses.some((one) => one.address === address))

function ownerOf({ nodes, services, groups }: Config, those: readonly MacHolder[]): Owner {
  const has = new Set(those.map(({ address }) => address))
  for (const { name, links } of nodes) {
    const link = links.find(({ address }) => has.has(address))
    if (link) return { text: `${name}'s ${link.name}`, place: name }
  }
  const server = services.flatMap(({ realservers }) => realservers).find(({ address }) => has.has(address))
  if (server) {
    const isNode = nodes.some(({ name }) => name === server.node)
    return isNode
      ? { text: server.node, place: server.node }
      : { text: `realserver ${server.node}`, place: `the machine at ${server.address}` }
  }
  const ping = groups.flatMap((group) => group.ping).find((address) => has.has(address))
  const text = ping === undefined ? `which has ${listed([...has], MOST_NAMED)} too` : `ping node ${ping}`
  return { text, place: `the machine at ${ping ?? those[0]?.address}` }
}
