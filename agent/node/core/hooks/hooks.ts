/**
 * Programs of operators when a group comes to this node, and when it has gone: one after the other, each in its time, beside everything
 * else. They follow what the lease process did, and hold nothing up: a group that goes while they run loses those that had not begun.
 *
 * Laws: for each lease that this node held, as far as its agent saw it, the hooks of `take` and then those of `release` run once. What began is
 * on the disk: over a restart of the agent no hook runs a second time, one that nobody saw ending is told, those after it run, and where the
 * lease is over the hooks of `release` do.
 */
import { after, earlier, type Instant, type Trouble } from '@lvsm/base'
import type { ConfigGroup } from '@lvsm/model'
import type { KeptHooks } from '@lvsm/protocol'
import { leaseStatus } from '../lease.ts'
import { log, type NodeState } from '../state.ts'
import type { When } from './state.ts'

/** Beyond its own time, until it is killed. */
const GRACE_MS = 5000

export function stepHooks(state: NodeState): void {
  const { config, hooks, now } = state
  const status = leaseStatus(state)
  if (!config) return
  for (const [group, { until, id }] of [...hooks.running])
    if (now >= until) ended(state, group, id, false, 'it did not end, and was not ended')
  // Of a lease process that is silent nothing is known: what was, goes on.
  if (status)
    for (const group of config.groups) {
      const own = status.groups.find(({ name }) => name === group.name)
      // Until it is given up its addresses may be here.
      if (own?.role === 'releasing') continue
      if (!hooks.running.has(group.name)) begin(state, group, own?.role === 'owner' ? own.number : null)
    }
  keep(state)
}

/** `number`: of the lease that this node holds; null: it holds none. */
function begin(state: NodeState, group: ConfigGroup, number: number | null): void {
  const { hooks } = state
  const under = hooks.begun.get(group.name)
  if (under) return goOn(state, group, under, number)
  const done = hooks.done.get(group.name)
  if (number === null) {
    if (done?.when === 'take') run(state, group, 'release', done.number, group.releaseHooks)
  } else if (done?.when === 'take' && done.number !== number) {
    // It was lost and taken again between two looks: nobody else may have had it, and nobody knows.
    run(state, group, 'release', done.number, group.releaseHooks)
  } else if (done?.number !== number || done.when !== 'take') run(state, group, 'take', number, group.takeHooks)
}

/** What another life of this agent began. */
function goOn(
  state: NodeState,
  group: ConfigGroup,
  { when, number, hooks: begun }: NonNullable<ReturnType<NodeState['hooks']['begun']['get']>>,
  held: number | null,
): void {
  const { hooks } = state
  const { name, takeHooks, releaseHooks } = group
  const last = begun.at(-1)
  if (last !== undefined) {
    const reason = 'lvsm-agent ended while it ran, so that nobody knows how it ended'
    hooks.failed.set(`${name} ${last}`, `${when}, lease ${number}: ${reason}`)
    log(state, `${name}: hook ${last} (${when}, lease ${number}) began before ${reason}; it is not run again`)
  }
  const rest = (when === 'take' ? takeHooks : releaseHooks).filter((hook) => !begun.includes(hook))
  if (when !== 'take' || held === number) return run(state, group, when, number, rest)
  settle(state, name, when, number)
  begin(state, group, held)
}
function settle({ hooks }: NodeState, group: string, when: When, number: number): void {
  hooks.begun.delete(group)
  hooks.done.set(group, { when, number })
}

function run(state: NodeState, group: ConfigGroup, when: When, number: number, names: readonly string[]): void {
  const { hooks, now } = state
  const [hook, ...rest] = names
  if (hook === undefined) return settle(state, group.name, when, number)
  const before = hooks.begun.get(group.name)?.hooks ?? []
  hooks.begun.set(group.name, { when, number, hooks: [...before, hook] })
  // Before it begins: should this process end meanwhile, the next one knows.
  keep(state)
  hooks.serial += 1
  const id = `hook ${group.name} ${hook} ${hooks.serial}`
  const timeoutMs = group.hookTimeoutMs
  hooks.running.set(group.name, { id, hook, when, number, rest, until: after(now, timeoutMs + GRACE_MS) })
  log(state, `${group.name}: hook ${hook} (${when}, lease ${number}) begins`)
  state.effects.push({
    ...{ kind: 'hook', id, hook, user: group.hookUser, timeoutMs, words: [when, group.name, String(number)] },
    variables: {
      LVSM_WHEN: when,
      LVSM_GROUP: group.name,
      LVSM_LEASE: String(number),
      LVSM_NODE: state.node,
      LVSM_ADDRESSES: group.addresses.map(({ address }) => address).join(' '),
    },
  })
}

export function onHook(state: NodeState, id: string, ok: boolean, reason: string): void {
  for (const [group, running] of state.hooks.running) if (running.id === id) ended(state, group, id, ok, reason)
}

function ended(state: NodeState, name: string, id: string, ok: boolean, reason: string): void {
  const { hooks, config } = state
  const running = hooks.running.get(name)
  if (running?.id !== id) return
  hooks.running.delete(name)
  const { hook, when, number, rest } = running
  const key = `${name} ${hook}`
  if (ok) hooks.failed.delete(key)
  else hooks.failed.set(key, `${when}, lease ${number}: ${reason}`)
  log(state, `${name}: hook ${hook} (${when}, lease ${number}) ${ok ? 'ended well' : 'failed'}: ${reason}`)
  const group = config?.groups.find((one) => one.name === name)
  if (!group) return
  const own = leaseStatus(state)?.groups.find((one) => one.name === name)
  const isOver = own !== undefined && (own.role !== 'owner' || own.number !== number)
  if (when === 'take' && isOver) settle(state, name, when, number)
  else run(state, group, when, number, rest)
}

export function hookTroubles({ hooks, config }: NodeState): Trouble[] {
  return [...hooks.failed].flatMap(([key, reason]): Trouble[] => {
    const [name = '', hook = ''] = key.split(' ')
    const group = config?.groups.find((one) => one.name === name)
    if (!group || ![...group.takeHooks, ...group.releaseHooks].includes(hook)) return []
    const message = `hook ${hook} of ${name} failed (${reason})`
    const hint = 'it is not run again before the next move; run it by hand, with what its log says'
    return [{ code: 'hook-failed', severity: 'warning', object: `group ${name}`, message, hint }]
  })
}

function keep({ hooks, effects, config }: NodeState): void {
  const names = config?.groups.map(({ name }) => name) ?? []
  for (const all of [hooks.done, hooks.begun])
    for (const name of all.keys()) if (!names.includes(name)) all.delete(name)
  if (hooks.done.size + hooks.begun.size === 0 && hooks.kept === '') return
  const [done, begun] = [Object.fromEntries(hooks.done), Object.fromEntries(hooks.begun)]
  const kept: KeptHooks = { done, ...(hooks.begun.size === 0 ? {} : { begun }) }
  const text = JSON.stringify(kept)
  if (text === hooks.kept) return
  hooks.kept = text
  effects.push({ kind: 'hooks', kept })
}

/** When a hook that nobody tells of is given up; null: none runs. */
export const nextHook = ({ hooks }: NodeState): Instant | null =>
  [...hooks.running.values()]
    .map(({ until }) => until)
    .reduce<Instant | null>((one, at) => (one ? earlier(one, at) : at), null)
