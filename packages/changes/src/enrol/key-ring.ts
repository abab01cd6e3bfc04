/**
 * The nodes' heartbeat keys, and how they change without a beat that somebody cannot read. All of them together are the ring, which
 * has a number that grows with each change.
 *
 * A new key of a node is accepted by whoever has the ring that it came with. It signs when every node has that ring; and what signed
 * before counts no more when every node has the ring by which it signs no more. The first key of a node follows the key that all
 * nodes share in the same way. Who comes in with a key begins with it, and never counts with the shared one where the others have
 * keys too.
 *
 * Laws: whatever a node signs with by any ring from the oldest that is used on, each other node accepts by its own. An id is given
 * again only when no ring has it.
 */
import type { Refusal } from '@lvsm/base'
import { type Enrolled, type Enrolment, type HeartbeatKeys, type KeyRing, MOST_HALVES } from '@lvsm/protocol'

export type Keyed =
  /** The same where nothing is new. */
  { readonly refusal?: never; readonly enrolled: Enrolled } | { readonly refusal: Refusal; readonly enrolled?: never }

const ringNumber = ({ ring = 0 }: Enrolled): number => ring

/** Those of the nodes that have said keys. */
export const ringOf = (enrolled: Enrolled): KeyRing => ({
  number: ringNumber(enrolled),
  nodes: enrolled.nodes.flatMap(({ name, heartbeat }) =>
    heartbeat
      ? [
          {
            name,
            keys: heartbeat.keys.map(({ id, public: half }) => ({ id, public: half })),
            signWith: heartbeat.signWith,
            shared: heartbeat.shared,
          },
        ]
      : [],
  ),
})

/** A node has a new key. `lost`: what was signed with its others can be read there no more, so that they end at once. */
export function addHalf(enrolled: Enrolled, name: string, half: string, lost: boolean): Keyed {
  const node = enrolled.nodes.find((one) => one.name === name)
  if (!node) return { refusal: strange(name) }
  const next = ringNumber(enrolled) + 1
  const { heartbeat } = node
  const known = heartbeat?.keys.some((key) => key.public === half) === true
  if (known && (!lost || heartbeat?.keys.length === 1)) return { enrolled }
  if (!heartbeat) return changed(enrolled, name, onlyHalf(half, next, 1, true))
  if (lost) return changed(enrolled, name, onlyHalf(half, next, freeId(heartbeat), heartbeat.shared))
  // One that nobody signs with yet gives way.
  const kept = heartbeat.keys.filter(({ id }, at) => at < heartbeat.keys.length - 1 || id === heartbeat.signWith)
  if (kept.length === MOST_HALVES) return { refusal: underWay(name) }
  const key = { id: freeId(heartbeat), public: half, since: next }
  return changed(enrolled, name, { ...heartbeat, keys: [...kept, key] })
}

/** Every node that has keys uses this ring, or a newer one. */
export function stepRing(enrolled: Enrolled, ring: number): Enrolled {
  const next = ringNumber(enrolled) + 1
  const nodes = enrolled.nodes.map((node) => {
    const heartbeat = node.heartbeat && stepped(node.heartbeat, ring, next)
    return heartbeat === undefined || heartbeat === node.heartbeat ? node : { ...node, heartbeat }
  })
  return nodes.every((node, at) => node === enrolled.nodes[at]) ? enrolled : { ...enrolled, nodes, ring: next }
}

/** The ring that a step waits for; null: none does. */
export function awaitedRing({ nodes }: Enrolled): number | null {
  const awaited = nodes.flatMap(({ heartbeat }) => {
    const newest = heartbeat?.keys.at(-1)
    if (!heartbeat || !newest) return []
    if (newest.id !== heartbeat.signWith) return [newest.since]
    return isSettled(heartbeat) ? [] : [heartbeat.since]
  })
  return awaited.length > 0 ? Math.max(...awaited) : null
}

/** Nodes whose key is being changed, and which of them sign with the old one yet. */
export function changingKeys({ nodes }: Enrolled): readonly { readonly name: string; readonly old: boolean }[] {
  return nodes.flatMap(({ name, heartbeat }) =>
    heartbeat && !isSettled(heartbeat) ? [{ name, old: heartbeat.keys.at(-1)?.id !== heartbeat.signWith }] : [],
  )
}

const isSettled = ({ keys, shared }: HeartbeatKeys): boolean => keys.length === 1 && !shared

function stepped(heartbeat: HeartbeatKeys, ring: number, next: number): HeartbeatKeys {
  const { keys, signWith, since } = heartbeat
  const newest = keys.at(-1)
  if (!newest) return heartbeat
  if (newest.id !== signWith)
    return newest.since <= ring ? { ...heartbeat, signWith: newest.id, since: next } : heartbeat
  return isSettled(heartbeat) || since > ring ? heartbeat : { ...heartbeat, keys: [newest], shared: false }
}

/** Who comes in with a key, perhaps as one who was in before: that one's keys end. */
export function enterRing(
  enrolled: Enrolled,
  before: Enrolment | undefined,
  entered: Enrolment,
  half: string,
): Enrolled {
  const next = ringNumber(enrolled) + 1
  const heartbeat = onlyHalf(half, next, before?.heartbeat ? freeId(before.heartbeat) : 1, false)
  const nodes = enrolled.nodes.map((node) => (node === entered ? { ...entered, heartbeat } : node))
  return { ...enrolled, nodes, ring: next }
}

/** Of the node where the cluster begins. */
export const firstHalf = (half: string): HeartbeatKeys => onlyHalf(half, 1, 1, false)

/** Some of the nodes have left, or lost their keys. */
export const leaveRing = (before: Enrolled, after: Enrolled): Enrolled =>
  before.nodes.some((node) => node.heartbeat && !after.nodes.includes(node))
    ? { ...after, ring: ringNumber(before) + 1 }
    : after

const onlyHalf = (half: string, ring: number, id: number, shared: boolean): HeartbeatKeys => ({
  keys: [{ id, public: half, since: ring }],
  signWith: shared ? 0 : id,
  since: ring,
  shared,
})

/** The lowest that none of its keys has. */
function freeId({ keys }: HeartbeatKeys): number {
  let id = 1
  while (keys.some((key) => key.id === id)) id += 1
  return id
}

const changed = (enrolled: Enrolled, name: string, heartbeat: HeartbeatKeys): Keyed => ({
  enrolled: {
    ...enrolled,
    nodes: enrolled.nodes.map((node) => (node.name === name ? { ...node, heartbeat } : node)),
    ring: ringNumber(enrolled) + 1,
  },
})

const strange = (name: string): Refusal => ({
  code: 'unknown-node',
  message: `${name} is no node of this cluster`,
  hint: 'let it join the cluster: lvsm token create',
})
const underWay = (name: string): Refusal => ({
  code: 'key-change-under-way',
  message: `not every node has the last keys of ${name} yet`,
  hint: 'wait until they have, or remove the nodes that will not come back: lvsm status',
})
