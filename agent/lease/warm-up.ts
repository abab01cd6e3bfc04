/**
 * A warm-up in memory, before the process takes part: three nodes with clocks of their own elect an owner, lose it and
 * hand over. V8 compiles a function when it is first called, and a takeover, the rarest thing that happens here, would
 * pay for all of them at once: 20 ms and more under emulation. Nothing of it reaches the network, the kernel or the disk.
 */
import { type Keys, type LeaseView, type MacState, type Outgoing, open, sealer } from '@lvsm/protocol'
import { type Instant, instant, type Random } from '@lvsm/base'
import { NEW_STATE } from '@lvsm/lease'
import { createLeaseCore, type LeaseCore } from './core/core.ts'
import type { LeaseInput } from './core/events.ts'
import { type Addressee, type FenceOutcome, FINE } from './ports.ts'
import { type Pump, startPump } from './pump.ts'

const NODES = ['a', 'b', 'c'] as const
/** Virtual milliseconds: quarantine, election, some renewals, a takeover and a hand-over. */
const LENGTH_MS = 1500
const OWNER_DIES_MS = 700
const HANDOVER_MS = 1300

const viewOf = (node: string): LeaseView => ({
  cluster: 'warm-up',
  node,
  epoch: 1,
  revision: 1,
  timing: { keepaliveMs: 100, leaseMs: 400, applyMs: 20, warntimeMs: 300, deadtimeMs: 1000, drainMs: 100 },
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
  readonly pump: Pump
  wakeAt: number
}
/** What the three share: a network and a clock. */
interface Stage {
  now: number
  taken: number
  readonly network: { readonly to: string; readonly input: LeaseInput }[]
}

/** No MAC: the hashes are at work all the time anyway. */
const BARE: MacState = { update: () => {}, tag: () => new Uint8Array() }
const KEYS: Keys = { macBytes: () => 0, begin: () => BARE }

/** Returns how often the group was taken: 3 when all went as it should. */
export function warmUp(random: Random): number {
  const stage: Stage = { now: 0, taken: 0, network: [] }
  let dead = ''
  const actors = new Map(
    NODES.map((node, index) => [node as string, actorOf(stage, node, `${index}`.repeat(32), random)]),
  )
  const give = (node: string, input: LeaseInput): void => {
    if (node !== dead) actors.get(node)?.pump.feed(input)
  }
  for (const node of NODES) give(node, { kind: 'view', view: viewOf(node) })
  for (; stage.now < LENGTH_MS; stage.now += 10) {
    for (const [node, actor] of actors) {
      if (stage.now % 500 === 0)
        give(node, { kind: 'ready', group: 'group', ready: true, interfaceDown: false, reaches: 0, reason: '' })
      if (actor.wakeAt <= stage.now) give(node, { kind: 'wake' })
    }
    for (let next = stage.network.shift(); next; next = stage.network.shift()) give(next.to, next.input)
    if (stage.now === OWNER_DIES_MS) dead = 'a'
    if (stage.now === HANDOVER_MS) give('b', { kind: 'switchover', group: 'group', to: 'c', reason: 'warm-up' })
    actors.get('b')?.core.status(instant(stage.now))
  }
  return stage.taken
}

function actorOf(stage: Stage, node: string, incarnation: string, random: Random): Actor {
  const core = createLeaseCore({ node, incarnation, random, startedAt: instant(0), state: NEW_STATE, kept: true })
  const clock = (): Instant => instant(stage.now)
  const fenced = (timeoutMs: number): FenceOutcome => ({ ...FINE, timeoutMs, done: clock() })
  const actor: Actor = {
    core,
    wakeAt: 0,
    pump: startPump(node, incarnation, {
      clock,
      step: (input, now) => core.step(input, now),
      fence: {
        apply: ({ timeoutMs }) => fenced(timeoutMs),
        build: (_, carried) => ({
          ...FINE,
          carried: carried.map(({ group, timeoutMs }) => ({ group, ...fenced(timeoutMs) })),
        }),
        clear: () => FINE,
      },
      afterGrace: (over) => over(),
      addresses: { add: () => FINE, remove: () => FINE, announce: () => FINE },
      alarm: () => ({ set: (at) => void (actor.wakeAt = at), stop: () => undefined }),
      send: (outgoing, recipients) => post(stage, outgoing, recipients),
      persist: (_, _view, done) => done(''),
      useView: () => undefined,
      deliver: () => undefined,
      event: ({ event }) => void (stage.taken += event.kind === 'took' ? 1 : 0),
      claimed: () => undefined,
      stopped: () => undefined,
      unfenced: () => undefined,
      count: () => undefined,
    }),
  }
  return actor
}

/** Sealed and opened as on the wire. */
function post({ network }: Stage, outgoing: Outgoing, recipients: readonly Addressee[]): void {
  const seal = sealer(outgoing, 'warm-up', 1, KEYS)
  for (const { node, incarnation } of recipients) {
    const opened = open(seal(incarnation), 'warm-up', KEYS)
    if (opened.ok) network.push({ to: node, input: { kind: 'datagram', envelope: { ...opened.datagram, link: 0 } } })
  }
}
