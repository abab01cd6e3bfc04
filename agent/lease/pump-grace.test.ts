/** A close counts after a grace period of the kernel (FENCE.md, row 13). */
import { instant } from '@lvsm/base'
import { beforeEach, expect, test } from 'vitest'
import type { FenceOp, LeaseEffect, LeaseInput } from './core/events.ts'
import { type CallResult } from '@lvsm/lease'
import { FINE } from './ports.ts'
import { type Pump, startPump } from './pump.ts'

const order = (op: FenceOp, group: string): LeaseEffect => ({
  kind: 'fence',
  group,
  op,
  parts: ['announce', 'serve'],
  timeoutMs: 100,
  notAfter: instant(500),
})
let orders: LeaseEffect[] = []
let answers: LeaseInput[] = []
let over: (() => void)[] = []
let result: CallResult = 'done'
let pump: Pump
beforeEach(() => {
  answers = []
  over = []
  result = 'done'
  pump = startPump('dir1', 'abcd', {
    clock: () => instant(1),
    step(input) {
      if (input.kind === 'wake') return orders
      answers.push(input)
      return []
    },
    fence: {
      apply: () => ({ result, error: '', timeoutMs: 90, done: instant(1) }),
      build: () => ({ ...FINE, carried: [] }),
      clear: () => FINE,
    },
    afterGrace: (done) => void over.push(done),
    addresses: { add: () => FINE, remove: () => FINE, announce: () => FINE },
    alarm: () => ({ set: () => undefined, stop: () => undefined }),
    send: () => undefined,
    persist: () => undefined,
    useView: () => undefined,
    deliver: () => undefined,
    event: () => undefined,
    claimed: () => undefined,
    stopped: () => undefined,
    unfenced: () => undefined,
    count: () => undefined,
  })
})

test('only what was closed waits for it', () => {
  orders = [order('open', 'web'), order('close', 'mail'), order('renew', 'web')]
  pump.feed({ kind: 'wake' })
  expect(answers).toMatchObject([
    { group: 'web', op: 'open' },
    { group: 'web', op: 'renew' },
  ])
  expect(over).toHaveLength(1)
  over[0]?.()
  expect(answers[2]).toMatchObject({ group: 'mail', op: 'close', result: 'done' })
})

test.each(['refused', 'unknown'] as const)(
  'a close that is %s is answered at once: it is to be tried again',
  (failed) => {
    result = failed
    orders = [order('close', 'web')]
    pump.feed({ kind: 'wake' })
    expect(answers).toMatchObject([{ op: 'close', result: failed }])
    expect(over).toHaveLength(0)
  },
)
