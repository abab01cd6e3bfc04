/**
 * What ails this machine itself: its interfaces, its memory, tables of its kernel, as the kernel counts what they do. Read every few seconds beside the loop, of what the cluster uses
 * alone; judged here.
 */
import { after, type Instant, spanText, type Trouble } from '@lvsm/base'
import { CLIENTS, networksOf, type Observed, type Uses, usesByInterface } from '@lvsm/plan'
import type { NodeView } from '@lvsm/model'
import type { Lasting } from '../history/ring.ts'
import type { NodeState } from '../state.ts'
import { type Bonds, bondsNow, bondTroubles, NO_BONDS } from './bonds.ts'
import {
  areUnsure,
  type Interfaces,
  interfacesNow,
  interfaceTroubles,
  NO_INTERFACES,
  ranAt,
  type Slowed,
} from './interfaces.ts'
import { type FullTables, NO_TABLES, tablesNow, tableTroubles } from './full-tables.ts'
import { type Memory, memoryNow, memoryTroubles, NO_MEMORY } from './memory.ts'
import type { VitalsReading } from './reading.ts'
import { type Going, goingBy, standingOn, type Used } from './standing.ts'

const EVERY_MS = 5000
/** What interfaces run at: it changes with their carrier, after which it is asked at once, or by hand. */
const PACES_MS = 60_000
/** A driver that is asked, or a lock of the kernel, takes its time; what was read before that is told as that, and not as what is so now. */
const HANGS_MS = 30_000
/** What one node uses; more is a machine of another kind, and not gone over. */
const MOST_LINKS = 64

interface Found {
  readonly view: NodeView
  /** Interfaces and the networks that they are in, without floating addresses: an owner that takes over is in no other ones. */
  readonly network: string
  readonly used: Used
}
export interface Vitals {
  asking: boolean
  askedAt: Instant
  /** The kernel has not answered in time. Nothing more is asked meanwhile: what hangs holds a thread. */
  hangs: boolean
  readAt: Instant
  pacesAt: Instant
  /** Of the last one that was answered. */
  answeredAt: Instant
  /** Gone over just before a reading where the configuration or the host's network is another one: never in a takeover's way, nor for a notice. */
  found: Found | null
  interfaces: Interfaces
  bonds: Bonds
  memory: Memory
  tables: FullTables
}
export const newVitals = (at: Instant): Vitals => ({
  ...{ asking: false, askedAt: at, hangs: false, readAt: at, pacesAt: at, answeredAt: at, found: null },
  ...{ interfaces: NO_INTERFACES, bonds: NO_BONDS, memory: NO_MEMORY, tables: NO_TABLES },
})

/** As much of the state as this needs. */
export type Ailing = Pick<NodeState, 'vitals' | 'now' | 'view' | 'effects' | 'node'> & {
  readonly kernel: Pick<NodeState['kernel'], 'observed'>
  readonly history: Pick<NodeState['history'], 'lasting'>
}

export function readVitalsIfDue(state: Ailing): void {
  const { vitals, now, effects } = state
  if (vitals.asking && !vitals.hangs && now >= after(vitals.askedAt, HANGS_MS)) vitals.hangs = true
  if (vitals.asking || now < vitals.readAt || !isKnown(state)) return
  vitals.asking = true
  vitals.askedAt = now
  vitals.readAt = after(now, EVERY_MS)
  const interfaces = [...usedNow(state)].map(([name, { index }]) => ({ name, index }))
  const paces = now >= vitals.pacesAt || areUnsure(vitals.interfaces, now)
  if (paces) vitals.pacesAt = after(now, PACES_MS)
  effects.push({ kind: 'vitals', interfaces, units: vitals.memory.asks, paces })
}
const isKnown = ({ view, kernel }: Ailing): boolean => view !== null && kernel.observed !== null
export function nextVitals(state: Ailing): Instant | null {
  const { asking, askedAt, hangs, readAt } = state.vitals
  if (asking) return hangs ? null : after(askedAt, HANGS_MS)
  return isKnown(state) ? readAt : null
}

/** `reading` null: nothing could be read. */
export function onVitals({ vitals, now, history }: Ailing, reading: VitalsReading | null): void {
  vitals.asking = false
  const isLate = vitals.hangs
  vitals.hangs = false
  if (!reading || isLate) return
  vitals.answeredAt = now
  const slowed = (name: string): Slowed | null => slowedBefore(history.lasting.values(), name)
  vitals.interfaces = interfacesNow(vitals.interfaces, reading.interfaces, now, slowed)
  vitals.bonds = bondsNow(vitals.bonds, reading.interfaces)
  vitals.memory = memoryNow(vitals.memory, reading.memory, now)
  vitals.tables = tablesNow(vitals.tables, reading.tables, now)
}

/** By what an earlier life of this agent told. */
function slowedBefore(lasting: Iterable<Lasting>, name: string): Slowed | null {
  for (const { code, object, message, since, isCarried } of lasting)
    if (isCarried && code === 'interface-slow' && object === `interface ${name}`)
      return { fastest: ranAt(message), since }
  return null
}

function usedNow({ vitals, view, kernel }: Ailing): Used {
  const { observed } = kernel
  if (!view || !observed) return NOTHING
  const network = networkText(observed)
  const { found } = vitals
  if (found && found.view === view && found.network === network) return found.used
  const uses = usesByInterface(view, observed)
  const used = new Map(
    observed.links
      .flatMap(({ name, index, loopback }): [string, Uses & { index: number }][] => {
        const by = loopback ? undefined : uses.get(name)
        return by ? [[name, { ...by, index }]] : []
      })
      .slice(0, MOST_LINKS),
  )
  vitals.found = { view, network, used }
  return used
}
const NOTHING: Used = new Map()
const networkText = ({ links, addresses }: Observed): string =>
  [
    ...links.map(({ name, index, loopback }) => `${name} ${index} ${loopback}`),
    ...networksOf(addresses).map(({ address, prefix, index }) => `${address}/${prefix} ${index}`),
  ].join()

export function vitalTroubles(state: Ailing): Trouble[] {
  const { vitals, node, now, kernel } = state
  const used = vitals.found?.used ?? NOTHING
  const goes = (name: string): Going | null => goingBy(vitals.interfaces, used, name, isDown)
  const isDown = (name: string): boolean => kernel.observed?.links.find((one) => one.name === name)?.up === false
  // As `interface-down` and `link-down` are.
  const isTold = (name: string): boolean => {
    const down = [...standingOn(vitals.interfaces, name)].filter(isDown)
    return down.some((one) => {
      const uses = used.get(one)
      return uses !== undefined && (uses.links.length > 0 || uses.serves.includes(CLIENTS))
    })
  }
  const found = [
    ...interfaceTroubles(vitals.interfaces, node, vitals.hangs ? vitals.answeredAt : now, goes, isDown),
    ...bondTroubles(vitals.bonds, node, goes, isTold),
    ...memoryTroubles(vitals.memory, node),
    ...tableTroubles(vitals.tables, node),
  ]
  return vitals.hangs ? [...found.map(asOfLast), unread(node)] : found
}
/** Nobody knows whether it is over. */
const asOfLast = (trouble: Trouble): Trouble => ({
  ...trouble,
  message: `${trouble.message} (as it was read last: nothing could be read for ${spanText(HANGS_MS)} or longer)`,
})

/** Heartbeat links that go by an interface, or by what stands on it. */
export const linksOn = ({ interfaces, found }: Vitals, name: string): readonly string[] =>
  goingBy(interfaces, found?.used ?? NOTHING, name, () => false)?.links ?? []

const unread = (node: string): Trouble => ({
  ...{ code: 'vitals-unread', severity: 'warning', object: `node ${node}` },
  message: `${node} cannot read how its interfaces and its memory are: its kernel has not answered for ${spanText(HANGS_MS)} or longer`,
  hint: `on ${node}: journalctl -k -g "blocked for more than|reset" names a driver that hangs; ethtool NAME of each interface shows which`,
})
