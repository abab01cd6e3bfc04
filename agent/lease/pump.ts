/**
 * What carries the effects of the lease core out, under the driver that both processes share. Everything here is synchronous;
 * a step and its effects take well under a millisecond.
 */
import { type CounterName, type DurableState, type LeaseView, type Outgoing } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import { type Driver, startDriver } from '../driver/driver.ts'
import type { LeaseEffect, LeaseInput } from './core/events.ts'
import { BOTH } from './core/kernel-calls.ts'
import type { Addressee, Addresses, Fence } from './ports.ts'

/** Inputs that may wait; more are dropped and counted, as the network would. */
const LONGEST_INBOX = 10_000

export interface PumpPorts {
  clock(): Instant
  step(input: LeaseInput, now: Instant): LeaseEffect[]
  fence: Fence
  /** Calls back once no packet that the fence let through before is in the hands of a processor any more. */
  afterGrace(over: () => void): void
  addresses: Addresses
  /** As the driver's. */
  later?(resume: () => void): void
  /** One timer; it rings when its time has come, and not before. */
  alarm(ring: () => void): { set(at: Instant): void; stop(): void }
  send(outgoing: Outgoing, recipients: readonly Addressee[]): void
  /** The view before the state, where there is one. Calls back once, with the error of the write; empty: the disk has both for certain. */
  persist(state: DurableState, view: LeaseView | null, done: (error: string) => void): void
  /** The turn of a view has come: its sockets, and then the core once more. */
  useView(view: LeaseView): void
  deliver(from: string, payload: Uint8Array): void
  event(effect: Extract<LeaseEffect, { kind: 'event' }>): void
  claimed(): void
  stopped(): void
  /** The fence's tables could not be built: nothing may go on. */
  unfenced(error: string): void
  count(name: CounterName): void
}

export type Pump = Pick<Driver<LeaseInput>, 'feed' | 'stop'>

export function startPump(node: string, incarnation: string, ports: PumpPorts): Pump {
  const driver: Driver<LeaseInput> = startDriver<LeaseInput, LeaseEffect>({
    clock: () => ports.clock(),
    step: (input, now) => ports.step(input, now),
    carryOut: (effect) => carryOut({ node, incarnation, ports, driver }, effect),
    alarm: (ring) => ports.alarm(ring),
    ...(ports.later ? { later: (resume) => ports.later?.(resume) } : {}),
    longestInbox: LONGEST_INBOX,
    mayDrop: ({ kind }) => kind === 'datagram',
    dropped: () => ports.count('inbox-full'),
  })
  return driver
}

interface Parts {
  readonly node: string
  readonly incarnation: string
  readonly ports: PumpPorts
  readonly driver: Driver<LeaseInput>
}

function carryOut(parts: Parts, effect: LeaseEffect): void {
  const { ports, driver } = parts
  switch (effect.kind) {
    case 'send':
      return send(parts, effect)
    case 'fence':
      return fence(parts, effect)
    case 'fence-tables':
      return build(parts, effect)
    case 'address': {
      const { op, group, validSeconds } = effect
      const { result, error } = op === 'add' ? ports.addresses.add(group, validSeconds) : ports.addresses.remove(group)
      return driver.feed({ kind: 'addressed', group: group.name, op, ok: result === 'done', error })
    }
    case 'announce':
      if (ports.addresses.announce(effect.group, effect.notAfter).result !== 'done') ports.count('announce-failed')
      return
    case 'persist':
      return ports.persist(effect.state, effect.view, (error) =>
        driver.feed({ kind: 'persisted', ok: error === '', error }),
      )
    case 'use-view':
      return ports.useView(effect.view)
    case 'deliver':
      return ports.deliver(effect.from, effect.payload)
    case 'event':
      return ports.event(effect)
    case 'claimed':
      return ports.claimed()
    case 'stopped':
      return ports.stopped()
    case 'wake':
      // The driver's own.
      return
  }
}

/** A fence counts as closed, to the voters too, when the frames that passed it have left (FENCE.md, row 13). */
function fence({ ports, driver }: Parts, effect: Extract<LeaseEffect, { kind: 'fence' }>): void {
  const { group, op, parts } = effect
  const outcome = ports.fence.apply(effect)
  const answer = (): void => driver.feed({ kind: 'fenced', group, op, parts, ...outcome })
  if (op === 'close' && outcome.result === 'done') ports.afterGrace(answer)
  else answer()
}

function build({ ports, driver }: Parts, effect: Extract<LeaseEffect, { kind: 'fence-tables' }>): void {
  const built = ports.fence.build(effect.groups, effect.carried)
  if (built.result !== 'done') {
    // Without its fence a director may own nothing: the supervisor starts the process again, closed.
    driver.halt()
    return ports.unfenced(built.error)
  }
  for (const one of built.carried) driver.feed({ kind: 'fenced', op: 'carry', parts: BOTH, ...one })
}

function send({ node, incarnation, ports }: Parts, effect: Extract<LeaseEffect, { kind: 'send' }>): void {
  const { to, sequence, spread, message, piggybacked, peers } = effect
  const recipients = to.flatMap((name) => {
    const peer = peers[name]
    return peer ? [{ node: name, ...peer }] : []
  })
  ports.send({ from: node, incarnation, sequence, spread, message, piggybacked }, recipients)
}
