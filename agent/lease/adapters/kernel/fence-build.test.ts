/** How tables come and go, with what is open carried over; kernels that lack a hook; what a look finds. */
import { instant } from '@lvsm/base'
import { NETLINK } from '@lvsm/kernel'
import { acknowledgement, nftables as nft } from '@lvsm/netlink'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  carried,
  CLOSED,
  DONE,
  FenceBench,
  groupAt,
  MAIL,
  NEVER,
  order,
  WEB,
} from '../../../../test/kit/fence-bench.ts'
import { damageIn, tablesOf } from './fence-damage.ts'

let bench: FenceBench
beforeEach(() => {
  bench = new FenceBench()
  bench.log = []
})

describe('tables', () => {
  test('come in one transaction, closed; their chains in the namespace of each group', () => {
    expect(bench.fence.build([WEB, MAIL], [])).toEqual({ ...DONE, carried: [] })
    expect(bench.linux.calls).toHaveLength(1)
    expect([...bench.isOpen('web'), ...bench.isOpen('mail')]).toEqual([...CLOSED, ...CLOSED])
    expect(bench.chainsIn('netdev')).toEqual(['group-web', 'group-mail', 'egress-left', 'egress-right'])
  })

  test('take the place of whatever had their name', () => {
    bench.fence.build([WEB, MAIL], [])
    bench.fence.apply(order('open'))
    expect(bench.fence.build([MAIL], [])).toEqual({ ...DONE, carried: [] })
    expect([...(bench.linux.tables.table({ family: 'inet', table: 'lvsm' })?.sets.keys() ?? [])]).toEqual([
      'open-mail',
      'addresses',
    ])
  })

  test('an interface that is gone has no hook, and one with many addresses has one', () => {
    const both = {
      ...WEB,
      addresses: [
        ...WEB.addresses,
        ...groupAt('', '10.11.0.12').addresses,
        ...groupAt('', '10.11.0.13', 77).addresses,
        ...groupAt('', '10.11.0.14', 0).addresses,
      ],
    }
    expect(bench.fence.build([both], [])).toMatchObject(DONE)
    expect(bench.chainsIn('netdev')).toEqual(['group-web', 'egress-left'])
    expect(bench.fence.damage()).toBe('')
  })

  test('carry in the same transaction, taking out first, with a clock read before it and after it', () => {
    bench.fence.build([WEB, MAIL], [])
    bench.fence.apply(order('open'))
    bench.slow(3)
    bench.log = []
    expect(bench.fence.build([WEB, MAIL], carried(300.7, instant(1250.5)))).toEqual({
      ...DONE,
      carried: [{ group: 'web', ...DONE, timeoutMs: 250, done: 1003 }],
    })
    expect(bench.log).toEqual(['clock', 'call', 'clock'])
    const words = bench.said()
    expect(words.slice(0, 4)).toEqual([
      'deleted arp open-web -',
      'deleted netdev open-web -',
      'deleted inet open-web -',
      'table',
    ])
    expect(words.filter((word) => word.startsWith('new') && word.includes('open-'))).toEqual([
      'new arp open-web 250',
      'new netdev open-web 250',
      'new inet open-web 250',
    ])
    // All that has a time comes before all that takes time.
    expect(words.findLastIndex((word) => word.includes('open-web 250'))).toBeLessThan(words.indexOf('chain'))
  })

  test.each([
    ['the lease is nearly over', 200, instant(1003)],
    ['less than a tick is ordered', 3, NEVER],
  ])('are closed at once where %s', (_, timeoutMs, notAfter) => {
    bench.fence.build([WEB], [])
    bench.fence.apply(order('open'))
    const { length } = bench.linux.calls
    expect(bench.fence.build([WEB], carried(timeoutMs, notAfter))).toEqual({
      ...DONE,
      carried: [{ group: 'web', result: 'refused', timeoutMs: 0, done: 1000, error: 'too late' }],
    })
    expect(bench.linux.calls).toHaveLength(length + 1)
    expect(bench.isOpen()).toEqual(CLOSED)
  })

  test('carry what has a tick left', () => {
    bench.fence.build([WEB], [])
    bench.fence.apply(order('open'))
    expect(bench.fence.build([WEB], carried(4)).carried).toMatchObject([{ result: 'done', timeoutMs: 4 }])
  })

  test('one of two that ran out: both are closed, and both are told', () => {
    bench.fence.build([WEB, MAIL], [])
    bench.fence.apply(order('open'))
    bench.fence.apply(order('open', { group: 'mail', timeoutMs: 50 }))
    bench.now += 50
    const built = bench.fence.build([WEB, MAIL], [...carried(200), ...carried(200, NEVER, 'mail')])
    expect(built.result).toBe('done')
    expect(built.carried.map(({ group: name, result, error }) => [name, result, error])).toEqual([
      ['web', 'refused', 'no such object'],
      ['mail', 'refused', 'no such object'],
    ])
    expect([...bench.isOpen('web'), ...bench.isOpen('mail')]).toEqual([...CLOSED, ...CLOSED])
  })

  test('a carrying transaction without an answer is followed by one that closes, whatever became of it', () => {
    for (const done of [true, false]) {
      bench.fence.build([WEB], [])
      bench.fence.apply(order('open'))
      bench.fails({ errno: 105, done, answered: false })
      expect(bench.fence.build([WEB], carried(200))).toMatchObject({
        ...DONE,
        carried: [{ result: 'refused', timeoutMs: 0 }],
      })
      expect(bench.isOpen()).toEqual(CLOSED)
    }
  })

  test('that cannot be built are refused, or unknown, and say why', () => {
    bench.fails({ errno: 12 })
    expect(bench.fence.build([WEB], [])).toMatchObject({
      result: 'refused',
      error: expect.stringMatching(/memory/),
      carried: [],
    })
    bench.fails({ errno: 110, answered: false, done: true })
    expect(bench.fence.build([WEB], [])).toMatchObject({ result: 'unknown', carried: [] })
    bench.fence.build([WEB], [])
    bench.fence.apply(order('open'))
    bench.fails({ errno: 12 }, 2)
    expect(bench.fence.build([WEB], carried(200))).toMatchObject({
      result: 'refused',
      carried: [{ result: 'refused' }],
    })
  })
})

describe('a kernel without the egress hook', () => {
  test('has the other tables, and its orders are for these', () => {
    bench.linux.tables.egress = false
    expect(bench.fence.build([WEB], [])).toEqual({ ...DONE, carried: [] })
    expect(bench.layers()).toEqual(['arp', 'inet'])
    expect(bench.fence.apply(order('open'))).toMatchObject(DONE)
    expect(bench.fence.apply(order('renew'))).toMatchObject(DONE)
    expect(bench.fence.build([WEB], carried(200)).carried).toMatchObject([{ result: 'done' }])
    expect(bench.isOpen()).toEqual([true, false, true])
    expect(bench.fence.damage()).toBe('')
    expect(bench.fence.clear()).toEqual(DONE)
    expect(bench.layers()).toEqual([])
  })

  test.each([2, 22, 93, 95, 97])('shows itself by error %i', (errno) => {
    bench.fails({ errno })
    expect(bench.fence.build([WEB], [])).toMatchObject(DONE)
    expect(bench.layers()).toEqual(['arp', 'inet'])
  })
  test.each([1, 4, 11, 12, 16, 28, 75, 85, 90, 105, 110])('is not what error %i means', (errno) => {
    bench.fails({ errno })
    expect(bench.fence.build([WEB], [])).toMatchObject({ result: 'refused' })
    expect(bench.fence.build([WEB], [])).toMatchObject(DONE)
    expect(bench.layers()).toEqual(['arp', 'netdev', 'inet'])
  })
  test('is not what a lost answer means', () => {
    bench.fails({ errno: 95, answered: false })
    expect(bench.fence.build([WEB], [])).toMatchObject({ result: 'unknown' })
    bench.fence.build([WEB], [])
    expect(bench.layers()).toEqual(['arp', 'netdev', 'inet'])
  })
  test('a table that was made while there was one would stop every announcement: it goes', () => {
    bench.fence.build([WEB], [])
    bench.linux.tables.egress = false
    expect(bench.fence.build([WEB], [])).toMatchObject(DONE)
    expect(bench.layers()).toEqual(['arp', 'inet'])
  })
  test('an interface that goes while the tables are built costs no other its hook', () => {
    let gone = false
    bench.linux.before = () => {
      if (!gone) bench.linux.removeLink(3)
      gone = true
    }
    expect(bench.fence.build([WEB, MAIL], [])).toMatchObject(DONE)
    expect(bench.layers()).toEqual(['arp', 'netdev', 'inet'])
    expect(bench.fence.damage()).toBe('')
  })
})

describe('a look', () => {
  test('finds nothing before the first tables, nor when they were taken away', () => {
    expect(bench.fence.damage()).toBe('')
    bench.fence.build([WEB], [])
    bench.fence.clear()
    expect(bench.fence.damage()).toBe('')
  })
  test('is no answer while the kernel gives none, at whichever question', () => {
    bench.fence.build([WEB], [])
    bench.fence.apply(order('open'))
    const { length } = bench.linux.calls
    expect(bench.fence.damage()).toBe('')
    const questions = bench.linux.calls.length - length
    expect(questions).toBeGreaterThan(3)
    for (let at = 0; at < questions; at++) {
      let asked = 0
      bench.linux.disturb = () => (asked++ === at ? { errno: 105, answered: false, done: true } : undefined)
      expect(bench.fence.damage()).toBeNull()
    }
  })
  test('is no answer either while nobody understands the kernel', () => {
    bench.fence.build([WEB], [])
    const tables = tablesOf(bench.linux.calls.at(-1)?.messages.slice(1, -1) ?? [])
    const netlink = bench.linux.openNetlink(NETLINK.netfilter)
    expect(damageIn(netlink, tables, [])).toBe('')
    const short = { type: 0xa00, flags: 0, sequence: 0, port: 0, payload: new Uint8Array(2) }
    const garbled = { ...netlink, request: () => [{ ...acknowledgement(0), answered: true, data: [short] }] }
    expect(damageIn(garbled, tables, [])).toBeNull()
  })
  test('finds more rules where a table of ours has some', () => {
    bench.fence.build([WEB], [])
    bench.linux.tables.transact([
      nft.newRule({ family: 'inet', table: 'lvsm', chain: 'group-web', expressions: [nft.match.decide(nft.accept)] }),
    ])
    expect(bench.fence.damage()).toBe('12 rules instead of 11')
  })
  test('knows the longest time that a group was given, of each group by itself', () => {
    bench.fence.build([WEB, MAIL], [])
    bench.fence.apply(order('open', { timeoutMs: 5000 }))
    bench.fence.apply(order('renew', { timeoutMs: 100 }))
    bench.fence.apply(order('close'))
    const put = (name: string, timeoutMs: number): string | null => {
      const set = { family: 'inet', table: 'lvsm', set: `open-${name}` } as const
      bench.linux.tables.transact([
        nft.flushElements(set),
        nft.newElements(set, [{ key: nft.ethertypeKey(0x0800), timeoutMs }]),
      ])
      return bench.fence.damage()
    }
    expect(put('web', 5000)).toBe('')
    expect(put('web', 5010)).toBe('')
    expect(put('web', 5011)).toBe('somebody opened open-web of inet')
    expect(put('web', 1)).toBe('')
    expect(put('mail', 5000)).toBe('somebody opened open-mail of inet')
    // New tables, new times.
    bench.fence.build([WEB, MAIL], [])
    expect(put('web', 5000)).toBe('somebody opened open-web of inet')
  })
})
