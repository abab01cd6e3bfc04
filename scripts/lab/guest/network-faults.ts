/** The lab's cables and bridges: what is down, cut, lost or late, and how it is mended. */
import {
  cableStep,
  cutSteps,
  type Impairment,
  impairSteps,
  namesOf,
  type NetworkStep,
  powerSteps,
  rejoinSteps,
} from '../faults.ts'
import { clusterNodes, type Topology } from '../topology.ts'
import { busybox, command } from './command.ts'

const NOTHING: Impairment = { loss: 0, delay: 0 }
const isNothing = ({ loss, delay }: Impairment): boolean => loss === 0 && delay === 0

export class NetworkFaults {
  readonly #topology: Topology
  readonly #impaired = new Map<string, Impairment>()
  readonly #off = new Set<string>()

  constructor(topology: Topology) {
    this.#topology = topology
  }

  async power(name: string, on: boolean): Promise<string> {
    for (const step of powerSteps(this.#topology, name, on)) await take([step])
    if (on) this.#off.delete(name)
    else this.#off.add(name)
    return `${name}: ${on ? 'both links up' : 'power cut: all links down'}`
  }

  async cable(name: string, network: string, on: boolean): Promise<string> {
    await take([cableStep(this.#topology, name, network, on)])
    if (!on) this.#off.add(name)
    return `${name}: its cable to ${network} is ${on ? 'in' : 'out'}`
  }

  async cut(first: string, second: string, network: string | undefined, both: boolean): Promise<string> {
    const one = namesOf(this.#topology, first)
    const two = namesOf(this.#topology, second, one)
    const back = both ? cutSteps(this.#topology, two, one, network) : []
    const lines = [...cutSteps(this.#topology, one, two, network), ...back].flatMap((step) => step.lines)
    if (lines.length > 0) await take([{ tool: 'nft', lines }])
    return `${one.join(', ')} ${both ? 'and' : 'no longer reach'} ${two.join(', ')}${both ? ' are cut from each other' : ''}`
  }

  async rejoin(): Promise<string> {
    await take(rejoinSteps)
    return 'nobody is cut from anybody'
  }

  /** Without names: all nodes of the cluster. Gives whom it is about. */
  async impair(names: string | undefined, change: Partial<Impairment>): Promise<string> {
    const nodes = names ? namesOf(this.#topology, names) : clusterNodes(this.#topology).map(({ name }) => name)
    await this.#change(nodes, change)
    return nodes.join(', ')
  }

  async heal(): Promise<void> {
    await Promise.all([take(rejoinSteps), this.#change([...this.#impaired.keys()], NOTHING)])
    for (const name of [...this.#off]) await this.power(name, true)
  }

  async #change(names: readonly string[], change: Partial<Impairment>): Promise<void> {
    const steps: NetworkStep[] = []
    for (const name of names) {
      const before = this.#impaired.get(name) ?? NOTHING
      const after = { ...before, ...change }
      if (isNothing(before) && isNothing(after)) continue
      steps.push(...impairSteps(this.#topology, name, after))
      this.#impaired.set(name, after)
    }
    await take(steps)
  }
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
