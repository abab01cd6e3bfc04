/** What of a status needs a person: the first line of `lvsm status` and of the console, and what `status --check` fails for. */
import type { NodeTrouble, Status } from './status.ts'

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

/** What several nodes say in the same words, about the configuration that they share, is one trouble of all of them. */
export function together(troubles: readonly NodeTrouble[]): NodeTrouble[] {
  const found = new Map<string, NodeTrouble>()
  for (const trouble of troubles) {
    const { node, ...said } = trouble
    const words = JSON.stringify(Object.entries(said).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const before = found.get(words)
    found.set(words, before ? { ...before, node: `${before.node}, ${node}` } : trouble)
  }
  return [...found.values()]
}
