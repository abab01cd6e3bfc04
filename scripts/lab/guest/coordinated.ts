/** A cluster with coordinators comes to be inside, as operators would make it; machines that join it, and are empty again. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { foundersOf, initWords, isCoordinator, joinWords, PASSWORD } from '../coordinated.ts'
import { labDir, placesOf } from '../places.ts'
import type { Plan } from '../plan.ts'
import { clusterNodes, type LabNode, type Topology } from '../topology.ts'
import { askCoordinator } from './api.ts'
import { command } from './command.ts'
import type { Disks } from './disks.ts'
import type { Supervisor } from './processes.ts'

/** Milliseconds, for each step: it only ends what hangs. */
const PATIENCE = 400_000
/** Milliseconds: each look costs an emulated processor tens of them, which the awaited process has then not. */
const AGAIN = 500
const TOKEN = /lvsm\.[\w-]+/

export class Coordinated {
  readonly #plan: Plan
  readonly #supervisor: Supervisor
  readonly #disks: Disks

  constructor(plan: Plan, supervisor: Supervisor, disks: Disks) {
    this.#plan = plan
    this.#supervisor = supervisor
    this.#disks = disks
  }

  get #topology(): Topology {
    return this.#plan.topology
  }

  /** Up to coordinators that all vote; agents and lease processes are not started yet. Gives the nodes that are in. */
  async begin(): Promise<LabNode[]> {
    if (this.#supervisor.rows().some(({ pid, name }) => pid !== undefined && name !== 'web'))
      throw new Error('a cluster runs already: lab pids says what')
    const [first, ...others] = foundersOf(this.#topology)
    if (!first) throw new RangeError('the topology has nobody who begins a cluster')
    await this.#room(first)
    writeFileSync(PASSWORD.path, PASSWORD.text, { mode: 0o600 })
    await this.#run(first.name, initWords(this.#topology, first))
    await this.#coordinate(first)
    const file = `${labDir}/first.yaml`
    writeFileSync(file, this.#plan.coordinated.document)
    await this.#run(first.name, ['lvsm', 'config', 'apply', file, '--yes', '--no-wait', '-m', 'the lab'])
    const token = await this.#token(first.name, others.length)
    for (const node of others) await this.#enter(node, token)
    const count = [first, ...others].filter(isCoordinator).length
    await this.#until(`${count} coordinators vote`, async () => (await votersAt(first.name)) >= Math.min(count, 3))
    return [first, ...others]
  }

  async join(name: string): Promise<string> {
    const node = clusterNodes(this.#topology).find((one) => one.name === name)
    if (!node) throw new RangeError(`no node of a cluster is called ${name}`)
    const coordinator = this.#supervisor.rows().find((row) => row.name === 'coordinator' && row.state === 'running')
    if (!coordinator) throw new RangeError('no coordinator runs: lab coordinated begins a cluster')
    const said = await this.#enter(node, await this.#token(coordinator.node, 1))
    this.#supervisor.start(name, 'lease')
    this.#supervisor.start(name, 'agent')
    await this.#until(`the agent of ${name}`, () => existsSync(`${placesOf(name).run}/agent.sock`))
    return said
  }

  async wipe(name: string): Promise<string> {
    if (this.#supervisor.rows(name).some(({ name: process }) => process !== 'web'))
      await this.#supervisor.stop(name, 'all')
    const { state, run, etc, coordinatorState, coordinatorRun } = placesOf(name)
    for (const place of [state, run, etc, coordinatorState, coordinatorRun].filter((path) => existsSync(path)))
      for (const entry of readdirSync(place)) rmSync(join(place, entry), { recursive: true, force: true })
    return `${name}: nothing of lvsm is kept there`
  }

  async #enter(node: LabNode, token: string): Promise<string> {
    await this.#room(node)
    const said = await this.#run(node.name, joinWords(this.#topology, node, token))
    if (isCoordinator(node)) await this.#coordinate(node)
    return said
  }

  /** Directories, and the processes that may be started from now on. */
  async #room(node: LabNode): Promise<void> {
    for (const place of ['/etc/lvsm', placesOf(node.name).etc]) mkdirSync(place, { recursive: true, mode: 0o755 })
    if (isCoordinator(node)) await this.#disks.add(node.name)
    for (const service of this.#plan.coordinated.services) if (service.node === node.name) this.#supervisor.add(service)
  }

  /** Until it knows of a configuration. */
  async #coordinate({ name }: LabNode): Promise<void> {
    this.#supervisor.start(name, 'coordinator')
    await this.#until(`the coordinator of ${name} answers`, async () => {
      if (!existsSync(`${placesOf(name).coordinatorRun}/coordinator.sock`)) return false
      return (await askCoordinator(name, '/v1/config/history?limit=1')).status === 200
    })
  }

  async #token(node: string, uses: number): Promise<string> {
    const [token] = TOKEN.exec(await this.#run(node, ['lvsm', 'token', 'create', '--uses', String(uses)])) ?? []
    if (token === undefined) throw new Error(`${node}: lvsm token create printed none`)
    return token
  }

  /** On the node; throws with all that it said. */
  async #run(node: string, argv: readonly string[]): Promise<string> {
    const { code, text } = await command(['ip', 'netns', 'exec', node, ...argv], '', { ...this.#plan.env })
    if (code !== 0) throw new Error(`${node}: ${argv.join(' ')}: exit ${code}\n${text.trimEnd()}`)
    return text.trimEnd()
  }

  async #until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + PATIENCE
    let last = ''
    for (;;) {
      try {
        if (await condition()) return
      } catch (error) {
        last = `: ${(error as Error).message}`
      }
      if (Date.now() > end) throw new Error(`after ${PATIENCE / 1000} s not yet: ${what}${last}`)
      await sleep(AGAIN)
    }
  }
}

/** As a node's coordinator knows it. */
async function votersAt(node: string): Promise<number> {
  const { text } = await askCoordinator(node, '/v1/coordinators')
  return text.match(/"role":\s*"voter"/g)?.length ?? 0
}
