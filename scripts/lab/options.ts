import { LabError } from './paths.ts'
import type { Clustered } from './plan.ts'
import { topologies } from './topologies/index.ts'

export interface Options {
  readonly command: string
  readonly topology: string
  readonly cluster: Clustered
  readonly host: boolean
  readonly paced: boolean
  /** Seconds for the whole command, boot included. */
  readonly timeout: number
  readonly terminal: boolean
  readonly memory: number
  /** What follows the options. */
  readonly words: readonly string[]
}

export const help = `A laboratory: real IPVS, ARP and routes, a network namespace per node, in a guest of its own.

  npm run lab -- run [OPTION…] FILE [ARG…]   boot, run FILE as root inside, end with its status, leave nothing
  npm run lab -- up [OPTION…]                boot and stay
  npm run lab -- exec [-t] [NODE] CMD…       run in a node's namespace of the lab that is up ('-' or no node: outside all)
  npm run lab -- down | status
  npm run lab -- verbs                       the faults: power-cut, partition, freeze, …

  --topology NAME   ${topologies.map((one) => `${one.name} (${one.about})`).join('\n                    ')}
  --cluster         start lvsm on every node and wait until the client is served
  --coordinated     the same with coordinators: lvsm init and lvsm join, in place of a file on each node
  --timeout S       end the command after S seconds, boot included (run: 900)
  --cluster-later   have it ready, and start it by the verb cluster
  --host            without QEMU, where this host's kernel has IPVS; private namespaces, nothing stays
  --paced           where this machine has other work: timing and checks of the cluster as much slower
  --memory MIB      of the guest (4096)
  -t                exec in a terminal

FILE may be a TypeScript or JavaScript file (bundled, run by the project's Node), a program, or a shell script.
Inside: lvsm, lab, observe on the path; LAB_VIP, LAB_PORT, LAB_TOPOLOGY, LAB_NODES, LAB_DIR set; the host's files read-only.
`

const numberOf = (text: string | undefined, flag: string): number => {
  const value = Number(text)
  if (!(value > 0))
    throw new LabError(`${flag} takes a number above 0, not ${text ?? 'nothing'}`, 'npm run lab -- --help', 2)
  return value
}

/** Options stand before FILE or CMD; what follows belongs to it. */
export function parse(argv: readonly string[]): Options {
  const words = [...argv]
  const options = {
    topology: 'default',
    cluster: false as Clustered,
    host: false,
    paced: false,
    timeout: 0,
    terminal: false,
    memory: 4096,
  }
  let command = ''
  while (words.length > 0) {
    const word = words[0] as string
    if (word === '--') words.shift()
    if (!word.startsWith('-') || word === '-' || word === '--') {
      if (command !== '' || word === '--') break
      command = words.shift() as string
      if (command !== 'run' && command !== 'up' && command !== 'exec') break
      continue
    }
    const [flag, joined] = word.split(/=(.*)/s) as [string, string?]
    words.shift()
    const value = () => joined ?? words.shift()
    if (flag === '--help' || flag === '-h') return { ...options, command: 'help', words }
    if (flag === '--cluster') options.cluster = true
    else if (flag === '--cluster-later') options.cluster = 'later'
    else if (flag === '--coordinated') options.cluster = 'coordinated'
    else if (flag === '--host') options.host = true
    else if (flag === '--paced') options.paced = true
    else if (flag === '-t') options.terminal = true
    else if (flag === '--timeout') options.timeout = numberOf(value(), flag)
    else if (flag === '--memory') options.memory = numberOf(value(), flag)
    else if (flag === '--topology') {
      const name = value() ?? ''
      if (!topologies.some((one) => one.name === name)) {
        throw new LabError(
          `no topology is called ${name || '""'}`,
          `there are ${topologies.map((one) => one.name).join(', ')}`,
          2,
        )
      }
      options.topology = name
    } else throw new LabError(`no option is called ${flag}`, 'npm run lab -- --help', 2)
  }
  return { ...options, command: command || 'help', words }
}
