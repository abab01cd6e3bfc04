/** What the agent's half of a machine lives in. */
import type { Config } from '@lvsm/model'
import type { NodeEffect, NodeInput } from '../../../agent/node/core/index.ts'
import type { AgentWord } from '../../kit/agent-process.ts'
import type { Cluster } from '../cluster.ts'
import type { PlaneLaw } from './law.ts'
import type { Operators } from './operators.ts'

export interface Household {
  readonly cluster: Cluster
  /** By revision. */
  readonly configs: readonly [Config, ...Config[]]
  readonly law: Pick<PlaneLaw, 'judge' | 'strangerChanged'>
  readonly operators: Pick<Operators, 'answered' | 'agentDied'>
  /** A node's own addresses, each on an interface. */
  interfacesOf(node: string): readonly { readonly name: string; readonly address: string; readonly prefix?: number }[]
  /** Where a floating address stands. */
  interfaceOf(address: string): string
  check(effect: Extract<NodeEffect, { kind: 'check' }>, done: (ok: boolean, reason: string) => void): void
  /** A step of a node's agent: what it heard, and what came of it. */
  stepped?(node: string, input: NodeInput, effects: readonly NodeEffect[]): void
  /** What its kernel knew is gone. */
  lostPower?(node: string): void
  /** What an agent says to its lease process. */
  told?(node: string, word: AgentWord): void
}
