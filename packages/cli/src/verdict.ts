/** What of a status needs a person: for the first line of `status`, and for `status --check`. */
import { type Status } from '@lvsm/protocol'

/** One phrase for each fault; empty when the cluster is healthy. What an operator drained or stopped is as it should be. */
export function unhealthy(status: Status): string[] {
  const faults: string[] = []
  if (!status.quorum) faults.push('no quorum')
  for (const group of status.groups)
    if (group.owner === null && group.state !== 'stopped') faults.push(`group ${group.name} has no owner`)
  for (const service of status.services) {
    const failed = service.realservers
      .filter(({ healthy, state }) => healthy === false && state === undefined)
      .map((server) => server.node)
    if (failed.length > 0) faults.push(`${service.name}: ${failed.join(', ')} failed`)
  }
  const lost = status.nodes.filter((node) => node.state === 'dead').map((node) => node.name)
  if (lost.length > 0) faults.push(`dead: ${lost.join(', ')}`)
  const critical = status.troubles.filter((trouble) => trouble.severity === 'critical').length
  if (critical > 0) faults.push(`${critical} critical trouble${critical === 1 ? '' : 's'}`)
  return faults
}
