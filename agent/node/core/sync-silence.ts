/**
 * Does a standby hear what this owner's kernel tells of connections? A standby that hears nothing keeps what it knew until that times out, a quarter of an
 * hour later, so that its counts may be right meanwhile and its connections are others. But whenever connections come to be established
 * here, messages leave within three seconds (packages/plan, sync), and each director tells how many came there.
 */
import { between, type Trouble } from '@lvsm/base'
import { ownership } from './lease.ts'
import { stateOf } from './peers.ts'
import type { NodeState } from './state.ts'
import { establishedByDestination, FEW, isUnaware, syncEvidence, UNAWARE_MS } from './synchronised.ts'

/** For the others: director → packets. */
export function syncHeardHere({ config, kernel, view }: NodeState): { syncHeard?: Record<string, number> } {
  const heard = kernel.observed?.syncHeard
  if (!heard || !view?.sync) return {}
  const directors = new Set(view.directs.flatMap((group) => group.directors))
  const found = (config?.nodes ?? []).flatMap(({ name, links }): [string, number][] => {
    const packets = directors.has(name) ? links.map(({ address }) => heard.get(address)).find(isThere) : undefined
    return packets === undefined ? [] : [[name, packets]]
  })
  return { syncHeard: Object.fromEntries(found) }
}
const isThere = (packets: number | undefined): packets is number => packets !== undefined

/** Another node told what it hears. */
export function noteSyncHeard(state: NodeState, from: string, told: Readonly<Record<string, number>> = {}): void {
  const { peers } = state.syncSilence
  const count = Object.hasOwn(told, state.node) ? told[state.node] : undefined
  if (count === undefined) peers.delete(from)
  else if (peers.get(from)?.count !== count) peers.set(from, { count, changedAt: state.now, rose: 0, since: null })
}

/** After each look: what came to be established since the last one, of groups that were owned at both. */
export function noteRise(state: NodeState): void {
  const { syncSilence: silence, view, now } = state
  const counts = new Map<string, ReadonlyMap<string, number>>()
  for (const { name, directors } of view?.directs ?? []) {
    const count = ownership(state, name)?.role === 'owner' ? establishedByDestination(state, name) : null
    if (count === null) continue
    counts.set(name, count)
    const rise = riseOf(count, silence.last.get(name))
    if (rise <= 0) continue
    for (const [node, peer] of silence.peers) {
      // What that node heard since the last look may have been of these.
      if (!directors.includes(node) || peer.changedAt >= silence.lastAt) continue
      peer.rose += rise
      peer.since ??= now
    }
  }
  silence.last = counts
  silence.lastAt = now
}

/** What is in the table again comes with the connections that it had: nobody is told of these. */
function riseOf(counts: ReadonlyMap<string, number>, before: ReadonlyMap<string, number> = new Map()): number {
  let rise = 0
  for (const [key, count] of counts) rise += count - (before.get(key) ?? count)
  return rise
}

/** Where counts do not say it already. */
export const silenceTroubles = (state: NodeState): Trouble[] =>
  [...state.syncSilence.peers].flatMap(([node, { rose, since }]) => {
    if (since === null || rose <= FEW || between(since, state.now) < UNAWARE_MS || !stateOf(state, node)) return []
    const groups = (state.view?.directs ?? []).filter(
      ({ name, directors }) => directors.includes(node) && state.syncSilence.last.has(name),
    )
    return groups.flatMap(({ name }): Trouble[] =>
      ownership(state, name)?.role !== 'owner' || isUnaware(state, node, name)
        ? []
        : [
            {
              ...{ code: 'standby-unaware', severity: 'warning', object: `group ${name}` },
              message: `${node} hears nothing of connections of group ${name}: those that are new would end if it took the group over`,
              ...syncEvidence(
                state,
                `${rose} or more came to be established here in ${Math.floor(between(since, state.now) / 1000)} s, and no packet of connection synchronisation of this node came there`,
              ),
              hint: `what is between them that drops multicast, or this port of UDP? On ${node}: nft list chain inet lvsm-nat sync (counters), ip maddr show; a switch with IGMP snooping needs a querier`,
            },
          ],
    )
  })
