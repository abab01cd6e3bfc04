/** Heartbeat keys that are being changed: the nodes' own, and those that the configuration names. Nothing while none is. */
import { awaitedRing, changingKeys, type State } from '@lvsm/changes'
import type { KeyChange, NodeProgress } from '@lvsm/protocol'

type Progress = ReadonlyMap<string, NodeProgress>

export const keyChanges = (state: State, progress: Progress): KeyChange[] => [
  ...ownKeys(state, progress),
  ...sharedKeys(state, progress),
]

/** What waits is what `coordinator/keying` waits for. */
function ownKeys({ enrolled }: State, progress: Progress): KeyChange[] {
  const ring = awaitedRing(enrolled)
  if (ring === null) return []
  const changing = changingKeys(enrolled)
  const old = changing.filter((one) => one.old).map(({ name }) => name)
  const signs =
    old.length > 0
      ? `${old.join(', ')} ${old.length === 1 ? 'signs' : 'sign'} with the old one until every node has the new one`
      : 'the new one signs, and the old one counts until every node knows that'
  const waiting = enrolled.nodes
    .filter(({ name, heartbeat }) => heartbeat && (progress.get(name)?.ring ?? 0) < ring)
    .map(({ name }) => name)
  return [{ text: `a new heartbeat key of ${changing.map(({ name }) => name).join(', ')}: ${signs}`, waiting }]
}

/** A node with a key of its own, which every other one knows, signs with that. */
function sharedKeys({ config, enrolled }: State, progress: Progress): KeyChange[] {
  const { keys, signWith, revision, nodes } = config
  if (keys.length < 2) return []
  const own = new Set(enrolled.nodes.flatMap(({ name, heartbeat }) => (heartbeat && !heartbeat.shared ? [name] : [])))
  const sharing = nodes.map(({ name }) => name).filter((name) => !own.has(name))
  const waiting = sharing.filter((name) => (progress.get(name)?.revision ?? 0) < revision)
  const who = sharing.length === 0 ? '; every node has a key of its own, and machines that join use it' : ''
  const others = keys.map(({ id }) => id).filter((id) => id !== signWith)
  return [
    {
      text: `heartbeat keys ${keys.map(({ id }) => id).join(', ')} of the configuration count, and ${signWith} signs${who}`,
      waiting,
      ...(waiting.length > 0 ? {} : { hint: nextOf(signWith, others) }),
    },
  ]
}

/** Numbers grow as a rule: the greatest is the new one. */
function nextOf(signWith: number, others: readonly number[]): string {
  const newest = Math.max(...others)
  const remove = `where ${signWith} is the new one: ${others.map((id) => `lvsm key remove ${id}`).join('; ')}`
  if (newest < signWith) return remove
  return `where ${newest} is the new one: lvsm coordinators secrets on each node of a coordinator, then lvsm cluster set sign-with=${newest}; ${remove}`
}
