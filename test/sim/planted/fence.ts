/** Mistakes at the kernel's fence, its addresses and frames (agent/lease/FENCE.md). */
import { after, type Instant } from '@lvsm/base'
import type { Fence, FenceOrder, FenceOutcome } from '../../../agent/lease/ports.ts'
import type { PumpPorts } from '../../../agent/lease/pump.ts'
import type { Plant } from '../plant.ts'
import { type Mistake, mistake, wrapped } from './mistake.ts'

const LATE_MS = 15
const ANY_TIME = Number.POSITIVE_INFINITY as Instant

const fence = (change: (fence: Fence, ports: PumpPorts) => Partial<Fence>): Plant =>
  wrapped((ports) => ({ fence: { ...ports.fence, ...change(ports.fence, ports) } }))
const applied = (change: (apply: Fence['apply'], order: FenceOrder, ports: PumpPorts) => FenceOutcome): Plant =>
  fence((honest, ports) => ({ apply: (order) => change((one) => honest.apply(one), order, ports) }))
/** As if it had been done. */
const pretended = (ports: PumpPorts, order: FenceOrder): FenceOutcome => ({
  result: 'done',
  error: '',
  timeoutMs: order.timeoutMs,
  done: ports.clock(),
})
const closesOnly = ({ op, parts }: FenceOrder, part: string): boolean => op === 'close' && parts.join() === part

const RENEWALS: readonly Mistake[] = [
  mistake('a renewal revives what has expired', 'agent/lease/FENCE.md row 5', 'chance', { tables: { revives: true } }),
  mistake('a carry revives what has expired', 'agent/lease/FENCE.md section 3', 'tables that are replaced late', {
    tables: { carryRevives: true },
  }),
  mistake('new tables come up open', 'agent/lease/FENCE.md section 1', 'chance', { tables: { bornOpen: true } }),
  mistake(
    'renewed for a whole lease',
    'packages/lease/PROTOCOL.md 4.4',
    'chance',
    applied((apply, order) =>
      apply(order.op === 'renew' ? { ...order, timeoutMs: 2 * order.timeoutMs, notAfter: ANY_TIME } : order),
    ),
  ),
  mistake(
    'a lost answer is taken for a refusal',
    'agent/lease/FENCE.md row 6',
    'lost answers of the kernel',
    applied((apply, order) => {
      const outcome = apply(order)
      return outcome.result === 'unknown' ? { ...outcome, result: 'refused' } : outcome
    }),
  ),
  mistake(
    'a lost answer is taken for success',
    'agent/lease/FENCE.md row 6',
    ['lost answers of the kernel', 'chance'],
    applied((apply, order) => {
      const outcome = apply(order)
      return outcome.result === 'unknown' ? { ...outcome, result: 'done' } : outcome
    }),
  ),
  mistake(
    'a refusal is taken for success',
    'agent/lease/FENCE.md row 6',
    'takeover after kernel refuses all',
    applied((apply, order) => ({
      ...apply(order),
      result: 'done',
    })),
  ),
]

const CLOSING: readonly Mistake[] = [
  mistake(
    'announcements are not closed before RELEASE',
    'agent/lease/FENCE.md row 12',
    'a planned move',
    applied((apply, order, ports) => (closesOnly(order, 'announce') ? pretended(ports, order) : apply(order))),
  ),
  mistake(
    'a close counts while frames are on their way',
    'agent/lease/FENCE.md row 13',
    ['a planned move', 'takeover after stop', 'chance'],
    wrapped(() => ({ afterGrace: (over) => over() })),
  ),
  mistake('RELEASE before everything is off', 'packages/lease/PROTOCOL.md 4.5', 'takeover after stop', {
    implant: () => {
      const late: (() => void)[] = []
      let releasedAt: Instant | null = null
      return {
        wrap: (ports) => ({
          ...ports,
          step(input, now) {
            if (releasedAt !== null && now > after(releasedAt, LATE_MS)) for (const run of late.splice(0)) run()
            return ports.step(input, now)
          },
          fence: {
            ...ports.fence,
            apply(order) {
              if (order.op !== 'close') return ports.fence.apply(order)
              late.push(() => ports.fence.apply(order))
              return pretended(ports, order)
            },
          },
          send(outgoing, recipients) {
            ports.send(outgoing, recipients)
            if (outgoing.message.kind === 'release') releasedAt ??= ports.clock()
          },
        }),
      }
    },
  }),
  mistake(
    'the drain has no end',
    'agent/lease/FENCE.md row 12',
    'a planned move from who freezes as it drains',
    applied((apply, order) =>
      order.op === 'renew' && order.parts.join() === 'serve'
        ? { ...apply({ ...order, timeoutMs: 20 * order.timeoutMs, notAfter: ANY_TIME }), timeoutMs: order.timeoutMs }
        : apply(order),
    ),
  ),
  mistake(
    'serving is not closed',
    'agent/lease/FENCE.md row 1',
    ['takeover after stop', 'chance'],
    applied((apply, order) => (order.op === 'close' ? apply({ ...order, parts: ['announce'] }) : apply(order))),
  ),
  mistake(
    'the fence is never closed',
    'agent/lease/FENCE.md section 3',
    ['takeover after stop', 'chance'],
    applied((apply, order, ports) => (order.op === 'close' ? pretended(ports, order) : apply(order))),
  ),
]

const ADDRESSES: readonly Mistake[] = [
  mistake(
    'the fence opens while the address is on',
    'agent/lease/FENCE.md row 5',
    'chance',
    wrapped((ports) => ({
      addresses: { ...ports.addresses, remove: () => ({ result: 'done', error: '' }) },
    })),
  ),
  mistake(
    "a predecessor's addresses are not swept",
    'agent/lease/FENCE.md section 3',
    'an owner that comes back to another configuration',
    {
      sweepsNothing: true,
    },
  ),
  mistake('a stop takes tables away that it did not build', 'agent/lease/FENCE.md section 3', 'chance', {
    clearsUnseen: true,
  }),
  mistake(
    'a flush is not noticed',
    'agent/lease/FENCE.md row 7',
    'a flush under a healthy owner',
    wrapped((ports) => ({
      step: (input, now) => (input.kind === 'fence-lost' ? [] : ports.step(input, now)),
    })),
  ),
  mistake(
    'an address that was taken off is not put back',
    'agent/lease/README.md',
    'an address that a stranger takes off',
    wrapped((ports) => ({
      step: (input, now) => (input.kind === 'address-lost' ? [] : ports.step(input, now)),
    })),
  ),
  mistake(
    'addresses have no lifetime',
    'agent/lease/FENCE.md row 7',
    'a flush while nobody can act',
    wrapped((ports) => ({
      addresses: { ...ports.addresses, add: (group) => ports.addresses.add(group, 1_000_000) },
    })),
  ),
  mistake(
    'the lifetime of addresses is not extended',
    'agent/lease/FENCE.md row 7',
    'steadfast with an equal peer',
    wrapped((ports) => {
      const added = new Set<string>()
      return {
        addresses: {
          ...ports.addresses,
          add: (group, seconds) =>
            added.size === added.add(group.name).size
              ? { result: 'done', error: '' }
              : ports.addresses.add(group, seconds),
        },
      }
    }),
  ),
  mistake(
    'frames leave after the lease',
    'agent/lease/FENCE.md row 3',
    'hold-ups in planned moves',
    wrapped((ports) => ({
      addresses: { ...ports.addresses, announce: (group) => ports.addresses.announce(group, ANY_TIME) },
    })),
  ),
  mistake(
    'nothing is announced',
    'agent/lease/FENCE.md section 3',
    'takeover after power cut',
    wrapped((ports) => ({
      addresses: { ...ports.addresses, announce: () => ({ result: 'done', error: '' }) },
    })),
  ),
]

export const FENCE: readonly Mistake[] = [...RENEWALS, ...CLOSING, ...ADDRESSES]
