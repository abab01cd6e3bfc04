/** A coordinator without others, and without a port: for what is to stand in its log before it runs. */
import { instant, seededRandom } from '@lvsm/base'
import { createAlarm } from '@lvsm/kernel'
import type { NodeId } from '@lvsm/raft'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { LIMITS } from '../../coordinator/core/events.ts'
import { QUICK } from './coordinators.ts'

const clock = () => instant(performance.now())

/** The only one of its cluster, with links to nobody. */
export const alone = (store: ConstructorParameters<typeof Coordinator>[0]['store'], id: NodeId): Coordinator =>
  new Coordinator(
    {
      id,
      store,
      settings: QUICK,
      limits: LIMITS,
      seeds: [],
      boot: 'alone',
      withhold: () => null,
      openLinks: () => ({
        know: () => undefined,
        send: () => undefined,
        sendSnapshot: (_message, _state, done) => done(false),
        close: (closed) => closed(),
      }),
    },
    {
      clock,
      wallClock: () => Date.now(),
      random: seededRandom(id),
      alarm: (ring) => createAlarm(clock, ring),
      say: () => undefined,
      fail: (reason) => {
        throw new Error(reason)
      },
    },
  )
