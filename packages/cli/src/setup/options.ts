/** What `init` and `join` share: where things stand on a machine, and what a node is. */
import type { DEFAULT_PORTS } from './ports.ts'

/** Directories, as the package makes them. */
export interface Directories {
  readonly etc: string
  /** Of the agent: the node's identity. */
  readonly state: string
  readonly coordinatorState: string
  readonly coordinatorRun: string
}
export const DIRECTORIES: Directories = {
  etc: '/etc/lvsm',
  state: '/var/lib/lvsm',
  coordinatorState: '/var/lib/lvsm-coordinator',
  coordinatorRun: '/run/lvsm-coordinator',
}

export const ROLES = ['director', 'realserver', 'witness'] as const
export type Role = (typeof ROLES)[number]

/** Undefined: to be proposed. */
export interface NodeChoice {
  readonly name?: string | undefined
  readonly interface?: string | undefined
  readonly address?: string | undefined
  readonly role?: Role | undefined
}
export interface SetupOptions extends NodeChoice {
  readonly yes: boolean
  /** Start the daemons, where a systemd runs. */
  readonly start: boolean
  readonly directories: Directories
}
export type Ports = typeof DEFAULT_PORTS
