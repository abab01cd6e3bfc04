import { expect, test } from 'vitest'
import { type Netem, netemAway, netemHarm } from './netem.ts'

const none: Netem = { parent: 'root', delayMs: 0, jitterMs: 0, loss: 0, corrupt: 0 }

test('nothing that delays, loses or corrupts is no harm', () => expect(netemHarm(none)).toBeNull())
test('a loss that connections feel is critical; what only delays may be meant, however long it is', () => {
  expect(netemHarm({ ...none, delayMs: 700 })).toEqual({
    severity: 'warning',
    does: 'holds back for 700 ms what leaves by it',
  })
  expect(netemHarm({ ...none, delayMs: 20, jitterMs: 5 })).toEqual({
    severity: 'warning',
    does: 'holds back for 20 ms (± 5 ms) what leaves by it',
  })
  expect(netemHarm({ ...none, loss: 0.3 })).toEqual({ severity: 'critical', does: 'loses 30 % of what leaves by it' })
  expect(netemHarm({ ...none, loss: null })).toMatchObject({ severity: 'critical' })
  expect(netemHarm({ ...none, delayMs: 5, loss: 0.001, corrupt: 0.02 })).toEqual({
    severity: 'critical',
    does: 'holds back for 5 ms, loses 0.1 % of, corrupts 2 % of what leaves by it',
  })
})
test('below a class it is of a part alone, and no more than a warning', () => {
  expect(netemHarm({ ...none, parent: '1:2', delayMs: 700, loss: 0.3 })).toEqual({
    severity: 'warning',
    does: 'holds back for 700 ms, loses 30 % of a part of what leaves by it (below 1:2)',
  })
})
test('the command names the root, or the class that it stands below', () => {
  expect(netemAway('eth0', none)).toBe('tc qdisc del dev eth0 root')
  expect(netemAway('eth0', { parent: '1:2' })).toBe('tc qdisc del dev eth0 parent 1:2')
})
