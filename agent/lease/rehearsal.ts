/**
 * A rehearsal in memory, before the process takes part: three nodes with clocks of their own elect an owner, lose it and
 * hand over. V8 compiles a function when it is first called, and a takeover, the rarest thing that happens here, would
 * pay for all of them at once: 20 ms and more under emulation. Nothing of it reaches the network, the kernel or the disk.
 */
import { instant, type Random } from '@lvsm/base'
import { type LeaseView, NEW_STATE } from '@lvsm/lease'
import { type Keys, type MacState, open, sealer } from '@lvsm/wire'
import { createLeaseCore, type LeaseCore } from './core/core.ts'
import type { LeaseEffect, LeaseInput } from './core/events.ts'

const NODES = ['a', 'b', 'c'] as const
/** Virtual milliseconds: quarantine, election, some renewals, a takeover and a hand-over. */
const LENGTH_MS = 1500
const OWNER_DIES_MS = 700
const HANDOVER_MS = 1300

const viewOf = (node: string): LeaseView => ({
  cluster: 'rehearsal',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, termMs: 400, applyMs: 20, warntimeMs: 300, deadtimeMs: 1000, drainMs: 100 },
  nodes: NODES.map((name) => ({ name, links: [], voter: true })),
  groups: [
    {
      name: 'group',
      digest: '0123456789abcdef',
      directors: [...NODES],
      addresses: [{ address: '192.0.2.1', prefix: 32, ifindex: 0, kind: 'vip' }],
    },
  ],
  keys: [],
  signWith: 1,
})

interface Actor {
  readonly core: LeaseCore
  readonly incarnation: string
  wakeAt: number
}

/** No MAC: the hashes are at work all the time anyway. */
const BARE: MacState = { update: () => {}, tag: () => new Uint8Array() }
const KEYS: Keys = { macBytes: () => 0, begin: () => BARE }

/** Returns how often the group was taken: 3 when all went as it should. */
export function rehearse(random: Random): number {
  let now = 0
  let taken = 0
  let dead = ''
  const inbox: { to: string; input: LeaseInput }[] = []
  const actors = new Map<string, Actor>(
    NODES.map((node, index) => {
      const incarnation = `${index}`.repeat(32)
      const core = createLeaseCore({ node, incarnation, random, startedAt: instant(0), state: NEW_STATE, kept: true })
      return [node, { core, incarnation, wakeAt: 0 }]
    }),
  )
  const give = (node: string, input: LeaseInput): void => {
    const actor = actors.get(node)
    if (!actor || node === dead) return
    for (const effect of actor.core.step(input, instant(now))) carryOut(node, actor, effect)
  }
  const carryOut = (node: string, actor: Actor, effect: LeaseEffect): void => {
    if (effect.kind === 'wake') actor.wakeAt = effect.at
    else if (effect.kind === 'event' && effect.event.kind === 'took') taken += 1
    else if (effect.kind === 'fence') {
      const { group, op, parts, timeoutMs } = effect
      const done = instant(now)
      inbox.push({ to: node, input: { kind: 'fenced', group, op, parts, timeoutMs, done, result: 'done', error: '' } })
    } else if (effect.kind === 'persist') inbox.push({ to: node, input: { kind: 'persisted', ok: true, error: '' } })
    else if (effect.kind === 'address')
      inbox.push({
        to: node,
        input: { kind: 'addressed', group: effect.group.name, op: effect.op, ok: true, error: '' },
      })
    else if (effect.kind === 'send') {
      const { sequence, spread, message, rider } = effect
      const outgoing = { from: node, incarnation: actor.incarnation, sequence, spread, message, rider }
      const seal = sealer(outgoing, 'rehearsal', 1, KEYS)
      for (const to of effect.to) {
        const opened = open(seal(effect.peers[to]?.incarnation ?? null), 'rehearsal', KEYS)
        if (opened.ok) inbox.push({ to, input: { kind: 'datagram', envelope: { ...opened.datagram, link: 0 } } })
      }
    }
  }
  for (const node of NODES) give(node, { kind: 'view', view: viewOf(node) })
  for (; now < LENGTH_MS; now += 10) {
    for (const [node, actor] of actors) {
      if (now % 500 === 0)
        give(node, { kind: 'ready', group: 'group', ready: true, cutOff: false, reaches: 0, reason: '' })
      if (actor.wakeAt <= now) give(node, { kind: 'wake' })
    }
    for (let next = inbox.shift(); next; next = inbox.shift()) give(next.to, next.input)
    if (now === OWNER_DIES_MS) dead = 'a'
    if (now === HANDOVER_MS) give('b', { kind: 'switchover', group: 'group', to: 'c', reason: 'rehearsal' })
    actors.get('b')?.core.status(instant(now))
  }
  return taken
}
