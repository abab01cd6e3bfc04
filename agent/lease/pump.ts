/**
 * The one inbox of the lease process: inputs in order, the clock read freshly for each, effects carried out before
 * the next input. Everything here is synchronous; a step and its effects take well under a millisecond.
 */
import type { Instant } from '@lvsm/base'
import type { DurableState } from '@lvsm/lease'
import type { Outgoing } from '@lvsm/wire'
import type { LeaseEffect, LeaseInput } from './core/events.ts'
import { BOTH } from './core/kernel.ts'
import type { Addressee, Addresses, Fence } from './ports.ts'

/** Inputs that may wait; more are dropped and counted, as the network would. */
const LONGEST_INBOX = 10_000

export interface PumpPorts {
  clock(): Instant
  step(input: LeaseInput, now: Instant): LeaseEffect[]
  fence: Fence
  addresses: Addresses
  /** One timer; it rings when its time has come, and not before. */
  alarm(ring: () => void): { set(at: Instant): void; stop(): void }
  send(outgoing: Outgoing, recipients: readonly Addressee[]): void
  /** Calls back once, with the error of the write; empty: the disk has it for certain. */
  persist(state: DurableState, done: (error: string) => void): void
  deliver(from: string, payload: Uint8Array): void
  event(effect: Extract<LeaseEffect, { kind: 'event' }>): void
  claimed(): void
  stopped(): void
  /** The fence's tables could not be built: nothing may go on. */
  unfenced(error: string): void
  count(reason: string): void
}

export interface Pump {
  feed(input: LeaseInput): void
  stop(): void
}

export function startPump(node: string, incarnation: string, ports: PumpPorts): Pump {
  const inbox: LeaseInput[] = []
  let running = false
  /** Without its fence nothing may go on, not even what is left of the present step. */
  let ended = false
  const alarm = ports.alarm(() => feed({ kind: 'wake' }))

  const feed = (input: LeaseInput): void => {
    if (ended) return
    if (inbox.length >= LONGEST_INBOX && input.kind === 'datagram') return ports.count('inbox-full')
    inbox.push(input)
    if (running) return
    running = true
    try {
      for (let next = inbox.shift(); next && !ended; next = inbox.shift())
        for (const effect of ports.step(next, ports.clock())) if (!ended) carryOut(effect)
    } finally {
      running = false
    }
  }

  const carryOut = (effect: LeaseEffect): void => {
    switch (effect.kind) {
      case 'send':
        return send(effect)
      case 'fence': {
        const { group, op, parts } = effect
        return feed({ kind: 'fenced', group, op, parts, ...ports.fence.apply(effect) })
      }
      case 'fence-tables': {
        const built = ports.fence.build(effect.groups, effect.carried)
        if (built.result !== 'done') {
          // Without its fence a director may own nothing: the supervisor starts the process again, closed.
          ended = true
          return ports.unfenced(built.error)
        }
        for (const one of built.carried) feed({ kind: 'fenced', op: 'carry', parts: BOTH, ...one })
        return
      }
      case 'address': {
        const { op, group, validSeconds } = effect
        const { result, error } =
          op === 'add' ? ports.addresses.add(group, validSeconds) : ports.addresses.remove(group)
        return feed({ kind: 'addressed', group: group.name, op, ok: result === 'done', error })
      }
      case 'announce':
        if (ports.addresses.announce(effect.group, effect.notAfter).result !== 'done') ports.count('announce-failed')
        return
      case 'wake':
        return alarm.set(effect.at)
      case 'persist':
        return ports.persist(effect.state, (error) => feed({ kind: 'persisted', ok: error === '', error }))
      case 'deliver':
        return ports.deliver(effect.from, effect.payload)
      case 'event':
        return ports.event(effect)
      case 'claimed':
        return ports.claimed()
      case 'stopped':
        return ports.stopped()
    }
  }

  const send = ({ to, sequence, spread, message, rider, peers }: Extract<LeaseEffect, { kind: 'send' }>): void => {
    const recipients = to.flatMap((name) => {
      const peer = peers[name]
      return peer ? [{ node: name, ...peer }] : []
    })
    ports.send({ from: node, incarnation, sequence, spread, message, rider }, recipients)
  }

  return { feed, stop: alarm.stop }
}
