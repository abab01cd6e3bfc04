/** What this node tells its lease process of each group that it could take: whether its kernel is prepared, and what would not be served. */
import { cut } from '@lvsm/protocol'
import type { ConfigGroup, ConfigService } from '@lvsm/model'
import { reachesOf } from '../check/pings.ts'
import { blindServices, darkServices } from '../check/unknowns.ts'
import { heldGroups, ownership } from '../lease.ts'
import { interfaceFault } from '../observe/interfaces.ts'
import { unreadyFor } from '../plan/readiness.ts'
import { log, type NodeState } from '../state.ts'
import { isShutAt, shutServices } from '../willing.ts'
import { REASON } from './packing.ts'

/** A message has room for so many. */
const MOST_BLIND = 255

/** Readiness for each group; `all`: also what did not change. */
export function publishReadiness(state: NodeState, all: boolean): void {
  const { published, view, kernel } = state
  const next = new Map(view?.directs.map((group) => [group.name, unreadyFor(state, group) ?? '']))
  const unserved = { blind: blindServices(state), dark: darkServices(state), shut: shutServices(state) }
  for (const group of view?.directs ?? []) {
    const why = next.get(group.name) ?? ''
    const before = published.ready.get(group.name)
    if (before !== why && (before === '' || why === '')) {
      const what = why === '' ? 'this node could take it' : `this node could not take it: ${why}`
      log(state, `${group.name}: ${what}`)
    }
    const reaches = reachesOf(state.pings, group.name)
    const lacking = lackingIn(state, group, unserved)
    const same = before === why && isSame(state, group.name, lacking) && published.reaches.get(group.name) === reaches
    published.reaches.set(group.name, reaches)
    published.blind.set(group.name, lacking.unchecked)
    published.poor.set(group.name, lacking.poor)
    keep(published.dark, group.name, lacking.dark)
    keep(published.shut, group.name, lacking.shut)
    if (published.view === '' || (!all && same)) continue
    const interfaceDown = kernel.observed !== null && interfaceFault(kernel.observed, group) !== null
    const prepared = ['the kernel is prepared', ...lacking.words].join('; ')
    const told = { interfaceDown, reaches, reason: cut(why === '' ? prepared : why, REASON) }
    const { poor, dark, shut } = lacking
    const lacks = {
      ...(poor === 0 ? {} : { blind: poor }),
      ...(dark === undefined ? {} : { dark }),
      ...(shut === undefined ? {} : { shut: cut(shut, REASON) }),
    }
    state.effects.push({ kind: 'ready', group: group.name, ready: why === '', ...told, ...lacks })
  }
  for (const known of [published.dark, published.shut])
    for (const name of known.keys()) if (!next.has(name)) known.delete(name)
  published.ready = next
}

interface Unserved {
  readonly blind: ReadonlySet<string>
  readonly dark: ReadonlySet<string>
  readonly shut: ReadonlyMap<string, string>
}
interface Lacking {
  /** Services of which it can ask no realserver. */
  readonly unchecked: number
  /** These, and those of which it would let no client through: others come before it when nobody owns the group. */
  readonly poor: number
  readonly dark: string | undefined
  readonly shut: string | undefined
  readonly words: readonly string[]
}

/**
 * An owner that serves a service by what it was told last is not kept from it, nor one whose clients do not get through: of that its trouble
 * tells. Nor is anybody by what the owner lets through no more than itself.
 */
function lackingIn(state: NodeState, { name }: ConfigGroup, { blind, dark, shut }: Unserved): Lacking {
  const services = state.view?.services.filter((one) => one.group === name) ?? []
  const isHeld = heldGroups(state).has(name)
  const find = (is: (one: ConfigService) => boolean) => (isHeld ? undefined : services.find(is)?.name)
  const unchecked = services.filter((one) => blind.has(one.name))
  const [first] = unchecked
  const owner = ownership(state, name)?.owner ?? ''
  const isWorse = (one: ConfigService) => shut.has(one.name) && !isShutAt(state, owner, one.name)
  const why = shut.get(find(isWorse) ?? '')
  return {
    unchecked: unchecked.length,
    poor: Math.min(MOST_BLIND, services.filter((one) => blind.has(one.name) || shut.has(one.name)).length),
    dark: dark.size === 0 ? undefined : find((one) => dark.has(one.name)),
    shut: why,
    words: [...(first ? [`service ${first.name} cannot be checked here`] : []), ...(why === undefined ? [] : [why])],
  }
}

const isSame = ({ published }: NodeState, group: string, { unchecked, poor, dark, shut }: Lacking): boolean =>
  published.blind.get(group) === unchecked &&
  published.poor.get(group) === poor &&
  published.dark.get(group) === dark &&
  published.shut.get(group) === shut

function keep(known: Map<string, string>, group: string, what: string | undefined): void {
  if (what === undefined) known.delete(group)
  else known.set(group, what)
}
