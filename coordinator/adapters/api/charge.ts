/** The time that answers take, counted as whoever asked for them. */
import type { ConfigRouteName } from '@lvsm/protocol'
import type { Reply } from '../../api/reply.ts'
import { isCharged, type Tempo } from '../../api/tempo.ts'
import type { Caller } from '../../../agent/process/caller.ts'

export interface Charge {
  charged<Value>(work: () => Value): Value
  timed(work: () => Reply): Reply
}

export function chargeOf(tempo: Tempo, name: ConfigRouteName, caller: Caller): Charge {
  if (!isCharged(name)) return { charged: (work) => work(), timed: (work) => work() }
  let isCounting = false
  const charged = <Value>(work: () => Value): Value => {
    // What is done within it is counted already.
    if (isCounting) return work()
    const began = performance.now()
    isCounting = true
    try {
      return work()
    } finally {
      isCounting = false
      tempo.spent(caller, performance.now() - began, performance.now())
    }
  }
  return { charged, timed: (work) => tempo.usedUp(caller, performance.now()) ?? charged(work) }
}
