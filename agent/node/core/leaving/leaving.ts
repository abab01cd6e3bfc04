/**
 * Realservers that left the configuration while they had connections: as if it still had them, with weight 0, until these have ended or the
 * deadline has passed. So the table keeps them, and with them rules, tunnels, and the VIP of the realserver itself. Each node works it out from
 * the revision before and the next one: whoever owns the group later has the same entry, and goes on.
 */
import { between } from '@lvsm/base'
import { deadlineOf, factOnServer } from '@lvsm/changes'
import {
  type Config,
  type ConfigService,
  destKey,
  LEAVING_MS,
  type NodeView,
  nodeView,
  refusesAtZero,
  serviceKey,
} from '@lvsm/model'
import type { Facts } from '@lvsm/protocol'
import { memberId } from '../check/initial.ts'
import { askedFor } from '../check/sight.ts'
import { followConfig } from '../check/members.ts'
import { directsGroup } from '../entitled.ts'
import { heldGroups, ownership } from '../lease.ts'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { keepLeaving, restoreLeaving } from './kept.ts'
import type { Leaving } from './state.ts'
import { hasInTable } from './told.ts'

/** A configuration came in place of another one; null: it is the first of this process. */
export function followLeaving(state: NodeState, before: Config | null, wantedBefore: Facts): void {
  const { config, leaving } = state
  if (!config) return
  if (before === null) for (const one of restoreLeaving(state)) leaving.set(idOf(one), one)
  const services = new Map(config.services.map((service) => [service.name, service]))
  for (const service of before?.services ?? []) {
    const now = services.get(service.name)
    if (now) for (const one of removed(state, service, now, wantedBefore)) leaving.set(idOf(one), one)
  }
  for (const [id, one] of leaving) if (!goesOn(one, services.get(one.service))) leaving.delete(id)
  keepLeaving(state)
}

const idOf = ({ service, realserver }: Leaving): string => memberId(service, destKey(realserver))

/** The service is the one that it was, and does not have it again. */
const goesOn = ({ of, realserver }: Leaving, now: ConfigService | undefined): boolean =>
  now !== undefined &&
  serviceKey(now) === of &&
  !now.realservers.some((entry) => destKey(entry) === destKey(realserver))

/** Of a service: those with something to end. One that was stopped, or found dead, has nothing; where clients are refused who meet weight 0, nobody stays at it. */
function removed(state: NodeState, before: ConfigService, now: ConfigService, wantedBefore: Facts): Leaving[] {
  const { node, config, checks, facts } = state
  if (refusesAtZero(now)) return []
  const stay = new Set(now.realservers.map(destKey))
  const isDirector = directsGroup(state, node, now.group)
  const isNode = (name: string): boolean => config?.nodes.some((one) => one.name === name) === true
  return before.realservers.flatMap((entry): Leaving[] => {
    const isConcerned = isDirector || entry.node === node
    const wasStopped = [wantedBefore, facts].some((one) =>
      isOver(one, before.name, entry.node, state.wallMs(state.now)),
    )
    const member = checks.members.get(memberId(before.name, destKey(entry)))
    const isDead = member !== undefined && askedFor(member).health.healthy === false
    if (stay.has(destKey(entry)) || !isConcerned || wasStopped || isDead) return []
    const { backup: _backup, upper: _upper, lower: _lower, ...same } = entry
    const realserver = { ...same, weight: 0, ...(isNode(entry.node) ? {} : ({ agent: false } as const)) }
    const [service, of, revision] = [before.name, serviceKey(before), config?.revision ?? 0]
    return [{ service, of, revision, since: state.now, realserver }]
  })
}

/** It is stopped, or what it was drained for is over: whoever makes a stop of that may be late. */
function isOver(facts: Facts, service: string, node: string, wallMs: number): boolean {
  const fact = factOnServer(facts, service, node)
  if (!fact) return false
  const deadline = deadlineOf(fact)
  return fact.intent === 'stop' || (deadline !== null && deadline <= wallMs + LATE_MS)
}
/** Clocks of two machines are as far apart at most where nothing is told of it. */
const LATE_MS = 1000

/** What this node has to do: the configuration's, and what those need that leave. */
export function viewOf({ config, leaving, node }: NodeState): NodeView | null {
  if (!config) return null
  if (leaving.size === 0) return nodeView(config, node)
  const all = [...leaving.values()]
  const services = config.services.map((service) => {
    const those = all.filter((one) => one.service === service.name)
    if (those.length === 0) return service
    return { ...service, realservers: [...service.realservers, ...those.map(({ realserver }) => realserver)] }
  })
  return nodeView({ ...config, services }, node)
}

/** After each look: those that have left are forgotten. True when there were some. */
export function endLeaving(state: NodeState): boolean {
  const { leaving, now } = state
  const over = [...leaving].filter(([id, one]) => between(one.since, now) >= LEAVING_MS || hasLeft(state, id, one))
  if (over.length === 0) return false
  for (const [id] of over) leaving.delete(id)
  keepLeaving(state)
  state.view = viewOf(state)
  followConfig(state)
  return true
}

/** Agents speak every two seconds: what a director says by then is of the configuration without it. */
const HEARD_MS = 4000

/**
 * The owner knows its connections. Another director knows those that it was told of, and keeps the entry as long as the owner does: whatever comes
 * by synchronisation finds it. A realserver keeps its VIP as long as a director has it in the table. One whose agent is silent may have it: the
 * kernel goes on without the agent.
 */
function hasLeft(state: NodeState, id: string, one: Leaving): boolean {
  const group = state.config?.services.find(({ name }) => name === one.service)?.group ?? ''
  const isDone = state.checks.members.get(id)?.gone === true
  if (heldGroups(state).has(group)) return isDone
  if (between(one.since, state.now) < HEARD_MS) return false
  const isHeldBy = (node: string): boolean => {
    const message = stateOf(state, node)
    return message === null || message.revision < one.revision || hasInTable(message, id)
  }
  const directors = state.config?.groups.find(({ name }) => name === group)?.directors ?? []
  if (!directors.includes(state.node)) return !directors.some(isHeldBy)
  const owner = ownership(state, group)?.owner ?? null
  return isDone && owner !== null && !isHeldBy(owner)
}
