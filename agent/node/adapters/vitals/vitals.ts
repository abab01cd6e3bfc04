/** What ails this machine: one reading after the other, each beside the loop. */
import type { NodeEffect, NodeInput } from '../../core/index.ts'
import { readInterfaces } from './interfaces.ts'
import { readMemory } from './memory.ts'
import { readTables } from './tables.ts'

type Effect = Extract<NodeEffect, { kind: 'vitals' }>
type Answer = Extract<NodeInput, { kind: 'vitals' }>

/** Calls back once. */
export function readVitals(
  { interfaces, paces, units }: Pick<Effect, 'interfaces' | 'paces' | 'units'>,
  done: (answer: Answer) => void,
): void {
  const read = async (): Promise<Answer['reading']> => ({
    interfaces: await readInterfaces(interfaces, paces),
    memory: await readMemory(units),
    tables: await readTables(),
  })
  read().then(
    (reading) => done({ kind: 'vitals', reading }),
    () => done({ kind: 'vitals', reading: null }),
  )
}
