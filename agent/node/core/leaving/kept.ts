/** Who leaves, over a restart of the agent: in the record of what is ours, by the wall clock. */
import { after, type Instant } from '@lvsm/base'
import { type ConfigRealserver, FORWARDING, LEAVING_MS, PLACEMENTS, ROUTES, TUNNELS } from '@lvsm/model'
import { LEAVING_KEY, sameRecord, writeRecord } from '@lvsm/plan'
import { decodeKeptLeaving, encodeKeptLeaving, type KeptLeaving } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import type { Leaving } from './state.ts'

export function keepLeaving(state: NodeState): void {
  const { kernel, leaving, effects } = state
  const texts = [...leaving.values()].map((one) => encodeKeptLeaving(keptOf(state, one)))
  const next = new Map([...kernel.owned].filter(([key]) => key !== LEAVING_KEY))
  if (texts.length > 0) next.set(LEAVING_KEY, new Set(texts))
  if (sameRecord(kernel.owned, next)) return
  kernel.owned = next
  effects.push({ kind: 'record', text: writeRecord(next) })
}

function keptOf({ wallMs }: NodeState, { service, of, revision, since, realserver }: Leaving): KeptLeaving {
  const { node, address, port, forward, gateway, route, tunnel, tunnelPort, placement } = realserver
  return {
    ...{ service, of, revision, since: Math.max(0, Math.round(wallMs(since))) },
    realserver: {
      ...{ node, address, port, forward, gateway },
      ...(route === undefined ? {} : { route }),
      ...(tunnel === undefined ? {} : { tunnel }),
      ...(tunnelPort === undefined ? {} : { tunnelPort }),
      ...(placement === undefined ? {} : { placement }),
    },
  }
}

/** What cannot be read is left out: such a one leaves the table at once. */
export function restoreLeaving(state: NodeState): Leaving[] {
  return [...(state.kernel.owned.get(LEAVING_KEY) ?? [])].flatMap((text) => {
    const kept = decodeKeptLeaving(text)
    const realserver = kept && realserverOf(state, kept.realserver)
    if (!kept || !realserver) return []
    const { service, of, revision, since } = kept
    return [{ service, of, revision, since: instantOf(state, since), realserver }]
  })
}

/** A clock that was set meanwhile makes it no longer than it is at most. */
function instantOf({ now, wallMs }: NodeState, since: number): Instant {
  const agoMs = Math.min(LEAVING_MS, Math.max(0, wallMs(now) - since))
  return after(now, -agoMs)
}

const isIn = <T extends object>(table: T, word: string): word is keyof T & string => Object.hasOwn(table, word)

function realserverOf({ config }: NodeState, kept: KeptLeaving['realserver']): ConfigRealserver | null {
  const { forward, route, tunnel, placement, ...same } = kept
  if (!isIn(FORWARDING, forward)) return null
  return {
    ...same,
    forward,
    weight: 0,
    ...(route !== undefined && isIn(ROUTES, route) ? { route } : {}),
    ...(tunnel !== undefined && isIn(TUNNELS, tunnel) ? { tunnel } : {}),
    ...(placement !== undefined && isIn(PLACEMENTS, placement) ? { placement } : {}),
    ...(config?.nodes.some(({ name }) => name === kept.node) ? {} : { agent: false as const }),
  }
}
