/** A reply of a state: of the newest, or of what this coordinator has. */
import type { State } from '@lvsm/changes'
import { notNow, type Reply } from '../../api/reply.ts'
import type { NotDone } from '../../configuration.ts'
import type { RouteContext } from './route-context.ts'

/** Of the newest state; `stale`: of what this coordinator has, also while the others cannot be reached. */
export async function reading(
  { configuration, timed }: Pick<RouteContext, 'configuration' | 'timed'>,
  stale: boolean,
  reply: (state: State) => Reply,
): Promise<Reply> {
  if (!stale) {
    const read = await configuration.read()
    return read.kind === 'state' ? timed(() => reply(read.state)) : notNow(read)
  }
  const known = configuration.known()
  return known === null ? notNow(NOTHING) : timed(() => reply(known))
}

export const NOTHING: NotDone = {
  kind: 'refused',
  refusal: {
    code: 'no-configuration',
    message: 'this coordinator has no configuration yet',
    hint: 'wait until it has heard from the others: lvsm coordinators',
  },
}
