/**
 * The rules in front of the heartbeat ports as nf_tables objects (FENCE.md, section 6): one base chain at the input hook,
 * where a packet is whole again, and for each link a chain that drops and counts what is not from a peer, what is not from a
 * peer's heartbeat port beyond a trickle, and what is beyond a peer's share: a small one where it neither votes nor directs. All
 * else goes on to whatever rules others have.
 */
import { inetBytes, nftables } from '@lvsm/netlink'
import { familyOf, MARKS } from '@lvsm/base'
import type { HeartbeatPort } from '../../ports.ts'

const { match } = nftables
const UDP = 17
/** Before other rules: they need not look at what is dropped here. */
const FIRST = -300
/** For people who try things out on a peer; an ordinary process there must not use up what its heartbeats need. */
const OTHER_PORTS = match.beyond(50, 50)

/**
 * Of a peer that neither votes nor directs: it has heartbeats to send, and a hundred words of its agent a second at most. In the
 * wrong hands it would else send what only leases need.
 */
const BYSTANDER = match.beyond(250, 250)

export const TABLE: nftables.TableName = { family: 'inet', table: MARKS.peersTable }
type Kind = 'peers' | 'ports' | 'rate' | 'pillars' | 'bystanders'
const setOf = (kind: Kind, { name }: HeartbeatPort): nftables.SetName => ({
  ...TABLE,
  set: `${kind}-${name}`,
})
const chainOf = ({ name }: HeartbeatPort): nftables.ChainName => ({ ...TABLE, chain: `link-${name}` })
const INPUT: nftables.ChainName = { ...TABLE, chain: 'input' }

function elements(name: nftables.SetName, keys: readonly Uint8Array[]): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let at = 0; at < keys.length; at += nftables.ELEMENTS_PER_MESSAGE)
    messages.push(
      nftables.newElements(
        name,
        keys.slice(at, at + nftables.ELEMENTS_PER_MESSAGE).map((key) => ({ key })),
      ),
    )
  return messages
}

/** A link has one family of addresses. */
const WORDS = {
  ipv4: { only: match.ipv4Only, source: match.load.ipv4Source },
  ipv6: { only: match.ipv6Only, source: match.load.ipv6Source },
} as const
const wordsOf = ({ address }: HeartbeatPort): (typeof WORDS)[keyof typeof WORDS] => WORDS[familyOf(address)]

function setMessages(port: HeartbeatPort): Uint8Array[] {
  const key = familyOf(port.address)
  const [peers, ports, pillars] = [setOf('peers', port), setOf('ports', port), setOf('pillars', port)]
  return [
    nftables.newSet({ ...peers, key }),
    nftables.newSet({ ...ports, key: 'service' }),
    nftables.newSet({ ...pillars, key }),
    nftables.newSet({ ...setOf('rate', port), key, dynamic: true }),
    nftables.newSet({ ...setOf('bystanders', port), key, dynamic: true }),
    ...elements(peers, port.peers.map(inetBytes)),
    ...elements(ports, port.ports.map(nftables.portKey)),
    ...elements(pillars, port.pillars.map(inetBytes)),
  ]
}

const jumpTo = (port: HeartbeatPort): Uint8Array =>
  nftables.newRule({
    ...INPUT,
    expressions: [
      ...wordsOf(port).only,
      ...match.destinationIs(port.address),
      ...match.transportIs(UDP),
      ...match.portIs(port.port),
      match.decide(nftables.jump(chainOf(port).chain)),
    ],
  })

/** What each is about is clear from the jump; said again, so that `nft` shows fields by their names. */
function linkRules(port: HeartbeatPort, perSecond: number): Uint8Array[] {
  const dropped = (comment: string, ...when: readonly (readonly nftables.Expression[])[]): Uint8Array =>
    nftables.newRule({
      ...chainOf(port),
      expressions: [...when.flat(), match.counter, match.decide(nftables.drop)],
      comment: `${port.name}: ${comment}`,
    })
  const { only, source } = wordsOf(port)
  // A burst of a second: what waited while a link was down comes at once.
  const share = match.beyond(perSecond, perSecond)
  return [
    dropped('not from a peer', only, match.notInSet(source, setOf('peers', port).set)),
    dropped(
      'not from its heartbeat port',
      match.transportIs(UDP),
      match.notInSet(match.load.sourcePort, setOf('ports', port).set),
      [OTHER_PORTS],
    ),
    dropped('more than one peer sends', only, match.beyondEach(source, setOf('rate', port).set, share)),
    dropped(
      'more than one sends that neither votes nor directs',
      only,
      match.notInSet(source, setOf('pillars', port).set),
      match.beyondEach(source, setOf('bystanders', port).set, BYSTANDER),
    ),
  ]
}

/** A table in place of whatever had its name; chain by chain, as the kernel lists it. */
export const filterMessages = (ports: readonly HeartbeatPort[], perSecond: number): Uint8Array[] => [
  nftables.newTable(TABLE),
  nftables.deleteTable(TABLE),
  nftables.newTable(TABLE),
  ...ports.flatMap(setMessages),
  nftables.newChain({
    ...INPUT,
    hook: { number: nftables.HOOK.inet.input, priority: FIRST },
    type: 'filter',
    policy: 'accept',
  }),
  ...ports.map((port) => nftables.newChain(chainOf(port))),
  ...ports.map(jumpTo),
  ...ports.flatMap((port) => linkRules(port, perSecond)),
]

export const clearMessages = (): Uint8Array[] => [nftables.newTable(TABLE), nftables.deleteTable(TABLE)]
