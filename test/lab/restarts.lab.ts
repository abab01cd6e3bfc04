// lab: topology=lean long=yes
/** Processes that end and start anew, one after the other and all together: everyday, and raises nothing. */
import { type Everyday, everyday, healthy, quiet, reported } from './everyday.ts'
import { lab, NODES, owner, until } from './harness.ts'
import { whole } from './witness.ts'

const STARTED_MS = 30_000
const restarts = (process: string, nodes: readonly string[], head: boolean): Everyday => ({
  what: `${process} started anew on ${nodes.join(', ')}`,
  head,
  told: new Set(process === 'lease' ? ['no-lease-process'] : []),
  async work(reached) {
    for (const node of nodes) {
      await lab('stop', node, process)
      await reached(`${process} of ${node} is stopped`, true)
      await lab('start', node, process)
      await reached(`${process} of ${node} starts`, true)
      await whole()
      if (head) await healthy(STARTED_MS)
      await reached(`${process} of ${node} has started`)
    }
  },
})

const TIMES = 3
const EVERYDAY: readonly Everyday[] = [
  ...Array.from({ length: TIMES }, () => restarts('agent', ['dir1', 'dir2', 'rs1'], true)),
  // Of a director it is a takeover, and told.
  restarts('lease', ['rs1'], false),
  {
    what: 'all nodes started anew together',
    head: false,
    // Twelve processes that start at once hold each other up: what is so slow is told, and true.
    told: new Set(['no-lease-process', 'prober-silent']),
    async work(reached) {
      for (const node of NODES) await lab('stop', node, 'all')
      for (const node of NODES) await lab('start', node, 'all')
      await reached('all start', true)
      await until(owner, 60_000, 'somebody owns the group')
      await reached('somebody owns the group', true)
      await whole()
      await quiet()
      await reached('it is whole')
    },
  },
]

for (const one of EVERYDAY) everyday(one)
reported(33)
