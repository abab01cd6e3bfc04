/**
 * What whoever leads does not let into the log now. Whoever was asked has looked too, and may have heard less: it lags, or has just
 * started.
 */
import type { Refusal } from '@lvsm/base'
import { mayCoordinate, refuseAddresses, type State } from '@lvsm/changes'
import { decodeEntry, decodeMember, type VersionsReport } from '@lvsm/protocol'
import { refuseUnknown } from './api/versions.ts'
import { type Electing, NOT_WATCHED } from './electing.ts'

/** Those of its parts that know; they come after the core, which asks. */
export interface Watchers {
  readonly electing: Pick<Electing, 'refuse'> | null
  /** Which versions are spoken; null: nobody knows yet. */
  spoken(): VersionsReport | null
  known(): State | null
}
interface Asked {
  readonly kind: 'write' | 'change'
  readonly payload: string
}

export function withheld({ kind, payload }: Asked, watchers: Watchers): Refusal | null {
  if (kind === 'change') return payload === '' ? null : refuseComing(payload, watchers.known())
  const read = decodeEntry(payload)
  if (!read.ok) return null
  const { entry } = read
  if (entry.kind === 'voters') return watchers.electing ? watchers.electing.refuse(entry.epoch) : NOT_WATCHED
  if (entry.kind === 'coordinator-address') return refuseAddresses(watchers.known()?.finalized ?? 0)
  if (entry.kind !== 'finalize') return null
  const versions = watchers.spoken()
  return versions ? refuseUnknown(entry.version, versions) : NOT_HEARD
}

/** A node that was taken out of the configuration while it asked would be a coordinator that is no node. */
function refuseComing(payload: string, state: State | null): Refusal | null {
  const { name } = decodeMember(payload)?.member ?? {}
  if (name === undefined || !state) return null
  const { nodes } = state.history.document
  const place = Object.hasOwn(nodes, name) ? nodes[name] : undefined
  if (place && mayCoordinate(place)) return null
  return {
    code: 'not-named',
    message: `${name} is to be no coordinator any more: the configuration has changed`,
    hint: 'lvsm node list says who there is, and lvsm node show NAME whether it is to be one',
  }
}

const NOT_HEARD: Refusal = {
  code: 'versions-unknown',
  message: 'the coordinator that leads has not heard yet which versions the others know',
  hint: 'try again in a few seconds',
}
