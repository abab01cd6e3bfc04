/**
 * How long IPVS remembers connections. What the configuration says is brought about; what it says no more gets back the value from before us,
 * unless somebody else has set it meanwhile. Of a kernel that has lost IPVS nothing is to be given back: it begins anew.
 */
import type { Trouble } from '@lvsm/base'
import { type IpvsTimeouts, type NodeView, timeoutsText } from '@lvsm/model'
import type { Desired } from './desired.ts'
import type { Observed } from './observed.ts'
import type { Operation } from './operation.ts'
import { FORMER, formersOf, type OwnedRecord, TIMEOUT_KEY } from './record.ts'

/** As the record names them. */
const NAMES = { tcp: 'tcp', tcpFin: 'tcp-fin', udp: 'udp' } as const satisfies Record<keyof IpvsTimeouts, string>
const FIGURES = ['tcp', 'tcpFin', 'udp'] as const
const NOTHING_SAID: IpvsTimeouts = { tcp: null, tcpFin: null, udp: null }

/** Text of whole seconds; null where the record has been spoilt. */
const secondsOf = (text: string): number | null => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : null)

export function setTimeouts(
  { timeouts: was }: Pick<Observed, 'timeouts'>,
  { timeouts: wished = NOTHING_SAID }: Pick<Desired, 'timeouts'>,
  record: OwnedRecord,
): Operation[] {
  if (!was) return []
  const formers = formersOf(record, TIMEOUT_KEY)
  const figure = (name: keyof IpvsTimeouts): number | null => {
    const former = formers.find((one) => one.name === NAMES[name] && one.wrote === String(was[name]))
    return wished[name] ?? (former ? secondsOf(former.was) : null)
  }
  const timeouts: IpvsTimeouts = { tcp: figure('tcp'), tcpFin: figure('tcpFin'), udp: figure('udp') }
  const differs = FIGURES.some((name) => timeouts[name] !== null && timeouts[name] !== was[name])
  return differs ? [{ kind: 'timeouts', timeouts, was }] : []
}

/** Into the record: what the plan is about to overwrite; out of it: what was given back, or is somebody else's by now. */
export function rememberTimeouts(
  next: Map<string, ReadonlySet<string>>,
  { timeouts: now, services }: Pick<Observed, 'timeouts' | 'services'>,
  { timeouts: wished = NOTHING_SAID }: Pick<Desired, 'timeouts'>,
): void {
  const formers = formersOf(next, TIMEOUT_KEY)
  for (const name of FIGURES) {
    const key = TIMEOUT_KEY + NAMES[name]
    const [present, value] = [now?.[name], wished[name]]
    const former = formers.find((one) => one.name === NAMES[name])
    const isOurs = former !== undefined && former.wrote === String(present)
    if (services === null || (value === null && present !== undefined && !isOurs)) next.delete(key)
    // Ours was in between: the former value is the one from before that.
    if (value !== null && typeof present === 'number' && value !== present)
      next.set(key, new Set([FORMER.was + (isOurs ? former.was : present), FORMER.wrote + value]))
  }
}

/** Of the kernel (ip_vs_proto_tcp.c, ip_vs_proto_udp.c): established, after FIN, datagrams. Seconds. */
export const KERNELS: Readonly<Record<keyof IpvsTimeouts, number>> = { tcp: 900, tcpFin: 120, udp: 300 }

/** Somebody made IPVS forget sooner what the configuration leaves to the kernel; longer ones cost memory alone. */
export function timeoutTroubles(
  { node, directs, ipvsTimeouts }: Pick<NodeView, 'node' | 'directs' | 'ipvsTimeouts'>,
  { timeouts, services }: Pick<Observed, 'timeouts' | 'services'>,
  record: OwnedRecord,
): Trouble[] {
  if (!timeouts || !services || directs.length === 0) return []
  const formers = formersOf(record, TIMEOUT_KEY)
  // Ours is about to be given back.
  const isOurs = (name: keyof IpvsTimeouts): boolean =>
    formers.some((one) => one.name === NAMES[name] && one.wrote === String(timeouts[name]))
  const isShort = (name: keyof IpvsTimeouts): boolean =>
    ipvsTimeouts[name] === null && (timeouts[name] ?? KERNELS[name]) < KERNELS[name]
  const short = FIGURES.filter((name) => isShort(name) && !isOurs(name))
  if (short.length === 0) return []
  const of = (from: IpvsTimeouts): string => {
    const figure = (name: keyof IpvsTimeouts): number | null => (short.includes(name) ? from[name] : null)
    return timeoutsText({ tcp: figure('tcp'), tcpFin: figure('tcpFin'), udp: figure('udp') })
  }
  // 0 leaves one as it is (ipvsadm(8)).
  const set = FIGURES.map((name) => (short.includes(name) ? KERNELS[name] : 0)).join(' ')
  const keys = short.map((name) => `${NAMES[name]}-timeout`).join(', ')
  return [
    {
      ...{ code: 'ipvs-timeouts', severity: 'warning', object: `node ${node.name}` },
      message: `IPVS of ${node.name} forgets idle connections early (${of(timeouts)}): the configuration leaves that to the kernel, which begins with ${of(KERNELS)}`,
      evidence: 'ipvsadm -l --timeout',
      hint: `on ${node.name}: ipvsadm --set ${set}, and find what set them (a script, a unit, keepalived); where they are wanted: ${keys} in the configuration, for all directors`,
    },
  ]
}
