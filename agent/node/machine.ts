/** What the agent needs of the process that it is, and who it is. */
import type { Instant } from '@lvsm/base'
import type { LogTags } from '@lvsm/protocol'
import type { ControlEvents } from './adapters/control.ts'
import type { Begun } from './adapters/programs.ts'
import type { Read } from './configuration.ts'
import type { ObservedFenceTable } from './core/index.ts'
import type { Coordinators } from './ports.ts'

export interface Machine {
  clock(): Instant
  /** Reads the configuration file again, and makes sure that the kernel has what it needs. */
  readConfiguration(): Read
  readonly coordinators: Coordinators
  /** The run directory was removed: is its lock still, or again, this process's? */
  mayListenAgain(): boolean
  /** Throws what the kernel says. */
  readFence(): readonly ObservedFenceTable[]
  say(text: string, tags?: LogTags): void
  /** Ends the process; whoever calls it does nothing more. */
  exit(code: number): void
}
export interface AgentOptions {
  readonly node: string
  readonly runDir: string
  readonly stateDir: string
  /** What somebody here asks of the coordinators; null: this node follows none. */
  readonly pass: ControlEvents['pass']
  readonly begun: Begun
}

/** Of a node that follows none. */
export const NO_COORDINATORS: Coordinators = {
  confirm: () => undefined,
  acts: () => undefined,
  usesRing: () => undefined,
  report: () => undefined,
  ask: (_, done) => done(null),
}
