/** The one inbox: order, clock, and what becomes of each effect. */
import { type LeaseGroup } from '@lvsm/protocol'
import { instant } from '@lvsm/base'
import { beforeEach, describe, expect, test } from 'vitest'
import type { LeaseEffect, LeaseInput } from './core/events.ts'
import { type Pump, type PumpPorts, startPump } from './pump.ts'
import { FINE } from './ports.ts'

const GROUP: LeaseGroup = { name: 'web', digest: 'd', directors: ['dir1'], addresses: [] }
const BOTH = ['announce', 'serve'] as const
const WAKE: LeaseInput = { kind: 'wake' }
const named = (reason: string): LeaseInput => ({ kind: 'switchover', group: 'web', to: null, reason })
const DATAGRAM: LeaseInput = {
  kind: 'datagram',
  envelope: {
    from: 'dir2',
    incarnation: '',
    sequence: 1,
    to: null,
    link: 0,
    spread: 'one',
    message: { kind: 'relay', payload: new Uint8Array() },
    piggybacked: null,
  },
}
const event = (reason: string): LeaseEffect => ({
  kind: 'event',
  event: { at: 0, group: 'web', kind: 'note', number: 0, reason },
})
const order = (op: 'open' | 'close', group = 'web'): LeaseEffect => ({
  kind: 'fence',
  group,
  op,
  parts: BOTH,
  timeoutMs: 100,
  notAfter: instant(500),
})

let now = 0
let log: string[] = []
/** What was stepped with, and when. */
let stepped: { input: LeaseInput; now: number }[] = []
/** The effects of an input; each input that has none is only seen. */
let effects: (input: LeaseInput) => LeaseEffect[] = () => []
let ports: { -readonly [Name in keyof PumpPorts]: PumpPorts[Name] }
let ring: () => void = () => undefined
let pump: Pump
beforeEach(() => {
  now = 100
  log = []
  stepped = []
  effects = () => []
  ports = {
    clock() {
      log.push('clock')
      return instant(now++)
    },
    step(input, at) {
      log.push(`step ${input.kind === 'switchover' ? input.reason : input.kind}`)
      stepped.push({ input, now: at })
      return effects(input)
    },
    fence: {
      apply: ({ group, op }) => {
        log.push(`${op} ${group}`)
        return { ...FINE, timeoutMs: 90, done: instant(now) }
      },
      build: (groups, carried) => {
        log.push(`build ${groups.map(({ name }) => name).join()} carrying ${carried.map(({ group }) => group).join()}`)
        return { ...FINE, carried: [] }
      },
      clear: () => FINE,
    },
    afterGrace: (over) => over(),
    addresses: {
      add: ({ name }, seconds) => {
        log.push(`add ${name} for ${seconds}`)
        return FINE
      },
      remove: ({ name }) => {
        log.push(`remove ${name}`)
        return FINE
      },
      announce: ({ name }, notAfter) => {
        log.push(`announce ${name} until ${notAfter}`)
        return FINE
      },
    },
    alarm: (rings) => {
      ring = rings
      return { set: (at) => log.push(`wake at ${at}`), stop: () => log.push('alarm stopped') }
    },
    send: ({ sequence, from, incarnation }, recipients) =>
      void log.push(`send ${sequence} from ${from} ${incarnation} to ${recipients.map(({ node }) => node).join()}`),
    persist: ({ highWater }) => void log.push(`persist ${highWater}`),
    useView: ({ epoch }) => void log.push(`use view of epoch ${epoch}`),
    deliver: (from) => void log.push(`deliver of ${from}`),
    event: ({ event: { reason } }) => void log.push(`event ${reason}`),
    claimed: () => void log.push('claimed'),
    stopped: () => void log.push('stopped'),
    unfenced: (error) => void log.push(`unfenced: ${error}`),
    count: (reason) => void log.push(`count ${reason}`),
  }
  pump = startPump('dir1', 'abcd', ports)
})
/** Inputs after the first one. */
const answers = (): LeaseInput[] => stepped.slice(1).map(({ input }) => input)
const does = (...some: LeaseEffect[]): void => {
  effects = (input) => (input === WAKE ? some : [])
}

test('the clock is read for each input, when its turn has come', () => {
  effects = (input) => (input === WAKE ? [order('open'), order('open', 'mail')] : [])
  pump.feed(WAKE)
  pump.feed(WAKE)
  expect(log.filter((line) => /^(clock|step)/.test(line))).toEqual([
    'clock',
    'step wake',
    'clock',
    'step fenced',
    'clock',
    'step fenced',
    'clock',
    'step wake',
    'clock',
    'step fenced',
    'clock',
    'step fenced',
  ])
  expect(stepped.map(({ now: at }) => at)).toEqual([100, 101, 102, 103, 104, 105])
})

test('effects are carried out in their order, and all of them before the next input', () => {
  effects = (input) =>
    input === WAKE
      ? [
          order('open'),
          event('first'),
          { kind: 'address', op: 'add', group: GROUP, validSeconds: 3 },
          event('second'),
          { kind: 'wake', at: instant(7) },
        ]
      : [event('of the answer')]
  pump.feed(WAKE)
  expect(log.filter((line) => line !== 'clock')).toEqual([
    'step wake',
    'open web',
    'event first',
    'add web for 3',
    'event second',
    'wake at 7',
    'step fenced',
    'event of the answer',
    'step addressed',
    'event of the answer',
  ])
})

test('what comes in while it works waits for its turn, behind what came before', () => {
  effects = (input) => (input === WAKE ? [event('one'), order('open')] : [])
  ports.event = () => {
    pump.feed(named('while it works'))
    log.push('event over')
  }
  pump.feed(WAKE)
  expect(log.filter((line) => line !== 'clock')).toEqual([
    'step wake',
    'event over',
    'open web',
    'step while it works',
    'step fenced',
  ])
})

test('answers come back in the order of the calls, and say what became of each', () => {
  const results = [
    { result: 'done', error: '', timeoutMs: 80, done: instant(7) },
    { result: 'refused', error: 'EBUSY', timeoutMs: 70, done: instant(8) },
    { result: 'unknown', error: 'ETIMEDOUT', timeoutMs: 60, done: instant(9) },
  ] as const
  const left = [...results]
  ports.fence = { ...ports.fence, apply: () => left.shift() ?? expect.unreachable() }
  does(order('open'), { ...order('close', 'mail'), parts: ['announce'] } as LeaseEffect, order('close'))
  pump.feed(WAKE)
  expect(answers()).toEqual([
    { kind: 'fenced', group: 'web', op: 'open', parts: BOTH, ...results[0] },
    { kind: 'fenced', group: 'mail', op: 'close', parts: ['announce'], ...results[1] },
    { kind: 'fenced', group: 'web', op: 'close', parts: BOTH, ...results[2] },
  ])
})

test('the fence gets its order whole', () => {
  const orders: unknown[] = []
  ports.fence = {
    ...ports.fence,
    apply: (one) => {
      orders.push(one)
      return { ...FINE, timeoutMs: 1, done: instant(1) }
    },
  }
  does(order('open'))
  pump.feed(WAKE)
  expect(orders).toEqual([{ kind: 'fence', group: 'web', op: 'open', parts: BOTH, timeoutMs: 100, notAfter: 500 }])
})

describe('tables', () => {
  const TABLES: LeaseEffect = {
    kind: 'fence-tables',
    groups: [GROUP, { ...GROUP, name: 'mail' }],
    carried: [{ group: 'web', timeoutMs: 100, notAfter: instant(500) }],
  }
  test('that were built answer for each group that was to be carried', () => {
    const carried = (['done', 'refused'] as const).map((result, at) => ({
      group: `g${at}`,
      result,
      error: `e${at}`,
      timeoutMs: at,
      done: instant(at),
    }))
    ports.fence = { ...ports.fence, build: () => ({ ...FINE, carried }) }
    does(TABLES)
    pump.feed(WAKE)
    expect(answers()).toEqual(carried.map((one) => ({ kind: 'fenced', op: 'carry', parts: BOTH, ...one })))
  })
  test('are of the groups that are given, with what they carry', () => {
    does(TABLES)
    pump.feed(WAKE)
    expect(log).toContain('build web,mail carrying web')
    expect(answers()).toEqual([])
  })
  test.each(['refused', 'unknown'] as const)('that are %s end everything', (result) => {
    const carried = [{ group: 'web', result: 'refused', error: '', timeoutMs: 0, done: instant(0) }] as const
    ports.fence = { ...ports.fence, build: () => ({ result, error: 'no nf_tables', carried }) }
    effects = (input) =>
      input === WAKE ? [TABLES, event('later'), { kind: 'address', op: 'add', group: GROUP, validSeconds: 3 }] : []
    pump.feed(WAKE)
    pump.feed(named('later'))
    pump.feed(WAKE)
    expect(log).toEqual(['clock', 'step wake', 'unfenced: no nf_tables'])
  })
  test('that cannot be built end what waits already', () => {
    ports.fence = { ...ports.fence, build: () => ({ result: 'refused', error: 'no nf_tables', carried: [] }) }
    ports.event = () => pump.feed(named('waits'))
    does(event('it'), TABLES)
    pump.feed(WAKE)
    expect(log).toEqual(['clock', 'step wake', 'unfenced: no nf_tables'])
  })
})

describe('addresses', () => {
  test.each([
    ['add', 'done', true],
    ['add', 'refused', false],
    ['add', 'unknown', false],
    ['remove', 'done', true],
    ['remove', 'refused', false],
    ['remove', 'unknown', false],
  ] as const)('%s: %s is ok: %s', (op, result, ok) => {
    const outcome = { result, error: ok ? '' : 'ENODEV' }
    ports.addresses = {
      ...ports.addresses,
      add: () => (op === 'add' ? outcome : expect.unreachable()),
      remove: () => (op === 'remove' ? outcome : expect.unreachable()),
    }
    does({ kind: 'address', op, group: GROUP, validSeconds: 3 })
    pump.feed(WAKE)
    expect(answers()).toEqual([{ kind: 'addressed', group: 'web', op, ok, error: outcome.error }])
  })
  test('are announced until the lease ends; frames that did not leave are counted', () => {
    does({ kind: 'announce', group: GROUP, notAfter: instant(444) })
    pump.feed(WAKE)
    expect(log.slice(2)).toEqual(['announce web until 444'])
    for (const result of ['refused', 'unknown'] as const) {
      ports.addresses = { ...ports.addresses, announce: () => ({ result, error: 'x' }) }
      pump.feed(WAKE)
    }
    expect(log.filter((line) => line.startsWith('count'))).toEqual(['count announce-failed', 'count announce-failed'])
    expect(answers().every(({ kind }) => kind === 'wake')).toBe(true)
  })
})

describe('what is kept', () => {
  const STATE = { limitMs: 350, highWater: 1000, standby: false }
  test.each([
    ['', true],
    ['no space left', false],
  ])('is answered once, when the disk has spoken: "%s"', (error, ok) => {
    let done: (error: string) => void = () => undefined
    const kept: unknown[] = []
    ports.persist = (state, _view, says) => {
      kept.push(state)
      done = says
    }
    does({ kind: 'persist', state: STATE, view: null })
    pump.feed(WAKE)
    expect(kept).toEqual([STATE])
    expect(answers()).toEqual([])
    done(error)
    expect(answers()).toEqual([{ kind: 'persisted', ok, error }])
  })
  test('may be there at once: its answer waits for its turn', () => {
    ports.persist = (_, _view, done) => done('')
    does({ kind: 'persist', state: STATE, view: null }, event('after it'))
    pump.feed(WAKE)
    expect(log.filter((line) => line !== 'clock')).toEqual(['step wake', 'event after it', 'step persisted'])
  })
})

describe('what is sent', () => {
  const SEND: Extract<LeaseEffect, { kind: 'send' }> = {
    kind: 'send',
    to: ['dir2', 'rs1', 'rs9'],
    sequence: 42,
    spread: 'all',
    message: { kind: 'poll', group: 'web', digest: 'd', epoch: 1 },
    piggybacked: { kind: 'heartbeat', revision: 1, standby: false, voters: '', groups: [] },
    peers: {
      dir2: { incarnation: 'x', route: { spread: 'all', heardOn: 1, heartbeat: false, turn: 3 } },
      rs1: { incarnation: null, route: { spread: 'all', heardOn: null, heartbeat: false, turn: 4 } },
      dir9: { incarnation: 'y', route: { spread: 'all', heardOn: null, heartbeat: false, turn: 5 } },
    },
  }
  test('goes to those that are named, as far as anything is known of them, from this start of this node', () => {
    const sent: unknown[] = []
    ports.send = (outgoing, recipients) => void sent.push([outgoing, recipients])
    does(SEND)
    pump.feed(WAKE)
    const { sequence, spread, message, piggybacked, peers } = SEND
    expect(sent).toEqual([
      [
        { from: 'dir1', incarnation: 'abcd', sequence, spread, message, piggybacked },
        [
          { node: 'dir2', ...peers.dir2 },
          { node: 'rs1', ...peers.rs1 },
        ],
      ],
    ])
  })
})

test('words, claims and the end go out as they are', () => {
  does(
    event('it'),
    { kind: 'claimed' },
    { kind: 'deliver', from: 'rs1', payload: new Uint8Array() },
    { kind: 'stopped' },
  )
  pump.feed(WAKE)
  expect(log.slice(2)).toEqual(['event it', 'claimed', 'deliver of rs1', 'stopped'])
})

test('the alarm wakes it, and is stopped with it', () => {
  ring()
  expect(stepped.map(({ input }) => input)).toEqual([WAKE])
  pump.stop()
  expect(log.at(-1)).toBe('alarm stopped')
})

describe('an inbox that is full', () => {
  /** So many wait while the first input is at work. */
  const crowd = (times: number, input: LeaseInput): void => {
    effects = (one) => (one === WAKE ? [event('crowd')] : [])
    ports.event = () => {
      for (let at = 0; at < times; at++) pump.feed(input)
    }
    pump.feed(WAKE)
  }
  test('drops datagrams, and counts them', () => {
    crowd(10_007, DATAGRAM)
    expect(stepped).toHaveLength(1 + 10_000)
    expect(log.filter((line) => line === 'count inbox-full')).toHaveLength(7)
  })
  test('takes everything else: an answer that is lost would be waited for without end', () => {
    crowd(10_050, named('it'))
    expect(stepped).toHaveLength(1 + 10_050)
    expect(log).not.toContain('count inbox-full')
  })
})

describe('an effect that throws', () => {
  test('is the caller’s to hear of, and does not wedge the inbox', () => {
    ports.event = () => {
      throw new Error('bug')
    }
    does(event('it'))
    expect(() => pump.feed(WAKE)).toThrow('bug')
    pump.feed(named('later'))
    expect(log.at(-1)).toBe('step later')
  })
  test('or a step', () => {
    effects = (input) => {
      if (input === WAKE) throw new Error('bug')
      return []
    }
    expect(() => pump.feed(WAKE)).toThrow('bug')
    pump.feed(named('later'))
    expect(log.at(-1)).toBe('step later')
  })
})
