/**
 * What ails this machine itself: its interfaces, its memory, tables of its kernel, as the kernel counts what they do. Read every few seconds beside the loop, of what the cluster uses
 * alone; judged here.
 */
import { after, type Instant, type Trouble } from '@lvsm/base'
import { type Observed, usesOf } from '@lvsm/plan'
import type { NodeView } from '@lvsm/model'
import type { NodeState } from '../state.ts'
import { type Bonds, bondsNow, bondTroubles, NO_BONDS } from './bonds.ts'
import { type Interfaces, interfacesNow, interfaceTroubles, NO_INTERFACES } from './interfaces.ts'
import { type FullTables, NO_TABLES, tablesNow, tableTroubles } from './full-tables.ts'
import { type Memory, memoryNow, memoryTroubles, NO_MEMORY } from './memory.ts'
import type { VitalsReading } from './reading.ts'

const EVERY_MS = 5000
/** What one node uses; more is a machine of another kind, and not gone over. */
const MOST_LINKS = 64

type Uses = ReadonlyMap<string, { readonly index: number; readonly by: readonly string[] }>
interface Used {
  readonly of: readonly [NodeView, Observed['links'], Observed['addresses']]
  readonly uses: Uses
}
export interface Vitals {
  asking: boolean
  readAt: Instant
  /** As of the last look at the host's network. */
  used: Used | null
  interfaces: Interfaces
  bonds: Bonds
  memory: Memory
  tables: FullTables
}
export const newVitals = (at: Instant): Vitals => ({
  ...{ asking: false, readAt: at, used: null },
  ...{ interfaces: NO_INTERFACES, bonds: NO_BONDS, memory: NO_MEMORY, tables: NO_TABLES },
})

/** As much of the state as this needs. */
export type Ailing = Pick<NodeState, 'vitals' | 'now' | 'view' | 'effects' | 'node'> & {
  readonly kernel: Pick<NodeState['kernel'], 'observed'>
}

export function readVitalsIfDue(state: Ailing): void {
  const { vitals, now, effects } = state
  if (vitals.asking || now < vitals.readAt || !isKnown(state)) return
  vitals.asking = true
  vitals.readAt = after(now, EVERY_MS)
  const interfaces = [...usesIn(state)].map(([name, { index }]) => ({ name, index }))
  effects.push({ kind: 'vitals', interfaces, units: vitals.memory.asks })
}
const isKnown = ({ view, kernel }: Ailing): boolean => view !== null && kernel.observed !== null
export const nextVitals = (state: Ailing): Instant | null =>
  state.vitals.asking || !isKnown(state) ? null : state.vitals.readAt

/** `reading` null: nothing could be read. */
export function onVitals({ vitals, now }: Ailing, reading: VitalsReading | null): void {
  vitals.asking = false
  if (!reading) return
  vitals.interfaces = interfacesNow(vitals.interfaces, reading.interfaces, now)
  vitals.bonds = bondsNow(vitals.bonds, reading.interfaces)
  vitals.memory = memoryNow(vitals.memory, reading.memory, now)
  vitals.tables = tablesNow(vitals.tables, reading.tables, now)
}

/** By the name of each interface that the cluster uses here: what for. Gone over once for each look that found something else. */
function usesIn({ vitals, view, kernel }: Ailing): Uses {
  const { observed } = kernel
  if (!view || !observed) return new Map()
  const of = [view, observed.links, observed.addresses] as const
  if (vitals.used && of.every((one, at) => one === vitals.used?.of[at])) return vitals.used.uses
  const uses = new Map(
    observed.links
      .slice(0, MOST_LINKS)
      .flatMap(({ name, index, loopback }): [string, { index: number; by: string[] }][] => {
        const by = loopback ? [] : usesOf(view, observed, name)
        return by.length === 0 ? [] : [[name, { index, by }]]
      }),
  )
  vitals.used = { of, uses }
  return uses
}

export function vitalTroubles(state: Ailing): Trouble[] {
  const { vitals, node, now, kernel } = state
  const uses = usesIn(state)
  const usedFor = (name: string): readonly string[] => uses.get(name)?.by ?? []
  const isDown = (name: string): boolean => kernel.observed?.links.find((one) => one.name === name)?.up === false
  return [
    ...interfaceTroubles(vitals.interfaces, node, now, usedFor, isDown),
    ...bondTroubles(vitals.bonds, node, usedFor),
    ...memoryTroubles(vitals.memory, node),
    ...tableTroubles(vitals.tables, node),
  ]
}
