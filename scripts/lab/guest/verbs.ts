import { readFileSync } from 'node:fs'
import {
  cableStep,
  cutSteps,
  type Impairment,
  impairSteps,
  type NetworkStep,
  namesOf,
  powerSteps,
  rejoinSteps,
} from '../faults.ts'
import { type PeerPlan, peerNamed } from '../peer/index.ts'
import { clusterNodes, type Topology } from '../topology.ts'
import { agentWithQuorum, call } from './api.ts'
import { busybox, command } from './command.ts'
import type { Supervisor } from './processes.ts'

/** Says what it did in one line; throws what it refuses. */
export type Verb = (words: readonly string[]) => Promise<string> | string

const needed = (word: string | undefined, name: string): string => {
  if (!word) throw new RangeError(`${name} is missing; see lab verbs`)
  return word
}

const amount = (word: string | undefined, name: string, most: number): number => {
  const value = Number(needed(word, name))
  if (!(value >= 0 && value <= most)) throw new RangeError(`${name} is ${word}; it goes from 0 to ${most}`)
  return value
}

/** busybox does `ip link` itself. */
const links = (lines: readonly string[]): string =>
  `r=0; ${lines.map((line) => `ip ${line} || r=1`).join('; ')}; exit $r`

async function take(steps: readonly NetworkStep[]): Promise<void> {
  const done = await Promise.all(
    steps.map(({ tool, namespace, lines }) => {
      const argv = {
        ip: [busybox, 'sh', '-c', links(lines)],
        tc: ['tc', ...(namespace ? ['-n', namespace] : []), '-force', '-batch', '-'],
        nft: ['nft', '-f', '-'],
      }[tool]
      return command(argv, `${lines.join('\n')}\n`)
    }),
  )
  const wrong = done.filter(({ code }) => code !== 0).map(({ text }) => text.trim())
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

/** Resolves with a sentence when the lab stands, and when the cluster of a lab that was to start it later serves. */
export interface Beginning {
  standing(): Promise<string>
  startCluster(): Promise<string>
}

/** The lab's verbs over its network and its processes. */
export function verbsOf(topology: Topology, supervisor: Supervisor, beginning: Beginning): Map<string, Verb> {
  const impaired = new Map<string, Impairment>()
  const off = new Set<string>()
  const cluster = clusterNodes(topology).map(({ name }) => name)
  let peer: PeerPlan | undefined

  const impair = async (names: readonly string[], change: Partial<Impairment>) => {
    const steps: NetworkStep[] = []
    for (const name of names) {
      const before = impaired.get(name) ?? { loss: 0, delay: 0 }
      const after = { ...before, ...change }
      const nothing = (one: Impairment) => one.loss === 0 && one.delay === 0
      if (nothing(before) && nothing(after)) continue
      steps.push(...impairSteps(topology, name, after))
      impaired.set(name, after)
    }
    await take(steps)
  }
  const power = async (name: string, on: boolean) => {
    for (const step of powerSteps(topology, name, on)) await take([step])
    if (on) off.delete(name)
    else off.add(name)
    return `${name}: ${on ? 'both links up' : 'power cut: all links down'}`
  }
  const cable = async (name: string, network: string, on: boolean) => {
    await take([cableStep(topology, name, network, on)])
    if (!on) off.add(name)
    return `${name}: its cable to ${network} is ${on ? 'in' : 'out'}`
  }
  const cut = async (first: string, second: string, network: string | undefined, both: boolean) => {
    const one = namesOf(topology, first)
    const two = namesOf(topology, second, one)
    const steps = [...cutSteps(topology, one, two, network), ...(both ? cutSteps(topology, two, one, network) : [])]
    const lines = steps.flatMap((step) => step.lines)
    if (lines.length > 0) await take([{ tool: 'nft', lines }])
    return `${one.join(', ')} ${both ? 'and' : 'no longer reach'} ${two.join(', ')}${both ? ' are cut from each other' : ''}`
  }
  const said = (node: string, what: string, names: readonly string[]) => `${node}: ${what} ${names.join(', ')}`

  return new Map<string, Verb>([
    ['wait', () => beginning.standing()],
    ['cluster', () => beginning.startCluster()],
    ['power-cut', ([node]) => power(needed(node, 'NODE'), false)],
    ['power-on', ([node]) => power(needed(node, 'NODE'), true)],
    ['unplug', ([node, network]) => cable(needed(node, 'NODE'), needed(network, 'NETWORK'), false)],
    ['plug', ([node, network]) => cable(needed(node, 'NODE'), needed(network, 'NETWORK'), true)],
    ['partition', ([a, b, network]) => cut(needed(a, 'NODES'), needed(b, 'NODES'), network, true)],
    ['oneway', ([a, b, network]) => cut(needed(a, 'FROM'), needed(b, 'TO'), network, false)],
    ['rejoin', async () => (await take(rejoinSteps), 'nobody is cut from anybody')],
    [
      'loss',
      async ([percent, nodes]) => {
        const loss = amount(percent, 'PERCENT', 100)
        const names = nodes ? namesOf(topology, nodes) : cluster
        await impair(names, { loss })
        return `${names.join(', ')}: ${loss} % lost each way`
      },
    ],
    [
      'delay',
      async ([ms, nodes]) => {
        const delay = amount(ms, 'MS', 60_000)
        const names = nodes ? namesOf(topology, nodes) : cluster
        await impair(names, { delay })
        return `${names.join(', ')}: ${delay} ms later each way`
      },
    ],
    ['freeze', ([node, what]) => said(needed(node, 'NODE'), 'frozen:', supervisor.freeze(needed(node, 'NODE'), what))],
    ['thaw', ([node, what]) => said(needed(node, 'NODE'), 'goes on:', supervisor.thaw(needed(node, 'NODE'), what))],
    [
      'kill',
      async ([node, what]) => said(needed(node, 'NODE'), 'killed:', await supervisor.kill(needed(node, 'NODE'), what)),
    ],
    [
      'crash',
      async ([node, what]) =>
        said(needed(node, 'NODE'), 'crashed:', await supervisor.kill(needed(node, 'NODE'), what, true)),
    ],
    ['start', ([node, what]) => said(needed(node, 'NODE'), 'started:', supervisor.start(needed(node, 'NODE'), what))],
    [
      'stop',
      async ([node, what]) => said(needed(node, 'NODE'), 'ended:', await supervisor.stop(needed(node, 'NODE'), what)),
    ],
    [
      'heal',
      async () => {
        await Promise.all([take(rejoinSteps), impair([...impaired.keys()], { loss: 0, delay: 0 })])
        for (const name of [...off]) await power(name, true)
        supervisor.thaw(undefined, 'everything')
        return 'links up, nobody cut, nothing lost, nothing frozen; what was killed or stopped stays so'
      },
    ],
    [
      'api',
      async ([node, method, path, body]) => {
        const asked = node === '-' || node === undefined ? await agentWithQuorum(cluster) : node
        const { status, text } = await call(asked, needed(method, 'METHOD'), needed(path, 'PATH'), body)
        if (status < 200 || status > 299) throw new Error(`${asked} answers ${status}: ${text}`)
        return text.trimEnd()
      },
    ],
    ['pids', ([node]) => pids(supervisor, node)],
    ['logs', ([node, what]) => logs(supervisor, needed(node, 'NODE'), what)],
    [
      'peer',
      async ([action, name]) => {
        if (action === 'stop') {
          if (!peer) return 'no peer runs'
          for (const service of peer.services) await supervisor.stop(service.node, service.name)
          for (const step of peer.leave) await command(step.argv, step.input)
          peer = undefined
          return 'peer ended and cleaned up'
        }
        if (action !== 'start') throw new RangeError('peer start NAME, or peer stop')
        if (peer) throw new Error('a peer runs already; peer stop ends it')
        const running = supervisor.rows().filter((row) => row.pid && (row.name === 'lease' || row.name === 'agent'))
        if (running.length > 0) throw new Error('the lvsm cluster runs; a peer needs a lab without --cluster')
        peer = peerNamed(needed(name, 'NAME'), topology)
        for (const step of peer.enter) {
          const { code, text } = await command(step.argv, step.input)
          if (code !== 0) throw new Error(`${step.argv.join(' ')}: ${text}`)
        }
        for (const service of peer.services) supervisor.add(service)
        for (const service of peer.services) supervisor.start(service.node, service.name)
        return `${name} runs on ${peer.services.map(({ node }) => node).join(', ')}`
      },
    ],
  ])
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
