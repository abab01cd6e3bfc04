/**
 * Interfaces that the cluster uses and that lose frames, lose their carrier again and again, or go slower than they did. Judged by what came within
 * the last while, never by totals since boot: a cable that was bad once is no trouble, and a trickle of damaged frames is none either.
 */
import { between, type Instant, type Severity, type Trouble } from '@lvsm/base'
import type { Frames, InterfaceReading, Pace } from './reading.ts'
import type { Going } from './standing.ts'
import { grown, rise, type Series } from './series.ts'

type Direction = 'rx' | 'tx'
type Loss = 'errors' | 'dropped'
/** So many within that time, and that share of all, begin a trouble; fewer than `few` within a minute end it. */
const BEGIN_MS = 30_000
const END_MS = 60_000
const RULES: Readonly<Record<Loss, { readonly many: number; readonly share: number; readonly few: number }>> = {
  errors: { many: 20, share: 0.001, few: 5 },
  dropped: { many: 300, share: 0.01, few: 30 },
}
/** Each that is lost costs a request a retransmission of 200 ms or more. */
const CRITICAL_SHARE = 0.01

/** Down and up is two changes: somebody who plugs a cable in anew, or sets an interface down and up, makes fewer. */
const FLAPS = { changes: 6, spanMs: 300_000, quietMs: 150_000 } as const
/** One reading is a negotiation. */
const SLOW_READINGS = 2
/** So long after its carrier came an interface may run at something else than before. */
const NEGOTIATES_MS = 30_000
/** So long at a lower speed it is what the cable has. */
const SLOW_MS = 12 * 3_600_000

interface Worst {
  readonly direction: Direction
  readonly loss: Loss
  /** The worst share while it lasts. */
  readonly share: number
}
export interface Watched {
  readonly last: InterfaceReading
  readonly series: Series
  readonly worst: Worst | null
  readonly flapping: boolean
  readonly changedAt: Instant | null
  /** As it was asked last; null: not yet. */
  readonly pace: Pace | null
  readonly fastest: number
  readonly slow: number
  readonly slowSince: Instant | null
}
/** By name. */
export type Interfaces = ReadonlyMap<string, Watched>
export const NO_INTERFACES: Interfaces = new Map()

const figuresOf = ({ rx, tx, carrierChanges }: InterfaceReading): Record<string, number> => ({
  carrierChanges,
  ...ofFrames('rx', rx),
  ...ofFrames('tx', tx),
})
const ofFrames = (direction: Direction, { packets, errors, dropped, kinds }: Frames): Record<string, number> => ({
  ...kinds,
  [`${direction} packets`]: packets,
  [`${direction} errors`]: errors,
  [`${direction} dropped`]: dropped,
})

/** What an earlier life of this agent told of an interface that goes slower. */
export interface Slowed {
  readonly fastest: number
  readonly since: Instant
}
export const interfacesNow = (
  before: Interfaces,
  read: readonly InterfaceReading[],
  now: Instant,
  slowed: (name: string) => Slowed | null = () => null,
): Interfaces => new Map(read.map((one) => [one.name, watchedNow(before.get(one.name) ?? null, one, now, slowed)]))

function watchedNow(
  before: Watched | null,
  last: InterfaceReading,
  now: Instant,
  slowed: (name: string) => Slowed | null,
): Watched {
  const series = grown(before?.series ?? [], { at: now, figures: figuresOf(last) })
  const isChanged = before !== null && last.carrierChanges > before.last.carrierChanges
  const changedAt = isChanged ? now : (before?.changedAt ?? null)
  const isRecent = changedAt !== null && between(changedAt, now) < FLAPS.quietMs
  const isOften = rise(series, 'carrierChanges', now, FLAPS.spanMs) >= FLAPS.changes
  return {
    ...{ last, series, changedAt, ...pacedNow(before, last, now, slowed) },
    worst: last.device ? worstNow(before?.worst ?? null, series, now) : null,
    flapping: isOften || (isRecent && before?.flapping === true),
  }
}
type Paced = Pick<Watched, 'pace' | 'fastest' | 'slow' | 'slowSince'>
function pacedNow(
  before: Watched | null,
  { name, pace }: InterfaceReading,
  now: Instant,
  slowed: (name: string) => Slowed | null,
): Paced {
  const { fastest: most = 0, slow = 0, slowSince = null } = before ?? {}
  if (!pace) return { pace: before?.pace ?? null, fastest: most, slow, slowSince }
  const earlier = before?.pace ? null : slowed(name)
  const known = Math.max(most, pace.speed ?? 0, earlier?.fastest ?? 0)
  const since = isSlow(pace, known) ? (slowSince ?? earlier?.since ?? now) : null
  const isUsual = since !== null && between(since, now) >= SLOW_MS
  const fastest = isUsual ? (pace.speed ?? known) : known
  return { pace, fastest, slow: isSlow(pace, fastest) ? slow + 1 : 0, slowSince: since }
}
/** Half as fast or less. Asked of devices: what only passes a speed on (a bond, a VLAN, a bridge) is as fast as what it stands on, which is looked at by itself. */
const isSlow = ({ half, speed }: Pace, fastest: number): boolean => speed !== null && (half || speed * 2 <= fastest)

/** It may run at something else than it is known to, or nobody knows yet whether it only negotiated. */
export const areUnsure = (interfaces: Interfaces, now: Instant): boolean =>
  [...interfaces.values()].some(
    ({ last, changedAt, slow }) =>
      last.device &&
      ((changedAt !== null && between(changedAt, now) < NEGOTIATES_MS) || (slow > 0 && slow < SLOW_READINGS)),
  )

function worstNow(before: Worst | null, series: Series, now: Instant): Worst | null {
  const found = (['errors', 'dropped'] as const).flatMap((loss) =>
    (['rx', 'tx'] as const).flatMap((direction): Worst[] => {
      const share = shareOf(series, direction, loss, now)
      return share === null ? [] : [{ direction, loss, share }]
    }),
  )
  const [worst] = found.toSorted((one, other) => other.share - one.share)
  if (worst) return { ...worst, share: Math.max(worst.share, before?.share ?? 0) }
  if (!before) return null
  return rise(series, `${before.direction} ${before.loss}`, now, END_MS) >= RULES[before.loss].few ? before : null
}
/** Null: too few. */
function shareOf(series: Series, direction: Direction, loss: Loss, now: Instant): number | null {
  const lost = rise(series, `${direction} ${loss}`, now, BEGIN_MS)
  const share = lost / Math.max(1, lost + rise(series, `${direction} packets`, now, BEGIN_MS))
  const { many, share: least } = RULES[loss]
  return lost >= many && share >= least ? share : null
}

/** Those that are down are told as such. */
export function interfaceTroubles(
  interfaces: Interfaces,
  node: string,
  now: Instant,
  goes: (name: string) => Going | null,
  isDown: (name: string) => boolean,
): Trouble[] {
  return [...interfaces.values()].flatMap((one) => {
    const { name } = one.last
    const by = goes(name)
    if (!by) return []
    return [
      ...(isDown(name) ? [] : lossTroubles(one, node, now, by)),
      ...(standsOnFlapping(interfaces, one) ? [] : flapTroubles(one, node, now, by)),
      ...(isDown(name) ? [] : slowTroubles(one, node, by.text)),
    ]
  })
}
/** One cable: whatever stands on it loses its carrier with it. */
const standsOnFlapping = (interfaces: Interfaces, { last }: Watched): boolean =>
  last.lower.some((name) => {
    const one = interfaces.get(name)
    return one !== undefined && (one.flapping || standsOnFlapping(interfaces, one))
  })

const of = (code: string, severity: Severity, { last }: Watched): Pick<Trouble, 'code' | 'severity' | 'object'> => ({
  ...{ code, severity, object: `interface ${last.name}` },
})

const LOSSES: Readonly<Record<`${Direction} ${Loss}`, readonly [says: string, mend: (name: string) => string]>> = {
  'rx errors': [
    'receives damaged frames',
    (name) =>
      `exchange its cable, its transceiver and its port of the switch, one after the other; ethtool ${name} (speed, duplex), ethtool -S ${name}`,
  ],
  'rx dropped': [
    'has no room for what comes, and loses it',
    (name) =>
      `a larger ring (ethtool -g ${name}, ethtool -G ${name} rx N), interrupts on more processors (/proc/interrupts); ethtool -S ${name}`,
  ],
  'tx errors': [
    'cannot send what it should',
    (name) => `look at its cable and at both ends’ speed and duplex: ethtool ${name}, ethtool -S ${name}`,
  ],
  'tx dropped': [
    'drops what it should send',
    (name) => `ip -s -s link show ${name}, tc -s qdisc show dev ${name}, ethtool -S ${name}`,
  ],
}
function lossTroubles(one: Watched, node: string, now: Instant, by: Going): Trouble[] {
  const { last, worst, series } = one
  if (!worst) return []
  const [says, mend] = LOSSES[`${worst.direction} ${worst.loss}`]
  const kinds = Object.keys(last[worst.direction].kinds).flatMap((kind) => {
    const risen = rise(series, kind, now, END_MS)
    return risen === 0 ? [] : [`${kind} ${risen}`]
  })
  const severity = worst.share >= CRITICAL_SHARE ? 'critical' : 'warning'
  const percent = worst.share >= 0.1 ? Math.round(worst.share * 100) : Math.round(worst.share * 1000) / 10
  return [
    {
      ...(by.isSpare ? of('link-errors', 'warning', one) : of('interface-errors', severity, one)),
      message: `interface ${last.name} of ${node} ${says}: up to ${percent} % of all frames`,
      evidence: `/sys/class/net/${last.name}/statistics, within a minute: ${kinds.join(', ')}; ${by.text}`,
      hint: `on ${node}: ${mend(last.name)}`,
    },
  ]
}

function flapTroubles(one: Watched, node: string, now: Instant, by: Going): Trouble[] {
  if (!one.flapping) return []
  const { name, carrierChanges } = one.last
  const times = Math.ceil(rise(one.series, 'carrierChanges', now, FLAPS.spanMs) / 2)
  return [
    {
      ...(by.isSpare ? of('link-flaps', 'warning', one) : of('interface-flaps', 'critical', one)),
      message: `interface ${name} of ${node} loses its carrier again and again: ${times} times within five minutes`,
      evidence: `/sys/class/net/${name}/carrier_changes: ${carrierChanges}; ${by.text}`,
      hint: `exchange its cable, its transceiver and its port of the switch, one after the other; the log of the kernel has the times: journalctl -k -g ${name}`,
    },
  ]
}

const RAN = { text: (fastest: number): string => `, and ran at ${fastest} Mbit/s before`, read: / ran at (\d+) Mbit/ }
/** Of what an earlier life told: how fast it was. */
export const ranAt = (message: string): number => Number(RAN.read.exec(message)?.[1] ?? 0)

function slowTroubles(one: Watched, node: string, by: string): Trouble[] {
  const { name } = one.last
  const { speed = null, half = false } = one.pace ?? {}
  if (one.slow < SLOW_READINGS || speed === null) return []
  const before = speed < one.fastest ? RAN.text(one.fastest) : ''
  const meant = half ? '' : '; where that is meant it is over after twelve hours, or with systemctl restart lvsm-agent'
  return [
    {
      ...of('interface-slow', 'warning', one),
      message: `interface ${name} of ${node} runs at ${speed} Mbit/s${half ? ' and half duplex' : ''}${before}`,
      evidence: `/sys/class/net/${name}/speed: ${speed}, duplex: ${half ? 'half' : 'full'}; ${by}`,
      hint: `look at its cable, and at what both ends negotiate: ethtool ${name}, and the port of the switch${meant}`,
    },
  ]
}
