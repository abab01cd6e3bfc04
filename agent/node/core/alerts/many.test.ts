/** More causes of one node than a message has room for, and what a node said that is not heard any more. */
import { decodeMessage } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { World } from './fixture.ts'
import { alertsSaid } from './said.ts'

const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `x${at}`)

describe.each([
  { count: 12, withinMs: 20_000 },
  { count: 90, withinMs: 60_000 },
])('$count causes of one node', ({ count, withinMs }) => {
  it.each([0, 30])('are each told in bounded time, and so is the end of each; percent of messages lost: %i', (loss) => {
    const world = new World(count + loss)
    world.loss = loss
    world.run(10_000)
    const names = named(count)
    for (const name of names) world.begins('dir2', 'late', `node ${name}`)
    world.run(withinMs)
    expect(names.filter((name) => world.told('ops', 'late', name)[0] !== 'firing')).toEqual([])
    const [over, lasting] = [names.filter((_, at) => at % 3 === 0), names.filter((_, at) => at % 3 !== 0)]
    for (const name of over) world.ends('dir2', 'late', `node ${name}`)
    world.run(2 * withinMs + 20_000)
    expect(
      over.filter((name) => world.told('ops', 'late', name).at(-1) !== 'resolved'),
      'what is over',
    ).toEqual([])
    if (loss === 0)
      expect(
        lasting.filter((name) => world.told('ops', 'late', name).includes('resolved')),
        'what lasts',
      ).toEqual([])
    for (const name of lasting) world.ends('dir2', 'late', `node ${name}`)
    world.run(3 * withinMs + 60_000)
    expect(
      names.filter((name) => world.told('ops', 'late', name).at(-1) !== 'resolved'),
      'all of it',
    ).toEqual([])
  })
  it('are told on when that node starts anew meanwhile', () => {
    const world = new World(count)
    world.run(10_000)
    const names = named(count)
    for (const name of names) world.begins('dir2', 'late', `node ${name}`)
    world.run(3 * withinMs)
    world.die('dir2')
    world.start('dir2')
    world.run(2 * withinMs)
    expect(names.filter((name) => world.told('ops', 'late', name).includes('resolved'))).toEqual([])
    for (const name of names) world.ends('dir2', 'late', `node ${name}`)
    world.run(2 * withinMs)
    expect(names.filter((name) => world.told('ops', 'late', name).at(-1) !== 'resolved')).toEqual([])
  })
})

describe('what an owner said of a service before it died', () => {
  /** An owner that says two things, and dies. */
  function dead(): World {
    const world = new World(31)
    world.owner = 'dir1'
    world.run(10_000)
    world.begins('dir1', 'service-unserved', 'service http')
    world.begins('dir1', 'no-ipvs', 'node dir1')
    world.run(10_000)
    expect(world.told('ops', 'service-unserved', 'http')).toEqual(['firing'])
    world.die('dir1')
    return world
  }
  it('is over when another node that is heard owns the group, and says nothing of it; what it said of itself is not', () => {
    const world = dead()
    world.owner = 'dir2'
    world.run(60_000)
    expect(world.told('ops', 'service-unserved', 'http').at(-1)).toBe('resolved')
    expect(world.told('ops', 'no-ipvs', 'dir1')).not.toContain('resolved')
  })
  it('lasts while it still owns it, for all that the others know', () => {
    const world = dead()
    world.run(60_000)
    expect(world.told('ops', 'service-unserved', 'http')).not.toContain('resolved')
  })
  it('lasts when the next owner says it too', () => {
    const world = dead()
    world.owner = 'dir2'
    world.run(5000)
    world.begins('dir2', 'service-unserved', 'service http')
    world.run(60_000)
    expect(world.told('ops', 'service-unserved', 'http')).not.toContain('resolved')
  })
})

it.each(['coordinator-disk node rs1', 'no-leader coordinators', 'node-dead node rs1'])(
  '%s, which every node would say, is over when the one that said it is dead',
  (cause) => {
    const world = new World(32)
    world.run(10_000)
    const [code = '', ...object] = cause.split(' ')
    world.begins('dir1', code, object.join(' '))
    world.run(10_000)
    world.die('dir1')
    world.run(60_000)
    expect(
      world.heard
        .filter(({ key }) => key.startsWith(`${code} `))
        .map(({ status }) => status)
        .at(-1),
    ).toBe('resolved')
  },
)

describe('what to do, as the node says that has the trouble', () => {
  /** What the first receiver was told to do about each, when it was told that it lasts. */
  const steps = (world: World): string[] =>
    world.heard.filter(({ receiver, status }) => receiver === 'ops' && status === 'firing').map(({ next }) => next)
  const means = 'm'.repeat(300)
  it('is told by the node that tells, though it knows it by a message alone', () => {
    const world = new World(51)
    world.run(10_000)
    world.begins('dir2', 'not-ready', 'node dir2', 'critical', { means, next: 'ip link set eth1 up' })
    world.run(10_000)
    expect(steps(world)).toEqual(['ip link set eth1 up'])
  })
  it('has no room in one message for many of them, and comes with those that follow; what its kind says holds until then', () => {
    const world = new World(52)
    world.run(10_000)
    for (const name of named(8)) {
      const next = `${name} ${'n'.repeat(490)}`
      world.begins('dir2', 'late', `node ${name}`, 'warning', { means, next })
    }
    world.run(30_000)
    expect(steps(world)).toHaveLength(8)
    const texts = [...world.living.values()].map(({ state }) =>
      [...state.alerting.book.alerts.values()].map(({ details }) => details.next?.split(' ')[0]),
    )
    for (const all of texts) expect(new Set(all)).toEqual(new Set(named(8)))
  })
})

describe('what only follows from what another node says', () => {
  const silent = 'over the heartbeat link outside nothing comes from dir2 to dir1, but over another one'
  const down = 'interface outside is down, needed for heartbeat link outside'
  const mac = '02:00:00:00:00:12'
  const rival = `${mac} answers for an address of web, which dir1 owns (10.11.0.10 on outside)`
  it.each([
    ['silence on a link whose interface is down there', 'link-silent link outside', silent, 'interface-down', down, ''],
    [
      ...['answers that its owner hears', 'address-conflict group web', rival],
      ...['vip-answers', 'VIP stands on eth0', `who asks for 10.11.0.10 is answered by ${mac}`],
    ],
  ])('is told nobody: %s', (_, echo, summary, code, cause, evidence) => {
    const world = new World(61)
    world.run(10_000)
    const [what = '', ...about] = echo.split(' ')
    world.says('dir1', { code: what, object: about.join(' '), severity: 'critical', summary })
    const more = evidence === '' ? {} : { evidence }
    world.says('dir2', { code, object: 'node dir2', severity: 'critical', summary: cause, ...more })
    world.run(30_000)
    expect(new Set(world.heard.map(({ key }) => key.split(' ')[0]))).toEqual(new Set([code]))
    world.ends('dir2', code)
    world.run(30_000)
    expect(world.heard.some(({ key }) => key.startsWith(what))).toBe(true)
  })
})

it('what was told of hundreds of alerts the others know within a minute, whatever there is to do about each', () => {
  const count = 360
  const world = new World(71)
  world.run(10_000)
  const next = 'n'.repeat(500)
  for (const name of named(count)) world.begins('dir1', 'late', `node ${name}`, 'warning', { means: next, next })
  world.run(40_000)
  const teller = world.living.get('dir1')?.state
  if (!teller) throw new Error('dir1 is not there')
  const said = new Set<string>()
  // It speaks every two seconds.
  for (let at = 0; at < 30; at++) {
    const read = decodeMessage(alertsSaid(teller) ?? '')
    if (!read.ok || read.message.kind !== 'alerts') throw new Error('no message of alerts')
    for (const { object } of read.message.told) said.add(object)
  }
  expect(said.size).toBe(count)
})
