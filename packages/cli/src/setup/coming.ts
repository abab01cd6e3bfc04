/** What a machine that joins is to be, and what that changes on it: said before it is done. */
import { endpointText, parseEndpoint } from '@lvsm/base'
import { mayCoordinate } from '@lvsm/changes'
import type { JoinPreview } from '@lvsm/protocol'
import { join } from 'node:path'
import * as z from 'zod'
import { Failure } from '../failure.ts'
import { table } from '../table.ts'
import type { Terminal } from '../terminal.ts'
import type { NodeChoice, SetupOptions } from './options.ts'
import { DEFAULT_PORTS } from './ports.ts'

interface Endpoint {
  readonly host: string
  readonly port: number
}
export interface Coming {
  /** Where heartbeats arrive; null: the configuration does not say. */
  readonly heartbeat: Endpoint | null
  /** Null: it is no coordinator. */
  readonly coordinator: { readonly listen: Endpoint; readonly api: Endpoint } | null
}

const node = z.object({
  roles: z.array(z.string()).catch([]),
  coordinator: z.boolean().optional().catch(undefined),
  links: z
    .array(z.object({ address: z.string(), port: z.int().min(1).max(65_535).default(DEFAULT_PORTS.heartbeat) }))
    .catch([]),
})

/** Directors, unless an operator said otherwise, and whoever was named, are coordinators too. `shown`: the node, as the configuration has it or would. */
export function comingOf(
  shown: unknown,
  { listen, api }: { listen?: string | undefined; api?: string | undefined },
): Coming {
  const read = node.safeParse(shown)
  const [link] = read.success ? read.data.links : []
  if (!read.success || !link) return { heartbeat: null, coordinator: null }
  const { address: host, port } = link
  const isCoordinator = mayCoordinate(read.data)
  const at = (option: string, text: string | undefined, usual: number): Endpoint => {
    const endpoint = text === undefined ? { host, port: usual } : parseEndpoint(text, usual)
    if (endpoint) return endpoint
    throw new Failure('usage', `${option} ${text} is no address of a machine`, `write ${endpointText(host, usual)}`)
  }
  return {
    heartbeat: { host, port },
    coordinator: isCoordinator
      ? { listen: at('--listen', listen, DEFAULT_PORTS.nodes), api: at('--api', api, DEFAULT_PORTS.api) }
      : null,
  }
}

/** What was said on the command line of a node that the configuration has, and has otherwise; a sentence each. */
export function contradictions(shown: unknown, { role, address }: NodeChoice): string[] {
  const read = node.safeParse(shown)
  if (!read.success) return []
  const { roles, links } = read.data
  const addresses = links.map((link) => link.address)
  return [
    ...(role === undefined || roles.includes(role) ? [] : [`it is ${roles.join(', ')} there, and --role says ${role}`]),
    ...(address === undefined || addresses.includes(address)
      ? []
      : [`it is at ${addresses.join(', ')} there, and --address says ${address}`]),
  ]
}

export const unitsOf = ({ coordinator }: Coming): string[] => [
  ...(coordinator ? ['lvsm-coordinator'] : []),
  'lvsm-lease',
  'lvsm-agent',
]

/** `interface`: of the heartbeats, where it is known. */
export function comingText(
  { cluster, node: shown, present, coordinators }: JoinPreview,
  coming: Coming,
  { interface: name, directories, start }: Pick<SetupOptions, 'directories' | 'start'> & { interface: string | null },
  { paint }: Terminal,
): string {
  const to = coordinators.flatMap(({ addresses }) => addresses.slice(0, 1).map(textOf))
  const { coordinator } = coming
  const rows = [
    ['cluster', cluster],
    ['node', JSON.stringify(shown)],
    ['configuration', present ? 'has it already' : 'gets it, as one revision'],
    ...(name === null ? [] : [['interface', name]]),
    ['coordinators', to.join(', ')],
    ['writes', `${join(directories.state, 'node.json')}, and the keys of the heartbeats that are not here yet`],
    ...(coordinator
      ? [
          [
            'coordinator',
            `${directories.coordinatorState}, for nodes ${textOf(coordinator.listen)}, for people ${textOf(coordinator.api)}`,
          ],
        ]
      : []),
    [start ? 'starts, now and at boot' : 'starts nothing', start ? unitsOf(coming).join(', ') : ''],
  ]
  return `${table(['', 'this machine'], rows, paint)}\n`
}
const textOf = ({ host, port }: Endpoint): string => endpointText(host, port)
