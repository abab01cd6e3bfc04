/**
 * How long IPVS remembers connections. What the configuration says is brought about; what it says no more gets back the value from before us,
 * unless somebody else has set it meanwhile. Of a kernel that has lost IPVS nothing is to be given back: it begins anew.
 */
import type { IpvsTimeouts } from '@lvsm/model'
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
