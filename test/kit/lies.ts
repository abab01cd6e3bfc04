/**
 * What a node in the wrong hands says: words of the protocols, with any values. It has the key and signs as itself, so nothing
 * of it is forged, and none of it may move a group, keep one from anybody, or use anything up.
 */
import type { AgentMessage, Echo, Message } from '@lvsm/protocol'
import type { Random } from '@lvsm/base'

const NUMBERS = [0, 1, 2, 1000, 2 ** 26, 2 ** 32, 2 ** 52, 2 ** 53 - 1]
const TIMES = [0, 1, 35, 350, 5000, 30_000, 3_600_000]
const NAMES = ['', 'web', 'http', 'dir1', 'dir2', 'rs1', 'rs2', 'rs3', 'nothing', '__proto__']
const TEXTS = ['', 'well', '\u001b[2J\u001b[1;31mroot', 'x'.repeat(200)]
const KINDS = ['request', 'request', 'poll', 'release', 'ack', 'free', 'busy', 'offer', 'answer', 'heartbeat'] as const
const REASONS = ['held', 'reserved', 'epoch', 'unknown-list', 'number'] as const

export interface About {
  readonly group: string
  readonly digest: string
  readonly epoch: number
}
/** What it has heard, being a member. */
export interface Facts {
  readonly groups: readonly Omit<About, 'epoch'>[]
  readonly echo: Echo
  /** The highest lease number that was named. */
  readonly highest: number
}
export const picker =
  (random: Random) =>
  <T>(list: readonly T[]): T =>
    list[Math.floor(random.next() * list.length)] as T

/** To a lease process. */
export function leaseLie(random: Random, { groups, echo, highest }: Facts): Message {
  const pick = picker(random)
  const yes = (): boolean => random.next() < 0.5
  const { group, digest } = random.next() < 0.9 ? pick(groups) : { group: 'nothing', digest: 'f'.repeat(16) }
  const about: About = { group, digest, epoch: 1 }
  const [number, time] = [yes() ? highest + 1 : pick(NUMBERS), pick(TIMES)]
  const kind = pick(KINDS)
  switch (kind) {
    case 'request':
      return { kind, ...about, leaseMs: time, number }
    case 'poll':
      return { kind, ...about }
    case 'release':
      return { kind, ...about, upTo: number, successor: yes() ? null : pick(NAMES) }
    case 'ack':
      return { kind, ...about, echo, grantMs: time, highWater: number }
    case 'free':
      return { kind, ...about, echo, highWater: number }
    case 'busy':
      return { kind, ...about, echo, reason: pick(REASONS), leftMs: time, highWater: number }
    case 'offer':
      return { kind, ...about, number }
    case 'answer':
      return { kind, ...about, echo, willing: yes(), reason: pick(TEXTS) }
    case 'heartbeat': {
      const claim = { group, holds: yes(), ready: yes(), reaches: 255, number, leftMs: time }
      const voters = (yes() ? 'f' : '0').repeat(16)
      return { kind, revision: number, standby: yes(), voters, groups: [claim] }
    }
  }
}

/** To an agent; `count` makes it another one each time. */
export function agentLie(random: Random, count: number): AgentMessage {
  const pick = picker(random)
  const id = pick(['dir1-move-1', 'dir1-ask-1', `${count}`])
  const at = pick(['9999-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 'never'])
  const kind = pick(['took', 'lost', 'repaired', 'note'])
  const events = [{ at, group: pick(NAMES), kind, number: 2 ** 50, reason: `${pick(TEXTS)} ${count}` }]
  const ready = { [pick(NAMES)]: pick(TEXTS) }
  const key = '10.11.0.11:80'
  const destination = { key, weight: 0, healthy: false, active: 1e9, inactive: 0, reason: pick(TEXTS) }
  const state: AgentMessage = {
    ...{ kind: 'state', revision: count, boot: `${count}`, agreement: {}, standby: random.next() < 0.5 },
    ...{ state: pick(['owner', 'standby', 'troubled']), reason: pick(TEXTS), ready, pings: {}, troubles: [], events },
  }
  return pick<AgentMessage>([
    state,
    { kind: 'more', ready, events },
    { kind: 'tables', services: { [pick(NAMES)]: [destination] } },
    { kind: 'ask', id, command: { verb: 'switchover', group: pick(NAMES), to: pick(NAMES) } },
    { kind: 'ask', id, command: { verb: 'standby', on: random.next() < 0.5, name: pick(NAMES) } },
    { kind: 'answer', id, outcome: { ok: true, report: { owner: 'rs3' } } },
    { kind: 'prepare', id, group: pick(NAMES) },
    { kind: 'prepared', id, group: pick(NAMES) },
  ])
}
