/** A planned move, seen from the one who leaves and from the one who comes (agent/SWITCHOVER.md; FENCE.md, row 12). */
import { ROUNDING_MS } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { about, Bench, claim, ready, timing, trio } from './fixture.ts'

/** dir1 owns; rs1 says yes to everything, dir2 is ready. */
function owner(): { dir1: Bench; live: (ms: number) => void } {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  let heartbeatAt = 0
  const live = (ms: number): void =>
    dir1.live(ms, ['rs1'], () => {
      if (dir1.now < heartbeatAt) return
      heartbeatAt = dir1.now + 100
      dir1.heartbeat('dir2', [claim()])
      dir1.give(ready())
    })
  live(600)
  expect(dir1.role()).toBe('owner')
  dir1.look()
  dir1.told.splice(0)
  dir1.sent.splice(0)
  return { dir1, live }
}
const moves = (dir1: Bench, to: string | null = 'dir2'): void =>
  dir1.give({ kind: 'switchover', group: 'web', to, reason: 'asked to' })
function answers(dir1: Bench, willing: boolean, changed = {}): void {
  const offer = dir1.effects.findLast((effect) => effect.kind === 'send' && effect.message.kind === 'offer')
  const echo = { incarnation: 'one', sequence: offer?.kind === 'send' ? offer.sequence : 0 }
  dir1.hear('dir2', { kind: 'answer', ...about, echo, willing, reason: 'busy', ...changed })
}
const fenceCalls = (dir1: Bench, first: number) =>
  dir1.effects.slice(first).flatMap((effect) => (effect.kind === 'fence' ? [effect] : []))

describe('the owner', () => {
  test('says why the successor refused in one line of its log, whatever that wrote there', () => {
    const { dir1 } = owner()
    moves(dir1)
    answers(dir1, false, { reason: `busy\nweb: took: dir2 holds web\u001b[2J${'x'.repeat(8000)}` })
    const told = dir1.told.find(({ kind }) => kind === 'refused')
    expect(told?.reason).toMatch(/^dir2 refused: busy\ufffdweb: took/)
    expect(told?.reason).not.toMatch(/\p{Cc}/u)
    expect(told?.reason.length).toBeLessThan(300)
  })
  test('offers, and changes nothing before the successor is willing', () => {
    const { dir1, live } = owner()
    moves(dir1)
    expect(dir1.messages('offer').map(({ to }) => to)).toEqual([['dir2']])
    const first = dir1.effects.length
    live(200)
    expect(fenceCalls(dir1, first).filter(({ op }) => op === 'close')).toEqual([])
    expect(dir1.role()).toBe('owner')
  })
  test('closes its announcements, lets the rest run out within the drain time, and only then tells the voters', () => {
    const { dir1 } = owner()
    moves(dir1)
    dir1.look()
    const first = dir1.effects.length
    answers(dir1, true)
    const [close, drain, ...more] = fenceCalls(dir1, first)
    expect(close).toMatchObject({ op: 'close', parts: ['announce'] })
    expect(drain).toMatchObject({ op: 'renew', parts: ['serve'], notAfter: dir1.now + timing.drainMs })
    expect(drain?.timeoutMs).toBeLessThanOrEqual(timing.drainMs - 2 * ROUNDING_MS)
    expect(more).toEqual([])
    const release = dir1.messages('release').at(-1)
    expect(release?.message).toMatchObject({ successor: 'dir2' })
    expect(release?.to.toSorted(), 'the voters, and who comes').toEqual(['dir2', 'rs1'])
    const order = dir1.effects
      .slice(first)
      .map((effect) => (effect.kind === 'send' ? effect.message.kind : effect.kind))
    expect(order.indexOf('release')).toBeGreaterThan(order.lastIndexOf('fence'))
    expect(dir1.core.localLeases()[0]?.until).toBeLessThan(dir1.now)
    expect(dir1.look()).toContain('event released')
  })
  test('while it has not been told that the announcements are closed, tells nobody', () => {
    const { dir1 } = owner()
    moves(dir1)
    dir1.holdsBack = (effect) => effect.kind === 'fence'
    answers(dir1, true)
    dir1.pass(20)
    expect(dir1.messages('release')).toEqual([])
    dir1.answer()
    expect(dir1.messages('release')).not.toEqual([])
  })
  test('whose announcements could not be closed closes everything first', () => {
    for (const result of ['undone', 'done'] as const) {
      const { dir1 } = owner()
      moves(dir1)
      let lost = 1
      dir1.loses = (effect) => (effect.kind === 'fence' && effect.op === 'close' && lost-- > 0 ? result : null)
      const first = dir1.effects.length
      answers(dir1, true)
      const order = dir1.effects
        .slice(first)
        .map((effect) =>
          effect.kind === 'send' ? effect.message.kind : effect.kind === 'fence' ? effect.parts.join('+') : effect.kind,
        )
      expect(order.indexOf('release')).toBeGreaterThan(order.indexOf('announce+serve'))
      expect(order.indexOf('release')).toBeGreaterThan(order.indexOf('address'))
    }
  })
  test('whose tables somebody took away while it closed its announcements closes everything first', () => {
    const { dir1 } = owner()
    moves(dir1)
    dir1.holdsBack = (effect) => effect.kind === 'fence' && dir1.held.length === 0
    answers(dir1, true)
    // The kernel had closed them, and then they were gone.
    dir1.give({ kind: 'fence-lost' })
    dir1.holdsBack = () => false
    const first = dir1.effects.length
    dir1.answer()
    dir1.pass(20)
    const order = dir1.effects
      .slice(first)
      .map((effect) => (effect.kind === 'send' ? effect.message.kind : effect.kind))
    expect(order).toContain('release')
    expect(order.indexOf('release')).toBeGreaterThan(order.indexOf('fence-tables'))
    expect(order.indexOf('release')).toBeGreaterThan(order.indexOf('address'))
    expect(order.indexOf('address')).toBeGreaterThan(-1)
  })
  test('whose serving did not get its bound closes that too', () => {
    const { dir1 } = owner()
    moves(dir1)
    dir1.refuses = (effect) => effect.kind === 'fence' && effect.op === 'renew'
    const first = dir1.effects.length
    answers(dir1, true)
    dir1.refuses = () => false
    const serving = dir1.effects
      .slice(first)
      .some((effect) => effect.kind === 'fence' && effect.op === 'close' && effect.parts.includes('serve'))
    const kept = dir1.core.status(dir1.now).groups[0]?.role
    expect(serving || kept === 'releasing').toBe(true)
    dir1.pass(timing.drainMs + 20)
    expect(dir1.look()).toContain('remove address')
  })
  test('when it has drained takes the rest away', () => {
    const { dir1 } = owner()
    moves(dir1)
    answers(dir1, true)
    dir1.look()
    dir1.pass(timing.drainMs - 30)
    expect(dir1.look()).not.toContain('remove address')
    dir1.pass(40)
    expect(dir1.look()).toContain('remove address')
    expect(dir1.role()).toBe('candidate')
  })
  test('repeats the RELEASE, because the network may lose it, until the successor is seen to hold', () => {
    const { dir1 } = owner()
    moves(dir1)
    answers(dir1, true)
    dir1.pass(200)
    const spreads = new Map(dir1.messages('release').map(({ sequence, spread }) => [sequence, spread]))
    expect([...spreads.values()]).toEqual(['one', 'all', 'all'])
    const second = owner().dir1
    moves(second)
    answers(second, true)
    second.heartbeat('dir2', [claim({ holds: true, number: 2, leftMs: 300 })])
    second.pass(200)
    expect(new Set(second.messages('release').map(({ sequence }) => sequence)).size).toBe(1)
  })
  test('is refused, and stays: whyNotCandidate, silent, unknown, itself, not the owner, or another move under way', () => {
    const { dir1, live } = owner()
    const refused = (): string | undefined => dir1.told.findLast(({ kind }) => kind === 'refused')?.reason
    moves(dir1)
    answers(dir1, false)
    expect(refused()).toBe('dir2 refused: busy')
    moves(dir1)
    moves(dir1)
    expect(refused()).toBe('a move of web to dir2 is under way')
    live(450)
    expect(refused()).toBe('dir2 did not answer within 400 ms')
    moves(dir1, 'dir1')
    expect(refused()).toBe('dir1 holds web already')
    moves(dir1, 'rs1')
    expect(refused()).toBe('rs1 is no director of web')
    expect(dir1.role()).toBe('owner')
    dir1.pass(1000)
    moves(dir1)
    expect(refused()).toBe('dir1 does not hold web')
  })
  test('acts on no answer but that of the one it asked, to this very offer', () => {
    const { dir1 } = owner()
    moves(dir1)
    const offer = dir1.messages('offer').at(-1)
    const echo = { incarnation: 'one', sequence: offer?.sequence ?? 0 }
    const yes = { kind: 'answer', ...about, willing: true, reason: '' } as const
    dir1.hear('rs1', { ...yes, echo })
    dir1.hear('dir2', { ...yes, echo: { ...echo, sequence: echo.sequence - 1 } })
    dir1.hear('dir2', { ...yes, echo: { ...echo, incarnation: 'before' } })
    expect(dir1.role()).toBe('owner')
    dir1.hear('dir2', { ...yes, echo })
    expect(dir1.role()).toBe('releasing')
  })
  test('with no time to drain gives up at once, in order', () => {
    const dir1 = new Bench({ view: { ...trio('dir1'), timing: { ...timing, drainMs: 0 } } })
    dir1.begin()
    dir1.live(600, ['rs1'], () => dir1.heartbeat('dir2', [claim()]))
    moves(dir1)
    dir1.look()
    answers(dir1, true)
    expect(dir1.look().slice(0, 4)).toEqual(['event released', 'close announce+serve', 'remove address', 'release'])
  })
  test('set to standby offers to the best peer, again each second while there is none', () => {
    const { dir1, live } = owner()
    dir1.give({ kind: 'standby', on: true, reason: 'maintenance' })
    expect(dir1.told.at(-1)).toMatchObject({
      kind: 'offered',
      reason: 'web offered to dir2: dir1 is under maintenance',
    })
    answers(dir1, false)
    dir1.told.splice(0)
    live(900)
    expect(dir1.told).toEqual([])
    const offers = (): number =>
      dir1.effects.filter((effect) => effect.kind === 'send' && effect.message.kind === 'offer').length
    const before = offers()
    live(200)
    expect(offers()).toBeGreaterThan(before)
  })
  test('set to standby while the only peer refuses: it is asked each second, and that fills no history', () => {
    const { dir1, live } = owner()
    dir1.give({ kind: 'standby', on: true, reason: 'maintenance' })
    dir1.told.splice(0)
    for (let times = 0; times < 60; times++) {
      answers(dir1, false)
      live(1000)
    }
    expect(dir1.role()).toBe('owner')
    expect(dir1.told.length).toBeGreaterThan(4)
    expect(dir1.told.length).toBeLessThan(20)
  })
})

/** dir2, which hears dir1 own the group, and may take it. */
function successor(): Bench {
  const dir2 = new Bench({ view: trio('dir2') })
  dir2.begin()
  dir2.heartbeat('dir1', [claim({ holds: true, number: 7, leftMs: 300 })])
  dir2.sent.splice(0)
  dir2.look()
  return dir2
}
const offers = (dir2: Bench, more = {}) => {
  dir2.hear('dir1', { kind: 'offer', ...about, number: 7, ...more })
  return dir2.messages('answer').at(-1)?.message
}

describe('the successor', () => {
  test('is willing when it is ready; else says why not', () => {
    expect(offers(successor())).toMatchObject({ willing: true, reason: '' })
    const unready = successor()
    unready.give(ready({ ready: false, reason: 'no IPVS' }))
    expect(offers(unready)).toMatchObject({ willing: false, reason: 'dir2 is not ready: no IPVS' })
    const standby = successor()
    standby.give({ kind: 'standby', on: true, reason: '' })
    expect(offers(standby)).toMatchObject({ willing: false, reason: 'dir2 is under maintenance' })
    const stopping = successor()
    stopping.give({ kind: 'stop', reason: '' })
    expect(offers(stopping)).toMatchObject({ willing: false, reason: 'dir2 is stopping' })
    const dissenting = successor()
    dissenting.heartbeat('rs1', [], { voters: 'ffffffffffffffff' })
    expect(offers(dissenting)).toMatchObject({ willing: false })
  })
  test('that knows no realserver of a service takes the group from no owner that serves, and from one that cannot', () => {
    const dark = successor()
    dark.give(ready({ blind: 1, dark: 'http' }))
    const reason = 'dir2 knows no realserver of service http, which would not be served there'
    expect(offers(dark)).toMatchObject({ willing: false, reason })
    dark.heartbeat('dir1', [claim({ holds: true, ready: false, number: 7, leftMs: 300 })])
    expect(offers(dark)).toMatchObject({ willing: true, reason: '' })
    const blind = successor()
    blind.give(ready({ blind: 1 }))
    expect(offers(blind)).toMatchObject({ willing: true })
  })
  test('that would let no client of a service through takes the group from no owner that serves, and says by what', () => {
    const why = 'lets no client of service http through: chain inet site in handle 4'
    const shut = successor()
    shut.give(ready({ blind: 1, shut: why }))
    expect(offers(shut)).toMatchObject({ willing: false, reason: `dir2 ${why}` })
    shut.heartbeat('dir1', [claim({ holds: true, ready: false, number: 7, leftMs: 300 })])
    expect(offers(shut)).toMatchObject({ willing: true, reason: '' })
    const alone = new Bench({ view: trio('dir2') })
    alone.begin()
    alone.give(ready({ blind: 1, shut: why }))
    alone.live(600, ['rs1'])
    expect(alone.role(), 'better than nobody').toBe('owner')
  })
  test('that knows no realserver of a service takes what nobody holds', () => {
    const dark = new Bench({ view: trio('dir2') })
    dark.begin()
    dark.give(ready({ blind: 1, dark: 'http' }))
    dark.live(600, ['rs1'])
    expect(dark.role()).toBe('owner')
  })
  test('of a group that it does not know is not', () => {
    const dir2 = successor()
    dir2.hear('dir1', { kind: 'offer', ...about, group: 'mail', number: 7 })
    expect(dir2.messages('answer')[0]?.message).toMatchObject({ willing: false, reason: 'dir2 does not know mail' })
  })
  test('named in the RELEASE asks at once, with a number above that of the offer', () => {
    const dir2 = successor()
    offers(dir2)
    dir2.sent.splice(0)
    dir2.hear('dir1', { kind: 'release', ...about, upTo: 99, successor: 'dir2' })
    const [request] = dir2.messages('request')
    expect(request?.at).toBe(dir2.now)
    expect(request?.message.number).toBeGreaterThan(7)
  })
  test('says of what it took that it was offered, and of what nobody offered nothing', () => {
    const planned = (isOffered: boolean, more = {}): boolean | undefined => {
      const dir2 = successor()
      if (isOffered) offers(dir2, more)
      dir2.hear('dir1', { kind: 'release', ...about, upTo: 99, successor: 'dir2' })
      dir2.live(200, ['dir1', 'rs1'])
      const took = dir2.told.find(({ kind }) => kind === 'took')
      return took && took.planned === true
    }
    expect([planned(true), planned(false), planned(true, { unordered: true })]).toEqual([true, false, false])
  })
  test('somebody else named, or nobody, looks first', () => {
    for (const successorName of ['dir3', null]) {
      const dir2 = successor()
      dir2.hear('dir1', { kind: 'release', ...about, upTo: 99, successor: successorName })
      expect(dir2.messages('request')).toEqual([])
      expect(dir2.messages('poll')).not.toEqual([])
    }
  })
  test('that may not take it any more does not ask', () => {
    const dir2 = successor()
    offers(dir2)
    dir2.give(ready({ ready: false, reason: 'no IPVS' }))
    dir2.hear('dir1', { kind: 'release', ...about, upTo: 99, successor: 'dir2' })
    expect(dir2.messages('request')).toEqual([])
  })
})
