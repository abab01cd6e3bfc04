/** What the owner's table says of this realserver, and by that, or by its check, whether clients are still sent to a server here that does not answer. */
import { endpointText, type Severity } from '@lvsm/base'
import { noticesSilence, type OwnArrival } from '@lvsm/model'
import type { DestinationReport } from '@lvsm/protocol'
import { leaseStatus } from '../lease.ts'
import { destinationOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import type { Silent } from './stopped.ts'

type At = Pick<OwnArrival, 'service' | 'own' | 'port'>

const serviceOf = ({ config }: NodeState, { service }: At) => config?.services.find(({ name }) => name === service)

/** Null: nobody owns the group, or its owner does not tell it here. */
export function ownersWord(state: NodeState, at: At): DestinationReport | null {
  const group = serviceOf(state, at)?.group
  const owner = leaseStatus(state)?.groups.find(({ name }) => name === group)?.owner ?? null
  return owner === null ? null : destinationOf(state, owner, at.service, endpointText(at.own, at.port))
}

/**
 * A server here answers nobody: do clients notice for longer than until its check fails? By the owner's table, and where that does not have
 * it out yet, or is not told, by what the check asks. Where it is out, the others serve; that nobody does has an entry of its own. Of several at
 * one place that share clients a check meets the others as often.
 */
export function severityByClients(state: NodeState, at: At, { isFull, isPart }: Silent): Severity {
  const told = ownersWord(state, at)
  if (told?.weight === 0) return 'warning'
  const check = serviceOf(state, at)?.check
  const isKept = told?.healthy === false
  return !isKept && !isPart && check && noticesSilence(check, { served: at.port, isFull }) ? 'warning' : 'critical'
}
