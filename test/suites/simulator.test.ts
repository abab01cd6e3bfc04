/** The simulator's fence does what every fence does: what its laws rest on, nf_tables does too. */
import { seededRandom } from '@lvsm/base'
import { describe } from 'vitest'
import { Clock } from '../kit/clock.ts'
import { kernelPorts } from '../kit/kernel-ports.ts'
import { FakeKernel } from '../kit/kernel.ts'
import { Schedule } from '../kit/schedule.ts'
import { Timeline } from '../kit/timeline.ts'
import { elementSuite, type Fenced } from './elements.ts'
import { carried, groupOn, NEVER, PARTS } from './fence.ts'

function simulated(): Fenced {
  const schedule = new Schedule()
  const clock = new Clock(0, 1)
  const nobody = { changed: () => undefined, flushed: () => undefined, addressGone: () => undefined }
  const kernel = new FakeKernel(schedule, clock, seededRandom(7), nobody)
  const line = new Timeline(schedule, clock, () => 0)
  const { fence } = kernelPorts(kernel, line, {
    trip: () => 0,
    frame: () => undefined,
    belated: () => undefined,
    sweepsNothing: false,
    clearsUnseen: false,
  })
  const group = groupOn(2)
  fence.build([group], [])
  return {
    apply: (op, timeoutMs) =>
      fence.apply({ group: 'web', op, parts: PARTS, timeoutMs, notAfter: NEVER }).result === 'done',
    rebuild: (timeoutMs) => fence.build([group], timeoutMs > 0 ? carried(timeoutMs) : []).carried[0]?.result === 'done',
    isOpen: () => PARTS.every((part) => kernel.found.endOf('web', part) > line.at),
    async pass(ms) {
      line.pass(ms)
      schedule.runUntil(line.at)
    },
  }
}

describe('the fence of the simulator', () => elementSuite(simulated))
