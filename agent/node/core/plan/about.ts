import { addressOf, isMark, serviceKey } from '@lvsm/model'
import type { Operation } from '@lvsm/plan'
import type { NodeState } from '../state.ts'

/** The group that an operation is about; empty text when about none. */
export function groupOf({ config }: NodeState, operation: Operation): string {
  if ('service' in operation && isMark(operation.service)) {
    const key = serviceKey(operation.service)
    return config?.services.find((service) => serviceKey(service) === key)?.group ?? ''
  }
  const address =
    'service' in operation ? addressOf(operation.service) : 'address' in operation ? operation.address : null
  const group = config?.groups.find(({ addresses }) => addresses.some((entry) => entry.address === address))
  return group?.name ?? ''
}
