/** What ails this machine: one reading after the other, each beside the loop. */
import type { NodeEffect, NodeInput } from '../../core/index.ts'
import { readInterfaces } from './interfaces.ts'

type Effect = Extract<NodeEffect, { kind: 'vitals' }>
type Answer = Extract<NodeInput, { kind: 'vitals' }>

/** Calls back once. */
export function readVitals({ interfaces }: Pick<Effect, 'interfaces'>, done: (answer: Answer) => void): void {
  const read = async (): Promise<Answer['reading']> => ({ interfaces: await readInterfaces(interfaces) })
  read().then(
    (reading) => done({ kind: 'vitals', reading }),
    () => done({ kind: 'vitals', reading: null }),
  )
}
