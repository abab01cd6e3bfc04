/** Whether this node's kernel is prepared for a group, as its lease process and its peers shall know. */
import { type ConfigGroup, serviceKey } from '@lvsm/model'
import { describeOperation, isForChecks, isSyncOperation, type Operation } from '@lvsm/plan'
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
  const keys = new Set(services.map(serviceKey))
  // Without the module of one scheduler the other services of the group are served all the same.
  const lost = refusedServices(kernel.failures)
  const missing = kernel.pending.find((operation) => isNeeded(operation, keys, lost))
  if (missing) return `still to do: ${describeOperation(missing)}`
  const failure = kernel.failures.find(({ operation, missing: lacks }) => lacks === undefined && isServing(operation))
  return failure ? describeFailure(failure.operation, failure.message) : null
}

/** Clients are served without the others. */
const isServing = (operation: Operation): boolean =>
  operation.kind !== 'nat-rules' && !isSyncOperation(operation) && !isForChecks(operation)

/** Destinations that come and go are everyday; a setting or a service that is missing altogether is not. */
const isNeeded = (operation: Operation, services: ReadonlySet<string>, lost: ReadonlySet<string>): boolean => {
  if (operation.kind !== 'service-add') return operation.kind === 'sysctl' && isServing(operation)
  const key = serviceKey(operation.service)
  return services.has(key) && !lost.has(key)
}

/** Keys of services that this kernel cannot have, for want of a module. */
export const refusedServices = (failures: readonly Failure[]): ReadonlySet<string> =>
  new Set(
    failures.flatMap(({ operation, missing }) =>
      missing !== undefined && 'service' in operation ? [serviceKey(operation.service)] : [],
    ),
  )

export const describeFailure = (operation: Operation, message: string): string =>
  `cannot ${describeOperation(operation)}: ${message}`
