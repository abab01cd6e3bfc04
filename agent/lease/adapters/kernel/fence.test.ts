/** When the clock is read, what is sent, and what is made of the answers. What the tables do is in guard.test.ts. */
import { instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { beforeEach, describe, expect, test } from 'vitest'
import { CLOSED, DONE, FenceBench, MAIL, NEVER, OPEN, order, WEB } from '../../../../test/kit/fence-bench.ts'

let bench: FenceBench
beforeEach(() => {
  bench = new FenceBench()
  bench.log = []
})

describe('an order', () => {
  beforeEach(() => {
    bench.fence.build([WEB, MAIL], [])
    bench.log = []
  })

  test('opens by adding, exclusively; renews by delete and add in one transaction; closes by emptying', () => {
    bench.fence.apply(order('open'))
    expect(bench.said()).toEqual(['new arp open-web 200', 'new netdev open-web 200', 'new inet open-web 200'])
    bench.fence.apply(order('renew', { timeoutMs: 300 }))
    expect(bench.said()).toEqual([
      'deleted arp open-web -',
      'deleted netdev open-web -',
      'deleted inet open-web -',
      'new arp open-web 300',
      'new netdev open-web 300',
      'new inet open-web 300',
    ])
    bench.fence.apply(order('close', { parts: ['announce'] }))
    expect(bench.said()).toEqual(['deleted arp open-web all', 'deleted netdev open-web all'])
    expect(bench.isOpen()).toEqual([false, false, true])
    expect(bench.linux.calls).toHaveLength(4)
  })

  test.each(['open', 'renew'] as const)('%s: the clock is read before the call, and after the answer', (op) => {
    bench.fence.apply(order('open', { group: op === 'renew' ? 'web' : 'mail' }))
    bench.slow(7)
    bench.log = []
    const outcome = bench.fence.apply(order(op, { notAfter: instant(1100) }))
    expect(bench.log).toEqual(['clock', 'call', 'clock'])
    expect(outcome).toEqual({ ...DONE, timeoutMs: 100, done: 1007 })
  })

  test('a close needs no time', () => {
    bench.fence.apply(order('open'))
    bench.now += 50
    bench.slow(7)
    expect(bench.fence.apply(order('close', { timeoutMs: 0, notAfter: instant(0) }))).toEqual({
      ...DONE,
      timeoutMs: 0,
      done: 1057,
    })
    expect(bench.isOpen()).toEqual(CLOSED)
  })

  test.each([
    ['as long as ordered', 200, NEVER, 200],
    ['no longer than the lease', 200, instant(1150), 150],
    ['whole milliseconds, rounded down', 200.9, NEVER, 200],
    ['the lease too', 200, instant(1099.9), 99],
    ['a tick', 4, NEVER, 4],
    ['a tick of the lease', 200, instant(1004), 4],
  ])('lasts %s', (_, timeoutMs, notAfter, lasts) => {
    expect(bench.fence.apply(order('open', { timeoutMs, notAfter }))).toMatchObject({ ...DONE, timeoutMs: lasts })
    expect(bench.elementsIn('inet').map((item) => [item.timeoutMs, item.endsAt])).toEqual([[lasts, 1000 + lasts]])
    expect(bench.fence.apply(order('renew', { timeoutMs, notAfter }))).toMatchObject({ ...DONE, timeoutMs: lasts })
    expect(bench.elementsIn('arp').map((item) => item.timeoutMs)).toEqual([lasts])
  })

  test.each([
    ['less than a tick is ordered', 3.99, NEVER],
    ['less than a tick is left of the lease', 200, instant(1003.99)],
    ['the lease is over', 200, instant(1000)],
    ['the lease was over long ago', 200, instant(500)],
  ])('is refused, and the kernel not asked, when %s', (_, timeoutMs, notAfter) => {
    bench.fence.apply(order('open'))
    const calls = bench.linux.calls.length
    for (const op of ['open', 'renew'] as const) {
      const outcome = bench.fence.apply(order(op, { timeoutMs, notAfter }))
      expect(outcome).toMatchObject({ result: 'refused', done: 1000, error: expect.stringMatching(/^too late/) })
    }
    expect(bench.linux.calls).toHaveLength(calls)
  })

  test.each(['open', 'renew', 'close'] as const)('%s: what the kernel refused was not done, and says why', (op) => {
    if (op !== 'open') bench.fence.apply(order('open'))
    bench.fails({ errno: 16 })
    expect(bench.fence.apply(order(op))).toMatchObject({ result: 'refused', error: expect.stringMatching(/in use/) })
    expect(bench.isOpen()).toEqual(op === 'open' ? CLOSED : OPEN)
  })

  test.each(['open', 'renew', 'close'] as const)(
    '%s: what got no answer is unknown, whether it was done or not',
    (op) => {
      for (const done of [true, false]) {
        bench.fence.apply(order('close'))
        if (op !== 'open') bench.fence.apply(order('open'))
        for (const errno of [105, 110]) {
          bench.fails({ errno, done, answered: false })
          expect(bench.fence.apply(order(op))).toMatchObject({ result: 'unknown', error: expect.stringMatching(/./) })
        }
      }
    },
  )

  test('costs the same for a hundred addresses', () => {
    const addresses = Array.from({ length: 100 }, (_, at) => ({
      address: `10.1.${at >> 8}.${at & 255}`,
      prefix: 32,
      ifindex: 2,
      kind: 'vip' as const,
    }))
    expect(bench.fence.build([{ ...WEB, addresses }], [])).toMatchObject(DONE)
    bench.fence.apply(order('open'))
    bench.fence.apply(order('renew'))
    expect(bench.said()).toHaveLength(6)
  })
})

test('closing it closes its socket', () => {
  bench.fence.close()
  expect(() => bench.fence.apply(order('open'))).toThrow(/closed/)
})
test('no call of its socket may hold the loop up for long', () => {
  expect(bench.linux.opened).toEqual([{ protocol: NETLINK.netfilter, timeoutMs: 200 }])
})
