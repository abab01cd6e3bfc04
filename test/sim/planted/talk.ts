/** Mistakes in what nodes say to each other, in whom they believe, and when they act (packages/lease/PROTOCOL.md). */
import { type Heartbeat, type LeaseView, type Outgoing } from '@lvsm/protocol'
import { after, type Instant } from '@lvsm/base'
import { voterDigest } from '@lvsm/lease'
import type { Envelope, LeaseInput } from '../../../agent/lease/core/events.ts'
import type { Addressee } from '../../../agent/lease/ports.ts'
import type { Plant } from '../plant.ts'
import { type Mistake, mistake, wrapped } from './mistake.ts'

/** What comes in as a datagram is changed, or lost. */
const heard = (change: () => (envelope: Envelope) => Envelope | null): Plant =>
  wrapped((ports) => {
    const changed = change()
    return {
      step(input, now) {
        if (input.kind !== 'datagram') return ports.step(input, now)
        const envelope = changed(input.envelope)
        return envelope ? ports.step({ kind: 'datagram', envelope }, now) : []
      },
    }
  })
const said = (change: (outgoing: Outgoing) => Outgoing | null): Plant =>
  wrapped((ports) => ({
    send(outgoing, recipients) {
      const changed = change(outgoing)
      if (changed) ports.send(changed, recipients)
    },
  }))
const routed = (change: (addressee: Addressee) => Addressee): Plant =>
  wrapped((ports) => ({ send: (outgoing, recipients) => ports.send(outgoing, recipients.map(change)) }))
const given = (change: (input: LeaseInput) => LeaseInput | null): Plant =>
  wrapped((ports) => ({
    step(input, now) {
      const changed = change(input)
      return changed ? ports.step(changed, now) : []
    },
  }))

const eachBeat = (envelope: Envelope, change: (heartbeat: Heartbeat) => Heartbeat): Envelope => ({
  ...envelope,
  message: envelope.message.kind === 'heartbeat' ? change(envelope.message) : envelope.message,
  piggybacked: envelope.piggybacked && change(envelope.piggybacked),
})

const PEERS: readonly Mistake[] = [
  mistake(
    'the start that was heard last is addressed',
    'packages/lease/PROTOCOL.md 2.1',
    'recordings of older starts',
    wrapped((ports) => {
      const last = new Map<string, string>()
      return {
        step(input, now) {
          if (input.kind === 'datagram') last.set(input.envelope.from, input.envelope.incarnation)
          return ports.step(input, now)
        },
        send: (outgoing, recipients) =>
          ports.send(
            outgoing,
            recipients.map((one) => ({ ...one, incarnation: last.get(one.node) ?? one.incarnation })),
          ),
      }
    }),
  ),
  mistake(
    'nobody looks to whom a datagram is addressed',
    'packages/lease/PROTOCOL.md 2.1',
    'recordings of older starts',
    {
      implant: ({ node, incarnation }) => ({
        wrap: (ports) => ({
          ...ports,
          step: (input, now) =>
            ports.step(
              input.kind === 'datagram' && node === 'dir1'
                ? { ...input, envelope: { ...input.envelope, to: incarnation } }
                : input,
              now,
            ),
        }),
      }),
    },
  ),
  mistake(
    'the start that was heard last retires the one before',
    'packages/lease/PROTOCOL.md 2.1',
    'recordings of older starts',
    heard(() => {
      const last = new Map<string, string>()
      const retired = new Set<string>()
      return (envelope) => {
        const { from, incarnation } = envelope
        if (retired.has(incarnation)) return null
        const before = last.get(from)
        if (before !== undefined && before !== incarnation) retired.add(before)
        last.set(from, incarnation)
        return envelope
      }
    }),
  ),
  mistake(
    'who counts other voters is no matter',
    'packages/lease/PROTOCOL.md 5.3',
    'voters exchanged file by file',
    wrapped((ports) => {
      let view: LeaseView | null = null
      const mine = (heartbeat: Heartbeat): Heartbeat => (view ? { ...heartbeat, voters: voterDigest(view) } : heartbeat)
      return {
        step(input, now) {
          if (input.kind === 'view') view = input.view
          if (input.kind !== 'datagram') return ports.step(input, now)
          return ports.step({ kind: 'datagram', envelope: eachBeat(input.envelope, mine) }, now)
        },
      }
    }),
  ),
  mistake(
    'one link carries everything',
    'agent/lease/README.md',
    'steadfast with one dead link of two',
    routed((one) => ({
      ...one,
      route: { spread: 'one', heardOn: 0, heartbeat: false, turn: 0 },
    })),
  ),
  mistake(
    'the node that was heard is not the one to answer by',
    'agent/lease/README.md',
    'steadfast with one dead link of two',
    routed((one) => ({
      ...one,
      route: { spread: 'one', heardOn: null, heartbeat: true, turn: 1 },
    })),
  ),
]

const TURNS: readonly Mistake[] = [
  mistake('the back-off is not random', 'packages/lease/PROTOCOL.md 5.2', 'rivals of one rank', {
    implant: () => ({ random: { next: () => 0.5 } }),
  }),
  mistake(
    'ranks are ignored',
    'packages/lease/PROTOCOL.md 5.1',
    'takeover after power cut',
    heard(
      () => (envelope) =>
        eachBeat(envelope, (heartbeat) => ({
          ...heartbeat,
          groups: heartbeat.groups.map((claim) => ({ ...claim, ready: false })),
        })),
    ),
  ),
  mistake(
    'a named successor is not kept in mind',
    'packages/lease/PROTOCOL.md 5.4',
    'a planned move',
    heard(
      () => (envelope) =>
        envelope.message.kind === 'release'
          ? { ...envelope, message: { ...envelope.message, successor: null } }
          : envelope,
    ),
  ),
  mistake(
    'who refuses an offer is taken to be willing',
    'packages/lease/PROTOCOL.md 5.4',
    'a move to who is not ready',
    heard(
      () => (envelope) =>
        envelope.message.kind === 'answer'
          ? { ...envelope, message: { ...envelope.message, willing: true } }
          : envelope,
    ),
  ),
  mistake(
    'nobody is told of a release',
    'packages/lease/PROTOCOL.md 4.5',
    'takeover after stop',
    said((outgoing) => (outgoing.message.kind === 'release' ? null : outgoing)),
  ),
  mistake(
    'a stop just ends',
    'packages/lease/PROTOCOL.md 4.5',
    'takeover after stop',
    wrapped((ports) => ({
      step(input, now) {
        if (input.kind === 'stop') ports.stopped()
        return input.kind === 'stop' ? [] : ports.step(input, now)
      },
    })),
  ),
  mistake(
    'who got no majority gives nothing back',
    'packages/lease/PROTOCOL.md 5.2',
    'rivals of one rank',
    said((outgoing) => (outgoing.message.kind === 'release' ? null : outgoing)),
  ),
  mistake(
    'every lease has the same number',
    'packages/lease/PROTOCOL.md 3.6',
    'takeover after power cut',
    said((outgoing) =>
      outgoing.message.kind === 'request' ? { ...outgoing, message: { ...outgoing.message, number: 1 } } : outgoing,
    ),
  ),
  mistake(
    'a number out of reach is followed',
    'packages/lease/PROTOCOL.md 3.6',
    'a voter that names a number out of reach',
    wrapped((ports) => {
      let highest = 0
      return {
        step(input, now) {
          const message = input.kind === 'datagram' ? input.envelope.message : null
          if (message?.kind === 'free' || message?.kind === 'busy') highest = Math.max(highest, message.highWater)
          return ports.step(input, now)
        },
        send: (outgoing, recipients) =>
          ports.send(
            outgoing.message.kind === 'request'
              ? { ...outgoing, message: { ...outgoing.message, number: Math.max(outgoing.message.number, highest) } }
              : outgoing,
            recipients,
          ),
      }
    }),
  ),
  mistake(
    'a refused request holds the holder up',
    'packages/lease/PROTOCOL.md 3.7',
    'steadfast with a candidate that asks out of turn',
    heard(() => {
      const promised = new Map<string, string>()
      return (envelope) => {
        const { message, from } = envelope
        if (message.kind !== 'request') return envelope
        const before = promised.get(message.group)
        promised.set(message.group, from)
        // As if a second round were needed after somebody else asked.
        return before === undefined || before === from ? envelope : null
      }
    }),
  ),
]

const TIMELY: readonly Mistake[] = [
  mistake(
    'a process that is not prepared keeps the group',
    'agent/lease/README.md',
    'better: the owner is not ready',
    given((input) => (input.kind === 'ready' ? { ...input, ready: true } : input)),
  ),
  mistake(
    'ping nodes are not counted',
    'agent/lease/README.md',
    'better: the owner reaches fewer ping nodes',
    given((input) => (input.kind === 'ready' ? { ...input, reaches: 0 } : input)),
  ),
  mistake(
    'a moment of weakness moves a group',
    'agent/lease/README.md',
    'better: the owner is not ready',
    wrapped((ports) => ({
      step(input, now) {
        const effects = ports.step(input, now)
        if (input.kind !== 'ready' || input.ready) return effects
        return [
          ...effects,
          ...ports.step({ kind: 'switchover', group: input.group, to: null, reason: 'not ready' }, now),
        ]
      },
    })),
  ),
  mistake(
    'no carrier is nobody’s business',
    'agent/lease/README.md',
    'takeover after no carrier',
    given((input) => (input.kind === 'ready' ? { ...input, interfaceDown: false, ready: true } : input)),
  ),
  mistake(
    'the alarm rings late',
    'packages/lease/PROTOCOL.md 2.2',
    'takeover after power cut',
    wrapped((ports, { leaseMs }) => ({
      alarm(ring) {
        const inner = ports.alarm(ring)
        return { set: (at: Instant) => inner.set(after(at, leaseMs / 2)), stop: () => inner.stop() }
      },
    })),
  ),
  mistake(
    "the alarm's time is taken for the clock's",
    'packages/lease/PROTOCOL.md 2.2',
    'chance',
    wrapped((ports) => {
      const EARLY_MS = 25
      let wish: Instant | null = null
      return {
        alarm(ring) {
          const inner = ports.alarm(ring)
          return {
            set(at: Instant) {
              wish = at
              inner.set(after(at, -EARLY_MS))
            },
            stop: () => inner.stop(),
          }
        },
        step: (input, now) => ports.step(input, input.kind === 'wake' && wish !== null && wish > now ? wish : now),
      }
    }),
  ),
]

export const TALK: readonly Mistake[] = [...PEERS, ...TURNS, ...TIMELY]
