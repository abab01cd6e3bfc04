/** A change as `lvsm` makes it, without a program that starts for it: so that its time is that of the change. */
import { COMMAND_MODEL } from '@lvsm/changes'
import { tryAsk } from '../../packages/cli/src/config/ask.ts'
import { socketOf } from './coordinators.ts'

/** When it was acknowledged; null: nobody knows in time, because coordinators are slow in a guest with a document of this size. */
export async function set(
  node: string,
  values: Readonly<Record<string, unknown>>,
  which: Readonly<Record<string, string>>,
  noun: 'node' | 'server',
) {
  const command = { verb: 'set', noun, which, values, model: COMMAND_MODEL } as const
  const told = await tryAsk([socketOf(node)], {
    route: 'change',
    body: { change: { command }, comment: 'a figure', base: null },
  })
  if (told.kind === 'refused') throw new Error(JSON.stringify(told))
  return told.value.outcome === 'unknown' ? null : { at: performance.now(), revision: told.value.revision ?? 0 }
}
