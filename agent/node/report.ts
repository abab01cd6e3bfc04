/** The state report: what SIGUSR1 asks for, as lines for the log. The same as `lvsm status` shows. */
import { endpointText } from '@lvsm/base'
import type { ServiceReport, Status } from '@lvsm/protocol'

export function reportOf(status: Status): readonly string[] {
  const { cluster, node, revision, quorum, groups, services, nodes, troubles, counters } = status
  const lines = [
    `${node} of cluster ${cluster}, revision ${revision}, ${quorum ? 'hears' : 'does not hear'} a majority`,
    ...groups.map(
      ({ name, owner, number, state, reason }) =>
        `group ${name}: ${state}, ${owner === null ? 'nobody owns it' : `${owner} owns it (lease ${number})`}; ${reason}`,
    ),
    ...services.flatMap(serviceLines),
    ...nodes.map(
      ({ name, state, agent, reason }) => `node ${name}: ${state}${agent ? '' : ', agent silent'}; ${reason}`,
    ),
    ...troubles.map((trouble) => `${trouble.severity} of ${trouble.node}: ${trouble.message}`),
    `counters: ${
      Object.entries(counters)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ') || 'none'
    }`,
  ]
  return lines.map((line) => `state: ${line}`)
}

const serviceLines = ({ name, address, port, scheduler, realservers }: ServiceReport): string[] => [
  `service ${name}: ${endpointText(address, port)}, ${scheduler}`,
  ...realservers.map((one) => {
    const health = one.healthy === null ? 'not checked yet' : one.healthy ? 'healthy' : 'failed'
    return `  ${one.node} ${endpointText(one.address, one.port)}: weight ${one.weight}, ${health}, ${one.active} active; ${one.reason}`
  }),
]
