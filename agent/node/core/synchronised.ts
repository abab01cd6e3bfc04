/**
 * What directors know of each other's connections, as counts: whose are established by a node's own table, told with its state. The
 * kernel's daemons say nothing of what arrived; a standby that counts fewer than the owner is how silence, loss and lag show.
 */
import { between, type Instant, type Trouble } from '@lvsm/base'
import { type ConfigService, destKey, forwarding, serviceKey } from '@lvsm/model'
import { isSyncOperation, sameDaemon } from '@lvsm/plan'
import { syncText } from '@lvsm/protocol'
import { ownership } from './lease.ts'
import { stateOf } from './peers.ts'
import { halfOpenIn, nameOf } from './observe/paths.ts'
import { perReason } from './plan/refusals.ts'
import type { NodeState } from './state.ts'

/** Refresh period, two states of two seconds each, and what a buffer waits: no standby lags so long. Milliseconds. */
export const UNAWARE_MS = 20_000
/** Fewer are in a buffer, or begin and end between two looks. */
export const FEW = 5
const SHARE = 0.05

/** Both daemons run as they should, and the group could move. */
export function isSynchronised({ kernel, view }: NodeState, group: string): boolean {
  const wanted = kernel.wanted?.sync?.daemons ?? []
  const running = kernel.observed?.syncDaemons ?? []
  return (
    wanted.length > 0 &&
    wanted.every((one) => running.some((daemon) => sameDaemon(one, daemon))) &&
    view?.directs.some(({ name, directors }) => name === group && directors.length > 1) === true
  )
}

/**
 * Established connections in this node's own table (of those that the kernel counts as active, those that were opened and not answered are
 * told to no standby), but for those that no other director can go on with: to the node itself, or by full NAT; null
 * where the group's are not synchronised.
 */
export function establishedHere(state: NodeState, group: string): number | null {
  if (!isSynchronised(state, group)) return null
  let count = 0
  for (const { active } of destinationsOf(state, group)) count += active
  return count
}
/** The same, by service and destination. */
export function establishedByDestination(state: NodeState, group: string): ReadonlyMap<string, number> | null {
  if (!isSynchronised(state, group)) return null
  return new Map(Array.from(destinationsOf(state, group), (one) => [`${one.service} ${destKey(one)}`, one.active]))
}
function* destinationsOf({ view, kernel, paths }: NodeState, group: string) {
  const halfOpen = halfOpenIn(paths)
  const bound = new Map<string, { readonly name: string; readonly keys: ReadonlySet<string> }>()
  for (const service of view?.services ?? [])
    if (service.group === group) bound.set(serviceKey(service), { name: service.name, keys: boundKeys(service) })
  for (const service of kernel.observed?.services ?? []) {
    const key = serviceKey(service)
    const own = bound.get(key)
    if (!own) continue
    for (const dest of service.dests) {
      if (dest.forward === 'local' || (own.keys.size > 0 && own.keys.has(destKey(dest)))) continue
      const half = halfOpen.size === 0 ? 0 : (halfOpen.get(nameOf({ service: own.name, key: destKey(dest) })) ?? 0)
      yield { ...dest, active: Math.max(0, dest.active - half), service: key }
    }
  }
}
const NONE: ReadonlySet<string> = new Set()
const boundKeys = ({ realservers }: ConfigService): ReadonlySet<string> =>
  realservers.every(({ forward }) => forwarding(forward).carried)
    ? NONE
    : new Set(realservers.filter(({ forward }) => !forwarding(forward).carried).map(destKey))

/** Group → the same, as it is told; nothing where nothing is synchronised. */
export const allEstablished = (state: NodeState): Record<string, number> =>
  Object.fromEntries(
    (state.view?.directs ?? []).flatMap(({ name }) => {
      const count = establishedHere(state, name)
      return count === null ? [] : [[name, count] as const]
    }),
  )

/** What another node said of its own; undefined: nothing. */
function toldBy(state: NodeState, node: string, group: string): number | undefined {
  const told = stateOf(state, node)?.established ?? {}
  return Object.hasOwn(told, group) ? told[group] : undefined
}

/** As each director counts them, for a status. */
export function establishedOf(state: NodeState, group: string, directors: readonly string[]) {
  const found = directors.flatMap((node) => {
    const count = node === state.node ? establishedHere(state, group) : toldBy(state, node, group)
    return count === undefined || count === null ? [] : [{ node, count }]
  })
  return found.length === 0 ? {} : { established: found }
}

const isFew = (missing: number, of: number): boolean => missing <= Math.max(FEW, SHARE * of)

/** Another director said how many it knows. */
export function noteAwareness(state: NodeState, from: string): void {
  for (const { name, directors } of state.view?.directs ?? []) {
    if (!directors.includes(from)) continue
    const key = `${from} ${name}`
    const own = establishedHere(state, name)
    const known = toldBy(state, from, name)
    const isLess = own !== null && !isFew(own - (known ?? 0), own)
    if (ownership(state, name)?.role !== 'owner' || !isLess) state.unaware.delete(key)
    else if (!state.unaware.has(key)) state.unaware.set(key, state.now)
  }
}

export const syncTroubles = (state: NodeState): Trouble[] => [...refused(state), ...unaware(state)]

const refused = ({ kernel }: NodeState): Trouble[] =>
  perReason(kernel.failures.filter(({ operation }) => isSyncOperation(operation))).map(({ message, evidence }) => ({
    ...{ code: 'sync-refused', severity: 'warning', ...evidence },
    message: `connections are not synchronised: ${message}`,
    hint: 'mend what the kernel says; it is tried again every second. Until then connections end when their group moves',
  }))

const isLasting = ({ now }: NodeState, since: Instant): boolean => between(since, now) >= UNAWARE_MS
/** By its count. */
export function isUnaware(state: NodeState, node: string, group: string): boolean {
  const since = state.unaware.get(`${node} ${group}`)
  return since !== undefined && isLasting(state, since)
}

/** By which link they are told: where that is out, it follows. */
export const syncEvidence = ({ config }: NodeState, seen = ''): Pick<Trouble, 'evidence'> => {
  const by = config?.sync ? [syncText(config.sync.link)] : []
  const evidence = [...(seen === '' ? [] : [seen]), ...by].join('; ')
  return evidence === '' ? {} : { evidence }
}

function unaware(state: NodeState): Trouble[] {
  return [...state.unaware].flatMap(([key, since]): Trouble[] => {
    const [node = '', group = ''] = key.split(' ')
    const own = establishedHere(state, group)
    const known = toldBy(state, node, group)
    if (own === null || !stateOf(state, node) || !isLasting(state, since) || ownership(state, group)?.role !== 'owner')
      return []
    const what =
      known === undefined ? 'does not synchronise connections' : `knows ${known} of ${own} established connections`
    return [
      {
        ...{ code: 'standby-unaware', severity: 'warning', object: `group ${group}` },
        message: `${node} ${what} of group ${group}: the others would end if it took the group over`,
        ...syncEvidence(state),
        hint: `do messages arrive there? On ${node}: nft list chain inet lvsm-nat sync (counters), ipvsadm -L --daemon; idle connections from before its start stay unknown until they say something`,
      },
    ]
  })
}
