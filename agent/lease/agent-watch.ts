/**
 * Is the reconciler of this node there? It says something every two seconds. Where it does not, its files in the run directory say why
 * (`agent/process/life.ts`), and the other nodes hear of it by the heartbeats: nobody else on this node could tell them.
 */
import { between, type Instant } from '@lvsm/base'
import { endingOf, lives, readLife, refusedLife } from '../process/life.ts'

const PROGRAM = 'lvsm-agent'
/** So long it may be silent: it starts anew, or is busy. Milliseconds. */
const SILENT_MS = 10_000
/** One that was refused waits for somebody to correct something. */
const REFUSED_MS = 3000

export class AgentWatch {
  readonly #runDir: string
  readonly #tell: (fault: string) => void
  #heardAt: Instant
  #told = ''

  /** `tell`: why it is not there; empty: it is. */
  constructor(runDir: string, now: Instant, tell: (fault: string) => void) {
    this.#runDir = runDir
    this.#heardAt = now
    this.#tell = tell
  }

  heard(now: Instant): void {
    this.#heardAt = now
    this.#say('')
  }
  /** Now and then. */
  look(now: Instant): void {
    const silentMs = between(this.#heardAt, now)
    if (silentMs < REFUSED_MS) return
    const refused = refusedLife(this.#runDir, PROGRAM)
    if (refused !== null) this.#say(refused)
    else if (silentMs >= SILENT_MS) this.#say(this.#fault())
  }
  #fault(): string {
    const life = readLife(this.#runDir, PROGRAM)
    if (!life) return 'it has not started since this machine did'
    const [pid] = life.life.split('.', 1)
    return life.code === null && lives(life)
      ? `it runs (process ${pid}), and says nothing to the lease process`
      : `it ended: ${endingOf(this.#runDir, PROGRAM, life)}`
  }
  #say(fault: string): void {
    if (fault === this.#told) return
    this.#told = fault
    this.#tell(fault)
  }
}

const LOOK_MS = 1000
export interface WatchedAgent {
  /** It said something. */
  heard(): void
  close(): void
}
export function watchAgent(runDir: string, clock: () => Instant, tell: (fault: string) => void): WatchedAgent {
  const watch = new AgentWatch(runDir, clock(), tell)
  const timer = setInterval(() => watch.look(clock()), LOOK_MS)
  return { heard: () => watch.heard(clock()), close: () => clearInterval(timer) }
}
