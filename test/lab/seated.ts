/** Who is who, and what is said of one that is not there: for rows of what is planted. */
import { NODES } from './harness.ts'
import type { Seats } from './witness.ts'

export const VOTER = 'rs1'
export const owner = ({ from }: Seats): string => from
export const standby = ({ to }: Seats): string => to
export const others = (node: string): string[] => NODES.filter((name) => name !== node)
/** Of one whose agent is silent: how it is, what it could do, and what becomes of its vote. */
export const unheardOf = (node: string): RegExp =>
  new RegExp(
    `^(not known: (how ${node} is|who could take web \\(${node}|whether web survives .*${node})|no agent is at work on ${node}$|cannot move: nobody could take web: ${node}: no agent)`,
  )
/** Of a node that hears nobody, or has no lease process: it knows nothing of the others. */
export const BLIND = /^not known: /
export const deadIs = (node: string): RegExp => new RegExp(`^dead: ${node}$`)
export const immovable = (node: string): RegExp => new RegExp(`^cannot move: .*${node}`)
/** A dead one is noticed after deadtime (2 s), and told then. */
export const DEADTIME = { ms: 4500, why: 'a node is dead after a deadtime of 2 s' }
