/** The agent's one inbox: bounded, and what may be lost of it. */
import { type Driver, startDriver } from '../driver/driver.ts'
import { timersOf } from '../process/timers.ts'
import type { NodeCore, NodeEffect, NodeInput } from './core/index.ts'
import type { Machine } from './machine.ts'

const LONGEST_INBOX = 4096
/** What the core can do without: it is said again, or asked again. */
const DROPPABLE = new Set<NodeInput['kind']>(['message', 'checked', 'pinged', 'ping-answered', 'changed', 'refused'])

export function startInbox(
  core: Pick<NodeCore, 'step'>,
  machine: Pick<Machine, 'clock' | 'say'>,
  carryOut: (effect: NodeEffect) => void,
): Driver<NodeInput> {
  let dropped = 0
  return startDriver<NodeInput, NodeEffect>({
    ...timersOf(() => machine.clock()),
    step: (input, now) => core.step(input, now),
    carryOut,
    longestInbox: LONGEST_INBOX,
    mayDrop: ({ kind }) => DROPPABLE.has(kind),
    dropped: ({ kind }) => {
      dropped += 1
      if (dropped === 1) machine.say(`more than ${LONGEST_INBOX} inputs wait: a ${kind} was dropped, the first one`)
    },
  })
}
