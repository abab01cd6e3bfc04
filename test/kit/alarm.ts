/** The alarm of a process's event loop (packages/kernel): on its own clock, in whole milliseconds, never too early. */
import type { Instant } from '@lvsm/base'
import type { Clock } from './clock.ts'
import type { Schedule } from './schedule.ts'
import type { Timeline } from './timeline.ts'

const NEVER = Number.POSITIVE_INFINITY

/** `enqueue`: puts work into the process's inbox. */
export function simulatedAlarm(
  schedule: Schedule,
  clock: Clock,
  line: Timeline,
  ring: () => void,
  enqueue: (work: () => void) => void,
): { set(at: Instant): void; stop(): void } {
  let dueAt = NEVER
  let armedFor = NEVER
  let token = 0

  const arm = (): void => {
    if (armedFor <= dueAt) return
    armedFor = dueAt
    const mine = ++token
    const ms = Math.max(0, Math.ceil(dueAt - line.read()))
    schedule.at(line.at + ms / clock.rate, () => {
      if (mine === token) enqueue(expire)
    })
  }
  const expire = (): void => {
    armedFor = NEVER
    if (line.read() < dueAt) return arm()
    dueAt = NEVER
    ring()
  }
  return {
    set(at) {
      dueAt = at
      arm()
    },
    stop() {
      token += 1
    },
  }
}
