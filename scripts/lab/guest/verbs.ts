/** What the lab's verbs do: a row for each of `../verbs.ts`. */
import { readFileSync } from 'node:fs'
import { clusterNodes, type Topology } from '../topology.ts'
import type { VerbName } from '../verbs.ts'
import { agentWithQuorum, call } from './api.ts'
import type { Disks } from './disks.ts'
import { NetworkFaults } from './network-faults.ts'
import { Peer } from './peer.ts'
import type { Supervisor } from './processes.ts'

/** Says what it did in one line; throws what it refuses. */
export type Verb = (words: readonly string[]) => Promise<string> | string

/** Each resolves with a sentence when it is so. */
export interface Beginning {
  /** Of coordinators. */
  readonly disks: Disks
  standing(): Promise<string>
  /** From the files of the nodes; with coordinators. It serves. */
  startCluster(): Promise<string>
  coordinate(): Promise<string>
  join(node: string): Promise<string>
  wipe(node: string): Promise<string>
}

interface Lab {
  readonly nodes: readonly string[]
  readonly network: NetworkFaults
  readonly supervisor: Supervisor
  readonly peer: Peer
  readonly beginning: Beginning
}

type Doing = (lab: Lab, words: readonly string[]) => Promise<string> | string

const needed = (word: string | undefined, name: string): string => {
  if (!word) throw new RangeError(`${name} is missing; see lab verbs`)
  return word
}

const amount = (word: string | undefined, name: string, most: number): number => {
  const value = Number(needed(word, name))
  if (!(value >= 0 && value <= most)) throw new RangeError(`${name} is ${word}; it goes from 0 to ${most}`)
  return value
}

/** A verb that acts on the processes of a node. */
const processes =
  (
    what: string,
    act: (
      supervisor: Supervisor,
      node: string,
      name: string | undefined,
    ) => Promise<readonly string[]> | readonly string[],
  ): Doing =>
  async ({ supervisor }, [word, name]) => {
    const node = needed(word, 'NODE')
    return `${node}: ${what} ${(await act(supervisor, node, name)).join(', ')}`
  }

const DOINGS: Readonly<Record<VerbName, Doing>> = {
  'power-cut': ({ network }, [node]) => network.power(needed(node, 'NODE'), false),
  'power-on': ({ network }, [node]) => network.power(needed(node, 'NODE'), true),
  unplug: ({ network }, [node, name]) => network.cable(needed(node, 'NODE'), needed(name, 'NETWORK'), false),
  plug: ({ network }, [node, name]) => network.cable(needed(node, 'NODE'), needed(name, 'NETWORK'), true),
  partition: ({ network }, [a, b, name]) => network.cut(needed(a, 'NODES'), needed(b, 'NODES'), name, true),
  oneway: ({ network }, [a, b, name]) => network.cut(needed(a, 'FROM'), needed(b, 'TO'), name, false),
  rejoin: ({ network }) => network.rejoin(),
  async loss({ network }, [percent, nodes]) {
    const loss = amount(percent, 'PERCENT', 100)
    return `${await network.impair(nodes, { loss })}: ${loss} % lost each way`
  },
  async delay({ network }, [ms, nodes]) {
    const delay = amount(ms, 'MS', 60_000)
    return `${await network.impair(nodes, { delay })}: ${delay} ms later each way`
  },
  freeze: processes('frozen:', (supervisor, node, name) => supervisor.freeze(node, name)),
  thaw: processes('goes on:', (supervisor, node, name) => supervisor.thaw(node, name)),
  kill: processes('killed:', (supervisor, node, name) => supervisor.kill(node, name)),
  crash: processes('crashed:', (supervisor, node, name) => supervisor.kill(node, name, true)),
  start: processes('started:', (supervisor, node, name) => supervisor.start(node, name)),
  stop: processes('ended:', (supervisor, node, name) => supervisor.stop(node, name)),
  bundles({ supervisor }, [node, folder = '.']) {
    if (!/^[a-z.]+$/.test(folder)) throw new RangeError(`FOLDER is ${folder}; it is the name of one folder of dist`)
    supervisor.runFrom(needed(node, 'NODE'), folder)
    return `${node}: from the next start on from ${folder === '.' ? 'dist' : `dist/${folder}`}`
  },
  fill: ({ beginning }, [node]) => beginning.disks.fill(needed(node, 'NODE')),
  async heal({ network, supervisor, beginning }) {
    beginning.disks.heal()
    await network.heal()
    supervisor.thaw(undefined, 'everything')
    return 'links up, nobody cut, nothing lost, no disk full, nothing frozen; what was killed or stopped stays so'
  },
  pids: ({ supervisor }, [node]) => pids(supervisor, node),
  logs: ({ supervisor }, [node, name]) => logs(supervisor, needed(node, 'NODE'), name),
  peer({ peer }, [action, name]) {
    if (action === 'stop') return peer.stop()
    if (action !== 'start') throw new RangeError('peer start NAME, or peer stop')
    return peer.start(needed(name, 'NAME'))
  },
  wait: ({ beginning }) => beginning.standing(),
  cluster: ({ beginning }) => beginning.startCluster(),
  coordinated: ({ beginning }) => beginning.coordinate(),
  join: ({ beginning }, [node]) => beginning.join(needed(node, 'NODE')),
  wipe: ({ beginning }, [node]) => beginning.wipe(needed(node, 'NODE')),
  async api({ nodes }, [node, method, path, body]) {
    const asked = node === '-' || node === undefined ? await agentWithQuorum(nodes) : node
    const { status, text } = await call(asked, needed(method, 'METHOD'), needed(path, 'PATH'), body)
    if (status < 200 || status > 299) throw new Error(`${asked} answers ${status}: ${text}`)
    return text.trimEnd()
  },
}

export const VERBS: readonly string[] = Object.keys(DOINGS)

/** The lab's verbs over its network and its processes. */
export function verbsOf(topology: Topology, supervisor: Supervisor, beginning: Beginning): ReadonlyMap<string, Verb> {
  const lab: Lab = {
    nodes: clusterNodes(topology).map(({ name }) => name),
    network: new NetworkFaults(topology),
    supervisor,
    peer: new Peer(topology, supervisor),
    beginning,
  }
  return new Map(Object.entries(DOINGS).map(([name, doing]): [string, Verb] => [name, (words) => doing(lab, words)]))
}

function pids(supervisor: Supervisor, node?: string): string {
  const rows = supervisor
    .rows(node)
    .map((row) => [row.node, row.name, row.pid ?? '-', row.state, `${row.restarts} restarts`])
  return rows.map((row) => row.join('\t')).join('\n')
}

/** The last lines of a node's logs. */
export function logs(supervisor: Supervisor, node: string, what?: string, lines = 40): string {
  return supervisor
    .logs(node, what)
    .map(({ name, path }) => {
      let text = ''
      try {
        text = readFileSync(path, 'utf8')
      } catch {
        // Not started yet.
      }
      return `==> ${node} ${name} (${path})\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`
    })
    .join('\n')
}
