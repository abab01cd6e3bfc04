/** Operators: each command is to be answered exactly once, within its time. */
import { type Command, type Outcome } from '@lvsm/protocol'
import { Violation } from '../law.ts'
import type { Fleet } from './fleet.ts'

/** Who passes a command on gives up after 12 s; a move takes 5 s to prepare, a lease, and 5 s until the owner is known. */
const LONGEST_MS = 13_000
/** On the way to standby one group is moved after the other. */
const EACH_GROUP_MS = 11_000

interface Asked {
  readonly node: string
  readonly text: string
  /** The agent that was asked is gone: its socket closed. */
  broken: boolean
  outcome: Outcome | null
}

export class Operators {
  readonly #fleet: Fleet
  readonly #asked = new Map<string, Asked>()

  constructor(fleet: Fleet) {
    this.#fleet = fleet
  }

  /** Gives the command's id. */
  ask(node: string, command: Command): string {
    const { cluster } = this.#fleet
    const id = `command ${this.#asked.size + 1}`
    const text = JSON.stringify(command)
    const { agent } = this.#fleet.node(node)
    cluster.note(`${id} to ${node}: ${text}`)
    this.#asked.set(id, { node, text, broken: agent === null, outcome: null })
    agent?.put({ kind: 'command', id, command })
    const longest = LONGEST_MS + (command.verb === 'standby' ? EACH_GROUP_MS : 0)
    cluster.schedule.in(longest, () => {
      const asked = this.#asked.get(id)
      if (asked?.outcome === null && !asked.broken)
        throw new Violation(`no answer: ${text} at ${node} within ${longest} ms`)
    })
    return id
  }
  answered(id: string, outcome: Outcome): void {
    const asked = this.#asked.get(id)
    if (!asked || asked.outcome) throw new Violation(`answered twice: ${id} ${asked?.text}`)
    this.#fleet.cluster.note(`${id} answered: ${JSON.stringify(outcome)}`)
    asked.outcome = outcome
  }
  agentDied(node: string): void {
    for (const asked of this.#asked.values()) if (asked.node === node) asked.broken = true
  }
  outcomeOf(id: string): Outcome | null {
    return this.#asked.get(id)?.outcome ?? null
  }
  /** Who still waits. */
  waiting(): number {
    return [...this.#asked.values()].filter(({ outcome, broken }) => outcome === null && !broken).length
  }
}
