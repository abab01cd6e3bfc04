/** Who is drained stays in the table at weight 0. Some schedulers go on sending it clients, whom the kernel refuses: there it is no way out. */
import type { Refusal } from '@lvsm/base'
import { type Config, refusesAtZero } from '@lvsm/model'
import type { IntentCommand } from '@lvsm/protocol'

/** Null: nobody is refused by it. */
export function refuseWeightZero(command: IntentCommand, { services }: Config): Refusal | null {
  const { verb, subject, deadlineMs } = command
  const isAtZero = verb === 'drain' || (verb === 'stop' && deadlineMs !== undefined)
  if (!isAtZero || subject.kind !== 'server') return null
  const { node, service } = subject
  const found = services.filter(
    (one) =>
      (service === null || one.name === service) &&
      refusesAtZero(one) &&
      one.realservers.some((entry) => entry.node === node && entry.weight > 0),
  )
  if (found.length === 0) return null
  const names = found.map(({ name, scheduler }) => `"${name}" (scheduler ${scheduler})`).join(', ')
  return {
    code: 'drain-refuses-clients',
    field: 'subject',
    message: `clients whose hash leads to "${node}" would be refused while it is at weight 0, in service ${names}`,
    hint: `stop it without a deadline (lvsm stop ${node}), which ends its connections; or use the scheduler sh or mh with its fallback; if it is meant: --force (in the API: force: true)`,
  }
}
