/** Ping nodes: they must tell directors with a way to the clients from those without, so no director may have one for itself. */
import { inNetwork, refuseHostAddress, refuseInNetwork } from '../address.ts'
import { MOST_PING_NODES } from '../config.ts'
import type { Path } from '../document.ts'
import type { Draft } from '../schema.ts'
import { type Floating, floating } from './addresses.ts'
import { entries, type Refuse, refuseTwice, type Rule } from './rule.ts'

interface PingNode {
  readonly address: string
  readonly path: Path
}

const HINT = 'name a host on the way to the clients that answers pings, e.g. the routers'

export const pingNodes: Rule = (draft, refuse) => {
  const moving = floating(draft)
  /** Why it may be none; null: nothing is wrong with its place. Groups name the same hosts. */
  const known = new Map<string, string | null>()
  for (const { at, item: group } of entries(draft.groups)) {
    const seen = new Map<string, string>()
    for (const { at: index, item: address } of entries(group.ping)) {
      const node: PingNode = { address, path: ['groups', at, 'ping', index] }
      refuseTwice(seen, address, 'a ping node of this group', node.path, refuse, 'duplicate-address', 'name each once')
      const bad = known.has(address) ? (known.get(address) ?? null) : whyNoPlace(address, moving)
      known.set(address, bad)
      if (known.size > MOST_PING_NODES.cluster) return refuseMore(node, refuse)
      if (bad !== null) refuse('bad-address', node.path, `ping node ${address} ${bad}`, HINT)
      refuseMoving(draft, node, moving, refuse)
      refuseDirector(draft, node, group.directors ?? [], refuse)
    }
  }
}

const whyNoPlace = (address: string, moving: readonly Floating[]): string | null =>
  refuseHostAddress(address) ??
  moving
    .filter((entry) => inNetwork(address, entry))
    .map(({ prefix }) => refuseInNetwork({ address, prefix }))
    .find((why) => why !== null) ??
  null

function refuseMoving(draft: Draft, { address, path }: PingNode, moving: readonly Floating[], refuse: Refuse): void {
  const entry = moving.find((one) => one.address === address)
  if (!entry) return
  const group = draft.groups?.[entry.group]?.name ?? entry.group
  const what = entry.kind === 'vip' ? 'a VIP' : 'a gateway'
  refuse('ping-node-moves', path, `${address} is ${what} of group "${group}": its owner would ping itself`, HINT)
}

function refuseDirector(
  draft: Draft,
  { address, path }: PingNode,
  directors: readonly (string | undefined)[],
  refuse: Refuse,
): void {
  const owner = entries(draft.nodes).find(({ item }) => item.links?.some((link) => link?.address === address))
  const name = owner?.item.name
  if (name === undefined || !directors.includes(name)) return
  const message = `${address} is an address of director "${name}" of this group, which always reaches it`
  refuse('ping-node-is-director', path, message, HINT)
}

function refuseMore({ address, path }: PingNode, refuse: Refuse): void {
  refuse(
    'too-many-ping-nodes',
    path,
    `${address} is one more than ${MOST_PING_NODES.cluster} different ping nodes`,
    'let groups name the same hosts: two or three routers tell as much',
  )
}
