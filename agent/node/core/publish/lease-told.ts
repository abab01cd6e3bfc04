/** What the lease process of this node tells, and that it does not answer. */
import type { Trouble } from '@lvsm/base'
import { saidAndStep } from '@lvsm/protocol'
import { leaseFault } from '../lease.ts'
import { namingOwners } from '../observe/mac-names.ts'
import type { NodeState } from '../state.ts'

export function leaseTroubles(state: NodeState): Trouble[] {
  const fault = leaseFault(state)
  if (fault === null) return (state.lease.status?.troubles ?? []).map((one) => namingOwners(state, one))
  const { said, step } = saidAndStep(state.absent.get('lvsm-lease')?.why ?? '')
  // One that is there says nothing of why it is silent: that is what is known of it now.
  const isStopped = state.lease.connected && step !== null
  const message = `the lease process does not answer: ${isStopped ? said : fault}`
  const evidence = said === '' || isStopped ? {} : { evidence: said }
  const hint = `${stepOf(state, isStopped ? step : null)}; without it this node takes nothing over`
  return [{ code: 'no-lease-process', severity: 'critical', message, ...evidence, hint }]
}
function stepOf({ node, lease }: NodeState, step: string | null): string {
  if (step !== null) return `on ${node}: ${step}`
  return lease.connected
    ? `on ${node}: ps -C lvsm-lease -o pid,stat: D waits for a disk, Z is dead; else systemctl restart lvsm-lease`
    : 'start lvsm-lease, or look at its log'
}
