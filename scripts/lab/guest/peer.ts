/** Another cluster manager in the lab's namespaces, one at a time. */
import { type PeerPlan, peerNamed } from '../peer/index.ts'
import type { Topology } from '../topology.ts'
import { command } from './command.ts'
import type { Supervisor } from './processes.ts'

export class Peer {
  readonly #topology: Topology
  readonly #supervisor: Supervisor
  #running: PeerPlan | undefined

  constructor(topology: Topology, supervisor: Supervisor) {
    this.#topology = topology
    this.#supervisor = supervisor
  }

  async start(name: string): Promise<string> {
    if (this.#running) throw new Error('a peer runs already; peer stop ends it')
    const ours = this.#supervisor.rows().filter((row) => row.pid && (row.name === 'lease' || row.name === 'agent'))
    if (ours.length > 0) throw new Error('the lvsm cluster runs; a peer needs a lab without --cluster')
    const peer = peerNamed(name, this.#topology)
    this.#running = peer
    for (const step of peer.enter) {
      const { code, text } = await command(step.argv, step.input)
      if (code !== 0) throw new Error(`${step.argv.join(' ')}: ${text}`)
    }
    for (const service of peer.services) this.#supervisor.add(service)
    for (const service of peer.services) this.#supervisor.start(service.node, service.name)
    return `${name} runs on ${peer.services.map(({ node }) => node).join(', ')}`
  }

  async stop(): Promise<string> {
    const peer = this.#running
    if (!peer) return 'no peer runs'
    for (const service of peer.services) await this.#supervisor.stop(service.node, service.name)
    for (const step of peer.leave) await command(step.argv, step.input)
    this.#running = undefined
    return 'peer ended and cleaned up'
  }
}
