/** An owner among three voters: its renewals, its kernel, and when it hands over. */
import { fenceMs, holdMs, renewalMs, ROUNDING_MS } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { about, Bench, claim, ready, timing, trio } from './fixture.ts'

/** dir1 owns; rs1 says yes to everything, dir2 is ready and says nothing else. */
function owner(): {
  dir1: Bench
  live: (ms: number, word?: ReturnType<typeof claim>, says?: ReturnType<typeof ready>) => void
} {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  let [heartbeatAt, agentAt] = [0, 0]
  let said = ready()
  const live = (ms: number, word = claim(), says = ready()): void => {
    if (JSON.stringify(says) !== JSON.stringify(said)) agentAt = 0
    said = says
    dir1.live(ms, ['rs1'], () => {
      if (dir1.now >= heartbeatAt) {
        heartbeatAt = dir1.now + 100
        dir1.heartbeat('dir2', [word])
      }
      if (dir1.now >= agentAt) {
        agentAt = dir1.now + 1000
        dir1.give(says)
      }
    })
  }
  live(600)
  expect(dir1.role()).toBe('owner')
  dir1.look()
  dir1.told.splice(0)
  agentAt = 0
  return { dir1, live }
}
/** An owner whose lease was renewed this moment, and until when it believes in it. */
function renewed(): { dir1: Bench; until: number } {
  const { dir1, live } = owner()
  const until = (): number => dir1.core.localLeases()[0]?.until ?? 0
  for (let round = 0; round < 200 && until() - dir1.now < 300; round++) live(1)
  dir1.look()
  return { dir1, until: until() }
}
/** What dir2 answers to the last offer. */
function answers(dir1: Bench, willing: boolean): void {
  const offer = dir1.effects.findLast((effect) => effect.kind === 'send' && effect.message.kind === 'offer')
  const echo = { incarnation: 'one', sequence: offer?.kind === 'send' ? offer.sequence : 0 }
  dir1.hear('dir2', { kind: 'answer', ...about, echo, willing, reason: willing ? '' : 'busy' })
}
const offered = (dir1: Bench): boolean => dir1.told.some(({ kind }) => kind === 'offered')

describe('renewals', () => {
  test('keep the lease, each in time', () => {
    const { dir1, live } = owner()
    live(5000)
    expect(dir1.role()).toBe('owner')
    expect(dir1.told).toEqual([])
    const { counters, peers } = dir1.core.status(dir1.now)
    expect(counters, 'and nothing is strange').toEqual({})
    expect(peers.map(({ name, silentMs }) => [name, silentMs >= 0 && silentMs < 500])).toEqual([
      ['dir2', true],
      ['rs1', true],
    ])
  })
  test('nobody answers: belief and fence end with the lease, not later', () => {
    const { dir1 } = owner()
    const [belief] = dir1.core.localLeases()
    expect(belief?.until).toBeLessThanOrEqual(dir1.now + holdMs(350))
    dir1.runTo((belief?.until ?? 0) - 60)
    expect(dir1.role()).toBe('owner')
    dir1.look()
    dir1.runTo(belief?.until ?? 0)
    const done = dir1.look()
    const end = done.indexOf('event lost')
    expect(done.slice(end, end + 3)).toEqual(['event lost', 'close announce+serve', 'remove address'])
    expect(dir1.messages('release'), 'nobody is to wait for it').not.toEqual([])
  })
  test('no call of the kernel goes beyond the lease', () => {
    const { dir1, live } = owner()
    const first = dir1.effects.length
    live(3000)
    const calls = dir1.effects.slice(first).flatMap((effect) => (effect.kind === 'fence' ? [effect] : []))
    expect(calls.length).toBeGreaterThan(15)
    for (const { op, timeoutMs } of calls) {
      expect(op).toBe('renew')
      expect(timeoutMs).toBeLessThanOrEqual(fenceMs(timing))
    }
  })
  test('of voters that lend for a shorter time come so much sooner', () => {
    const dir1 = new Bench({ view: trio('dir1') })
    dir1.begin()
    const short = (ms: number): void => {
      for (const end = dir1.now + ms; dir1.now < end; ) {
        dir1.runTo(dir1.now + 2)
        dir1.vote('rs1', 180)
      }
    }
    for (let round = 0; round < 400 && dir1.role() !== 'owner'; round++) {
      dir1.runTo(dir1.now + 2)
      dir1.vote('rs1', 350)
    }
    dir1.look()
    short(3000)
    expect(dir1.look(), 'a renewal each 160 ms would lose a lease of 180').not.toContain('event lost')
    expect(dir1.role()).toBe('owner')
  })
  test('are neither hastened nor ended by a voter that lends next to nothing, sooner than the others answer', () => {
    const { dir1 } = owner()
    const asked = (): number =>
      dir1.effects.filter((effect) => effect.kind === 'send' && effect.message.kind === 'request').length
    const before = asked()
    const late: (() => void)[] = []
    for (const end = dir1.now + 2000; dir1.now < end; ) {
      dir1.runTo(dir1.now + 2)
      for (const answer of late.splice(0)) answer()
      for (const { sequence, message } of dir1.sent.splice(0)) {
        if (message.kind !== 'request') continue
        const ack = {
          kind: 'ack',
          ...about,
          echo: { incarnation: 'one', sequence },
          highWater: message.number,
        } as const
        dir1.hear('dir2', { ...ack, grantMs: 0.01 })
        late.push(() => dir1.hear('rs1', { ...ack, grantMs: timing.leaseMs }))
      }
    }
    expect(dir1.told).toEqual([])
    expect(dir1.role()).toBe('owner')
    expect(asked() - before).toBeLessThan(2000 / timing.keepaliveMs)
  })
  test('wait for the acknowledgement of the fence', () => {
    const { dir1, live } = owner()
    dir1.holdsBack = (effect) => effect.kind === 'fence'
    for (let round = 0; round < 200 && dir1.held.length === 0; round++) live(2)
    const asked = dir1.effects.findLast((effect) => effect.kind === 'send' && effect.message.kind === 'request')
    expect(asked).toBeDefined()
    dir1.sent.splice(0)
    dir1.pass(renewalMs(timing) + 2)
    expect(dir1.messages('request')).toEqual([])
    dir1.holdsBack = () => false
    dir1.answer()
    expect(dir1.messages('request')).not.toEqual([])
  })
})

describe('the kernel', () => {
  test('renewals of which nobody knows count as done: however late each was done, none outlives the lease', () => {
    const { dir1, live } = owner()
    let [calls, latest] = [0, dir1.now + fenceMs(timing)]
    dir1.loses = (effect) => {
      if (effect.kind !== 'fence' || effect.op === 'close') return null
      if (effect.op === 'open') latest = dir1.now
      calls += 1
      const lost = effect.op === 'renew' && calls % 3 === 2 ? 'done' : null
      const worst = latest + effect.timeoutMs
      if (calls > 1 && effect.op === 'renew') expect(worst).toBeLessThanOrEqual(effect.notAfter + ROUNDING_MS)
      latest = lost ? worst : Math.min(worst, dir1.now + effect.timeoutMs + ROUNDING_MS)
      return lost
    }
    live(1500)
    expect(calls).toBeGreaterThan(9)
  })
  test('two calls without acknowledgement: a ready peer gets the group, and goes first for a while', () => {
    const { dir1, live } = owner()
    dir1.refuses = (effect) => effect.kind === 'fence' && effect.op === 'renew'
    live(400)
    expect(dir1.told.map(({ kind }) => kind)).toContain('gave-up')
    expect(dir1.messages('release').at(-1)?.message.successor ?? 'dir2').toBe('dir2')
    dir1.refuses = () => false
    live(1000)
    expect(dir1.why()).toContain('its kernel refused')
    dir1.live(2500, ['rs1'])
    expect(dir1.role()).toBe('owner')
  })
  test('closes and opens again under the lease that it has: no voter is asked for another one', () => {
    const { dir1 } = renewed()
    const number = dir1.core.status(dir1.now).groups[0]?.number
    dir1.refuses = (effect) => effect.kind === 'fence-tables'
    dir1.sent.splice(0)
    dir1.give({ kind: 'fence-lost' })
    expect(dir1.look().filter((what) => what.startsWith('open') || what.startsWith('event'))).toEqual([
      'event note',
      'open announce+serve',
      'event took',
    ])
    dir1.pass(1)
    expect([...dir1.messages('poll'), ...dir1.messages('request'), ...dir1.messages('release')]).toEqual([])
    expect(dir1.core.status(dir1.now).groups[0]).toMatchObject({ role: 'owner', number })
  })
  test.each([
    [1, ['open announce+serve']],
    [-1, []],
  ])(
    'opens again with enough of the lease left for two openings and their calls, %i ms to spare',
    (spareMs, opened) => {
      const { dir1, until } = renewed()
      dir1.runTo(until - 2 * (timing.keepaliveMs + ROUNDING_MS) - timing.applyMs - spareMs)
      expect(dir1.role()).toBe('owner')
      dir1.refuses = (effect) => effect.kind === 'fence-tables'
      dir1.look()
      dir1.give({ kind: 'fence-lost' })
      expect(dir1.look().filter((what) => what.startsWith('open'))).toEqual(opened)
    },
  )
  test('after it gave up begins to count its misses anew', () => {
    const { dir1, live } = owner()
    dir1.refuses = (effect) => effect.kind === 'fence' && effect.op === 'renew'
    live(400)
    dir1.refuses = () => false
    dir1.live(4000, ['rs1'])
    expect(dir1.role()).toBe('owner')
    dir1.told.splice(0)
    let refusals = 1
    dir1.refuses = (effect) => effect.kind === 'fence' && effect.op === 'renew' && refusals-- > 0
    dir1.live(500, ['rs1'])
    expect([dir1.role(), refusals < 1, dir1.told]).toEqual(['owner', true, []])
  })
  test('an address that cannot be added is no address: hands over', () => {
    const { dir1, live } = owner()
    dir1.refuses = (effect) => effect.kind === 'address' && effect.op === 'add'
    live(1200)
    expect(dir1.told, 'it stands until its lifetime ends').toEqual([])
    live(1000)
    expect(dir1.told.at(0)).toMatchObject({ kind: 'gave-up' })
    expect(dir1.told.at(0)?.reason).toContain('cannot be added')
  })
  test('nor is one that somebody took off, and that cannot be put back', () => {
    const { dir1 } = owner()
    dir1.refuses = (effect) => effect.kind === 'address' && effect.op === 'add'
    dir1.give({ kind: 'address-lost', group: 'web' })
    expect(dir1.told.some(({ kind }) => kind === 'gave-up')).toBe(true)
  })
  test('refreshes its addresses three times in a lifetime, which is short', () => {
    const { dir1, live } = owner()
    const first = dir1.effects.length
    live(6000)
    const added = dir1.effects.slice(first).flatMap((effect) => (effect.kind === 'address' ? [effect] : []))
    expect(added.length).toBe(6)
    expect(added.every(({ op, validSeconds }) => op === 'add' && validSeconds === 3)).toBe(true)
  })
})

describe('hands over, by a planned move, to a ready peer that is better off for three seconds', () => {
  const broken = ready({ ready: false, reason: 'this kernel has no IPVS' })
  test('when it cannot serve: its agent said so', () => {
    const { dir1, live } = owner()
    live(2950, claim(), broken)
    expect(offered(dir1)).toBe(false)
    live(100, claim(), broken)
    expect(dir1.told.at(-1)).toMatchObject({ kind: 'offered', unordered: true })
    expect(dir1.told.at(-1)?.reason).toBe('web offered to dir2: dir1 cannot serve it: this kernel has no IPVS')
    answers(dir1, true)
    live(50, claim(), broken)
    expect(dir1.told.at(-1)).toMatchObject({ kind: 'released' })
  })
  test('when the peer reaches more ping nodes', () => {
    const { dir1, live } = owner()
    const says = ready({ reaches: 1 })
    live(3500, claim({ reaches: 1 }), says)
    expect(offered(dir1)).toBe(false)
    live(2950, claim({ reaches: 2 }), says)
    expect(offered(dir1)).toBe(false)
    live(150, claim({ reaches: 2 }), says)
    expect(dir1.told.at(-1)?.reason).toBe('web offered to dir2: dir1 reaches 1 ping nodes, dir2 reaches 2')
  })
  test('not when what was broken is repaired in between', () => {
    const { dir1, live } = owner()
    for (let round = 0; round < 3; round++) {
      live(2500, claim(), broken)
      live(1500, claim(), ready())
    }
    expect(offered(dir1)).toBe(false)
  })
  test('not when nobody is ready', () => {
    const { dir1, live } = owner()
    live(4500, claim({ ready: false }), broken)
    expect(offered(dir1)).toBe(false)
    expect(dir1.role()).toBe('owner')
  })
  test('not because its agent is silent: that one may be restarted at any time', () => {
    const { dir1 } = owner()
    dir1.give(broken)
    let heartbeatAt = 0
    dir1.live(1000, ['rs1'])
    dir1.live(12_000, ['rs1'], () => {
      if (dir1.now < heartbeatAt) return
      heartbeatAt = dir1.now + 100
      if (dir1.now > 9000) dir1.heartbeat('dir2', [claim()])
    })
    expect(offered(dir1)).toBe(false)
  })
  test('and after a refusal asks again twice as late each time, up to five minutes', () => {
    const { dir1, live } = owner()
    let forMs = 3000
    for (const round of [1, 2, 3]) {
      dir1.told.splice(0)
      live(forMs - 100, claim(), broken)
      expect(offered(dir1), `round ${round}`).toBe(false)
      live(300, claim(), broken)
      expect(offered(dir1), `round ${round}`).toBe(true)
      answers(dir1, false)
      expect(dir1.told.at(-1)).toMatchObject({ kind: 'refused' })
      forMs *= 2
    }
  })
  test('a move of long ago is forgotten', () => {
    const { dir1, live } = owner()
    live(3050, claim(), broken)
    answers(dir1, false)
    live(25_000, claim(), ready())
    dir1.told.splice(0)
    live(2900, claim(), broken)
    expect(offered(dir1)).toBe(false)
    live(300, claim(), broken)
    expect(offered(dir1)).toBe(true)
  })
  test('at once where no client could reach it', () => {
    const { dir1, live } = owner()
    live(10, claim(), ready({ ready: false, interfaceDown: true, reason: 'interface outside is down' }))
    expect(dir1.told.at(0)).toMatchObject({ kind: 'gave-up', reason: 'interface outside is down' })
  })
})
