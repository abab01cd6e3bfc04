/** Whether this node's kernel is prepared for a group, as its lease process and its peers shall know. */
import { type ConfigGroup, type ConfigService, forwarding, serviceKey } from '@lvsm/model'
import {
  areServing,
  carriesAnswers,
  describeOperation,
  isForChecks,
  isSyncOperation,
  type ObservedService,
  type Operation,
  reliesOnRules,
} from '@lvsm/plan'
import { uncheckedOf } from '../check/members.ts'
import { heldGroups } from '../lease.ts'
import { oddHere } from '../disagreement.ts'
import { interfaceFault } from '../observe/interfaces.ts'
import type { Failure } from '../events.ts'
import type { NodeState } from '../state.ts'

/** So many looks in a row must fail: one that fails is everyday, the kernel changed under it. */
const UNREAD = 2

/** Why it is not; null when it is. */
export function unreadyFor(state: NodeState, group: ConfigGroup): string | null {
  const { kernel, view } = state
  if (!kernel.observed || !kernel.wanted || kernel.wantedText === '') return 'the kernel was not read yet'
  // What was seen before is of yesterday: the table may be gone.
  if (kernel.unread.times >= UNREAD) return `the kernel cannot be read: ${kernel.unread.error}`
  const cut = interfaceFault(kernel.observed, group)
  if (cut !== null) return cut
  const services = view?.services.filter((service) => service.group === group.name) ?? []
  if (services.length > 0 && !kernel.observed.services) return 'this kernel has no IPVS'
  // An owner stays one: whoever changes the files one after the other begins somewhere.
  const odd = heldGroups(state).has(group.name) ? null : oddHere(state)
  if (odd !== null) return odd
  const unchecked = uncheckedOf(state, services)
  // An owner whose agent starts anew serves by the table that it found: nobody is better off for that.
  if (unchecked !== undefined && !heldGroups(state).has(group.name))
    return `the realservers of service ${unchecked} are not checked yet`
  return unprepared(kernel, services)
}

/** What is missing of this group alone: a tunnel, or a service of another group, is a trouble of its own and no reason not to serve this one. */
function unprepared(
  { pending, failures, observed, wanted }: NodeState['kernel'],
  services: readonly ConfigService[],
): string | null {
  const keys = new Set(services.map(serviceKey))
  // Without the module of one scheduler the other services of the group are served all the same.
  const lost = refusedServices(failures)
  const isOfGroup = (operation: Operation): boolean =>
    'service' in operation && keys.has(serviceKey(operation.service)) && !lost.has(serviceKey(operation.service))
  const refused = new Map(failures.map((one) => [describeOperation(one.operation), one.message]))
  const throughHere = services.some(({ realservers }) =>
    realservers.some(({ forward }) => forwarding(forward).answersThroughDirector),
  )
  const isNeeded = (operation: Operation): boolean => {
    if (operation.kind === 'service-add') return isOfGroup(operation)
    if (operation.kind !== 'sysctl' || isSyncOperation(operation) || isForChecks(operation)) return false
    return !refused.has(describeOperation(operation)) || (throughHere && carriesAnswers(operation.path))
  }
  // One destination that the kernel does not take is a trouble; where it takes none nobody is served, and where it changes none dead ones are.
  const isFatal = (operation: Operation): boolean => {
    if (!isOfGroup(operation) || operation.kind === 'dest-remove' || operation.kind === 'dest-flush') return false
    return operation.kind !== 'dest-add' || !servesAny(observed?.services ?? [], serviceKey(operation.service))
  }
  const missing = pending.find(isNeeded) ?? failures.find(({ operation }) => isFatal(operation))?.operation
  const said = (operation: Operation): string => {
    const message = refused.get(describeOperation(operation))
    return message === undefined ? `still to do: ${describeOperation(operation)}` : describeFailure(operation, message)
  }
  if (missing) return said(missing)
  if (!services.some(reliesOnRules) || !wanted || areServing(observed?.natRules ?? null, wanted.natRules)) return null
  return said({ kind: 'nat-rules', needs: wanted.natRules })
}

const servesAny = (services: readonly ObservedService[], key: string): boolean =>
  services.some((service) => serviceKey(service) === key && service.dests.some(({ weight }) => weight > 0))

/** Keys of services that this kernel cannot have, for want of a module. */
export const refusedServices = (failures: readonly Failure[]): ReadonlySet<string> =>
  new Set(
    failures.flatMap(({ operation, missing }) =>
      missing !== undefined && 'service' in operation ? [serviceKey(operation.service)] : [],
    ),
  )

export const describeFailure = (operation: Operation, message: string): string =>
  `cannot ${describeOperation(operation)}: ${message}`
