/**
 * Programs of operators when a group comes to this node, and when it has gone: one after the other, each in its time, beside everything
 * else. They follow what the lease process did, and hold nothing up: a group that goes while they run loses those that had not begun.
 *
 * Laws: for each lease that this node held, as far as its agent saw it, the hooks of `take` and then those of `release` run once; over a
 * restart of the agent what is not known to have ended begins again.
 */
import { after, earlier, type Instant, type Trouble } from '@lvsm/base'
import type { ConfigGroup } from '@lvsm/model'
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
      if (!hooks.running.has(group.name)) begin(state, group, own?.role === 'owner' ? own.number : null)
    }
  keep(state)
}

/** `number`: of the lease that this node holds; null: it holds none. */
function begin(state: NodeState, group: ConfigGroup, number: number | null): void {
  const { hooks } = state
  const done = hooks.done.get(group.name)
  if (number === null) {
    if (done?.when === 'take') run(state, group, 'release', done.number, group.releaseHooks)
  } else if (done?.when === 'take' && done.number !== number) {
    // It was lost and taken again between two looks: nobody else may have had it, and nobody knows.
    run(state, group, 'release', done.number, group.releaseHooks)
  } else if (done?.number !== number || done.when !== 'take') run(state, group, 'take', number, group.takeHooks)
}

function run(state: NodeState, group: ConfigGroup, when: When, number: number, names: readonly string[]): void {
  const { hooks, now } = state
  const [hook, ...rest] = names
  if (hook === undefined) {
    hooks.done.set(group.name, { when, number })
    return
  }
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
  if (when === 'take' && isOver) hooks.done.set(name, { when, number })
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
  for (const name of hooks.done.keys()) if (!names.includes(name)) hooks.done.delete(name)
  const done = Object.fromEntries(hooks.done)
  const text = JSON.stringify(done)
  if (text === hooks.kept || (text === '{}' && hooks.kept === '')) return
  hooks.kept = text
  effects.push({ kind: 'hooks', done })
}

/** When a hook that nobody tells of is given up; null: none runs. */
export const nextHook = ({ hooks }: NodeState): Instant | null =>
  [...hooks.running.values()]
    .map(({ until }) => until)
    .reduce<Instant | null>((one, at) => (one ? earlier(one, at) : at), null)
