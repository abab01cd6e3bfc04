/**
 * Verdicts of directors, side by side. Each makes its own checks; the owner's count, and whoever takes over goes by its own. Who finds all of
 * a service failed that the owner finds well would end it by a takeover: that is a trouble before it happens.
 */
import { between, type Instant, type Trouble } from '@lvsm/base'
import { type ConfigService, destKey } from '@lvsm/model'
import type { ChecksReport, StateMessage } from '@lvsm/protocol'
import { healthOf } from './check/sight.ts'
import { ownership } from './lease.ts'
import { stateOf } from './peers.ts'
import { bytesOf } from './publish/packing.ts'
import type { NodeState } from './state.ts'

/** Bytes of all that failed; beyond it, it says that there are more. */
const ROOM = 1000
/** Of one answer. */
const MOST_SHOWN = 100
/** Two that ask at other times see another thing for a while. Milliseconds. */
const LASTING_MS = 15_000

type Failed = Pick<StateMessage, 'failed' | 'moreFailed'>

/** What this node's own checks found failed; nothing where it makes none. */
export function failedHere(state: NodeState): Failed {
  if (state.checks.members.size === 0) return {}
  const failed = new Map<string, string[]>()
  let bytes = 0
  for (const member of state.checks.members.values()) {
    if (healthOf(member).healthy !== false) continue
    const { service, realserver } = member
    const key = destKey(realserver)
    bytes += bytesOf(JSON.stringify([service.name, key]))
    if (bytes > ROOM) return { failed: Object.fromEntries(failed), moreFailed: true }
    failed.set(service.name, [...(failed.get(service.name) ?? []), key])
  }
  return { failed: Object.fromEntries(failed) }
}

/** By director: which realservers of that service its checks found failed; who did not say is left out. */
type Views = ReadonlyMap<string, ReadonlySet<string>>

function viewsOf(state: NodeState, { name, group }: ConfigService, own: Failed): Views {
  const directors = state.config?.groups.find((one) => one.name === group)?.directors ?? []
  return new Map(
    directors.flatMap((node): [string, ReadonlySet<string>][] => {
      const { failed, moreFailed }: Failed = node === state.node ? own : (stateOf(state, node) ?? {})
      const keys = failed && Object.hasOwn(failed, name) ? failed[name] : undefined
      return !failed || (moreFailed === true && keys === undefined) ? [] : [[node, new Set(keys)]]
    }),
  )
}

/** Of services that somebody finds something failed of. */
function differing(state: NodeState): { readonly service: ConfigService; readonly views: Views }[] {
  const own = failedHere(state)
  const others = state.config?.nodes.flatMap(({ name }) => Object.keys(stateOf(state, name)?.failed ?? {})) ?? []
  const named = new Set([...others, ...Object.keys(own.failed ?? {})])
  if (named.size === 0) return []
  return (state.config?.services ?? [])
    .filter(({ name }) => named.has(name))
    .map((service) => ({ service, views: viewsOf(state, service, own) }))
    .filter(({ views }) => views.size > 1)
}

/** Each realserver of which one director says that it failed, and another that it did not. */
export function reportDiffering(state: NodeState): NonNullable<ChecksReport['differing']> {
  const all = differing(state).flatMap(({ service, views }) =>
    service.realservers.flatMap((realserver) => {
      const says = (is: boolean) =>
        [...views].flatMap(([node, one]) => (one.has(destKey(realserver)) === is ? [node] : []))
      const [failed, well] = [says(true), says(false)]
      if (failed.length === 0 || well.length === 0) return []
      const owner = ownership(state, service.group)?.owner ?? null
      return [{ service: service.name, server: realserver.node, group: service.group, owner, failed, well }]
    }),
  )
  return all.slice(0, MOST_SHOWN)
}

/** Of a pool of which every check fails here: what would be done with it. */
function wouldServe({ checks }: NodeState, { name, realservers }: ConfigService): string {
  const serving = checks.pools.get(name)?.serving
  const kept = realservers.flatMap((one) => (serving?.has(destKey(one)) === true ? [one.node] : []))
  if (kept.length === 0) return `${name} would not be served`
  return `it would keep ${kept.join(', ')} although ${kept.length === 1 ? 'its check fails' : 'their checks fail'} there`
}

/** What this node, which could take a service over, sees otherwise than its owner; null: nothing. */
function dissentOf(state: NodeState, service: ConfigService, views: Views): Trouble | null {
  const owner = ownership(state, service.group)?.owner ?? null
  const [own, theirs] = [views.get(state.node), views.get(owner ?? '')]
  if (owner === null || owner === state.node || !own || !theirs) return null
  const { name, group, realservers } = service
  const serverOf = (is: (key: string) => boolean): string[] =>
    realservers.flatMap((one) => (is(destKey(one)) ? [one.node] : []))
  const asked = realservers.map(destKey)
  const [lost, found] = [
    serverOf((key) => own.has(key) && !theirs.has(key)),
    serverOf((key) => !own.has(key) && theirs.has(key)),
  ]
  if (lost.length + found.length === 0) return null
  const object = `service ${name}`
  const hint = `lvsm check run ${name} --on ${state.node} --explain, and the same on ${owner}: what keeps one of them from asking the server?`
  if (lost.length > 0 && asked.every((key) => own.has(key))) {
    const message = `${state.node} finds no realserver of ${name} well, and ${owner}, which owns ${group}, finds ${lost.join(', ')} well: if ${state.node} took it over, ${wouldServe(state, service)}`
    return { code: 'standby-finds-none', severity: 'warning', object, message, hint }
  }
  const parts = [
    ...(lost.length > 0
      ? [`finds ${lost.join(', ')} of ${name} failed, and ${owner}, which owns ${group}, does not`]
      : []),
    ...(found.length > 0
      ? [`does not find ${found.join(', ')} of ${name} failed, as ${owner} does, which owns ${group}`]
      : []),
  ]
  return { code: 'verdicts-differ', severity: 'info', object, message: `${state.node} ${parts.join('; it ')}`, hint }
}

/** Another director said what it finds. */
export function noteDiffering(state: NodeState): void {
  const now = new Map<string, { readonly trouble: Trouble; readonly since: Instant }>()
  for (const { service, views } of differing(state)) {
    const trouble = dissentOf(state, service, views)
    const key = `${trouble?.code} ${service.name}`
    if (trouble) now.set(key, { trouble, since: state.differing.get(key)?.since ?? state.now })
  }
  state.differing.clear()
  for (const [key, one] of now) state.differing.set(key, one)
}

export const differingTroubles = (state: NodeState): Trouble[] =>
  [...state.differing.values()].flatMap(({ trouble, since }) =>
    between(since, state.now) >= LASTING_MS ? [trouble] : [],
  )
