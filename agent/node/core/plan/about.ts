import type { Operation } from '@lvsm/plan'
import type { NodeState } from '../state.ts'

/** The group that an operation is about; empty text when about none. */
export function groupOf({ config }: NodeState, operation: Operation): string {
  const address =
    'service' in operation ? operation.service.address : 'address' in operation ? operation.address : undefined
  const group = config?.groups.find(({ addresses }) => addresses.some((entry) => entry.address === address))
  return group?.name ?? ''
}
