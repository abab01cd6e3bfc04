/** Some nodes, receivers that are sometimes away, and whatever may go wrong: what was wrong is told, and that it is over. */
import { describe, expect, it } from 'vitest'
import { NODES, World } from './fixture.ts'

describe('one cause', () => {
  it('that several nodes say is told once, and once that it is over; who is called later is called only when it lasts', () => {
    const world = new World(1)
    world.run(10_000)
    for (const node of NODES) world.begins(node, 'link-silent')
    world.run(30_000)
    expect([world.told('ops', 'link-silent'), world.told('boss', 'link-silent')]).toEqual([['firing'], []])
    for (const node of NODES) world.ends(node, 'link-silent')
    world.run(30_000)
    expect([world.told('ops', 'link-silent'), world.told('boss', 'link-silent')]).toEqual([['firing', 'resolved'], []])
    world.begins('rs1', 'link-silent')
    world.run(11 * 60_000)
    expect(world.told('ops', 'link-silent').slice(2), 'and again while it lasts').toEqual(['firing', 'firing'])
    expect(world.told('boss', 'link-silent')).toEqual(['firing'])
    world.ends('rs1', 'link-silent')
    world.run(30_000)
    expect(world.told('boss', 'link-silent')).toEqual(['firing', 'resolved'])
    expect(new Set(world.heard.map(({ fingerprint }) => fingerprint)).size).toBe(1)
  })
  it('that comes and goes is nothing', () => {
    const world = new World(2)
    world.run(10_000)
    for (let times = 0; times < 20; times++) {
      world.begins('dir1', 'late')
      world.run(1000)
      world.ends('dir1', 'late')
      world.run(12_000)
    }
    expect(world.heard).toEqual([])
  })
  it('that is silence, and is over before ten seconds, is told nobody; one that is critical is', () => {
    const world = new World(5)
    world.run(10_000)
    world.begins('dir1', 'link-silent')
    world.begins('dir1', 'one-way', 'node dir2', 'critical')
    world.run(8000)
    for (const code of ['link-silent', 'one-way']) world.ends('dir1', code)
    world.run(30_000)
    expect([world.told('ops', 'link-silent'), world.told('ops', 'one-way')]).toEqual([[], ['firing', 'resolved']])
  })
  it('of a node that is not heard any more is not over', () => {
    const world = new World(3)
    world.run(10_000)
    world.begins('rs1', 'no-ipvs')
    world.run(10_000)
    world.die('rs1')
    world.run(120_000)
    expect(world.told('ops', 'no-ipvs')).toEqual(['firing'])
    world.ends('rs1', 'no-ipvs')
    world.start('rs1')
    world.run(40_000)
    expect(world.told('ops', 'no-ipvs')).toEqual(['firing', 'resolved'])
  })
  it('is told by another node when the one that tells dies while it tells', () => {
    const world = new World(4)
    world.run(10_000)
    world.begins('rs1', 'no-ipvs')
    world.run(5500)
    expect(world.living.get('dir1')?.state.alerting.flights.size, 'under way').toBe(1)
    world.die('dir1')
    world.run(20_000)
    world.ends('rs1', 'no-ipvs')
    world.run(30_000)
    const told = world.told('ops', 'no-ipvs')
    expect(told.at(-1)).toBe('resolved')
    expect(told.slice(0, -1).every((status) => status === 'firing') && told.length <= 3).toBe(true)
  })
  it('that a receiver could not be told of is told when it can be, by whoever reaches it', () => {
    const world = new World(5)
    world.run(10_000)
    world.away.add('ops')
    world.begins('dir1', 'late')
    world.run(60_000)
    expect(world.told('ops', 'late')).toEqual([])
    world.ends('dir1', 'late')
    world.run(60_000)
    world.away.clear()
    world.run(600_000)
    expect(world.told('ops', 'late'), 'that it was').toEqual(['resolved'])
  })
})

describe('the group that a webhook hears of', () => {
  const statuses = (world: World): unknown[] =>
    world.bodies.flatMap(({ receiver, status, listed }) =>
      receiver === 'ops' ? [[status, ...listed.map(([, is]) => is).toSorted()]] : [],
    )
  it('is one, has all that lasts, and is resolved when nothing of it lasts any more', () => {
    const world = new World(9)
    world.run(10_000)
    world.begins('rs1', 'late')
    world.run(8000)
    world.begins('dir1', 'no-ipvs')
    world.run(8000)
    world.ends('rs1', 'late')
    world.run(20_000)
    world.ends('dir1', 'no-ipvs')
    world.run(20_000)
    expect(statuses(world)).toEqual([
      ['firing', 'firing'],
      ['firing', 'firing', 'firing'],
      ['firing', 'firing', 'resolved'],
      ['resolved', 'resolved'],
    ])
    expect(new Set(world.bodies.map(({ groupKey }) => groupKey))).toEqual(new Set(['{}:{cluster="lab"}']))
  })
  it('has no more of them than there is room for, and is firing for those, too', () => {
    const world = new World(10)
    world.run(10_000)
    for (let at = 0; at < 90; at++) world.begins('dir1', 'late', `node x${at}`)
    world.run(60_000)
    world.begins('rs1', 'no-ipvs')
    world.run(10_000)
    world.ends('rs1', 'no-ipvs')
    world.run(20_000)
    const last = world.bodies.findLast(({ receiver }) => receiver === 'ops')
    expect([last?.status, last?.listed.length]).toEqual(['firing', 60])
    expect(last?.listed.filter(([, is]) => is === 'resolved')).toHaveLength(1)
  })
})

describe('a cause that gets worse', () => {
  const severities = (world: World, receiver: string): string[] =>
    world.heard.flatMap((one) => (one.receiver === receiver ? [one.severity] : []))
  it('is told at once, once, also by a node that did not tell it before', () => {
    const world = new World(6)
    world.run(10_000)
    world.begins('rs1', 'late')
    world.run(60_000)
    expect(severities(world, 'ops')).toEqual(['warning'])
    world.die('dir1')
    world.run(20_000)
    const before = severities(world, 'ops').length
    world.begins('rs1', 'late', 'node dir2', 'critical')
    world.run(8000)
    expect(severities(world, 'ops').slice(before)).toEqual(['critical'])
    for (let times = 0; times < 10; times++) {
      world.begins('rs1', 'late', 'node dir2', times % 2 === 0 ? 'warning' : 'critical')
      world.run(10_000)
    }
    expect(severities(world, 'ops').slice(before), 'it was told how bad it can be').toEqual(['critical'])
  })
  it('is told so to nobody a second time, whoever tells next', () => {
    const world = new World(7)
    world.run(10_000)
    world.begins('rs1', 'late')
    world.run(20_000)
    world.begins('rs1', 'late', 'node dir2', 'critical')
    world.run(20_000)
    world.die('dir1')
    world.run(120_000)
    expect(severities(world, 'ops')).toEqual(['warning', 'critical'])
  })
})

it('a cause that comes and goes all the time costs a few messages, one that says so, and one when it has settled', () => {
  const world = new World(8)
  world.run(10_000)
  for (let times = 0; times < 60; times++) {
    world.begins('dir1', 'late')
    world.run(20_000)
    world.ends('dir1', 'late')
    world.run(30_000)
  }
  const told = world.told('ops', 'late')
  expect(told.slice(0, 8)).toEqual(Array.from({ length: 4 }, () => ['firing', 'resolved']).flat())
  expect(new Set(told.slice(8)), 'repetitions, each ten minutes').toEqual(new Set(['firing']))
  expect(told.length).toBeLessThan(14)
  const said = world.heard.filter(({ receiver }) => receiver === 'ops').map(({ summary }) => summary)
  expect(said[7]).toBe('late at dir1')
  expect(said[8]).toMatch(/^late at dir1 \(it comes and goes: over 4 times within an hour; .* 10 minutes\)$/)
  world.run(9 * 60_000)
  expect(world.told('ops', 'late').at(-1)).toBe('firing')
  world.run(2 * 60_000)
  expect(world.told('ops', 'late').slice(told.length)).toEqual(['resolved'])
  world.run(60 * 60_000)
  world.begins('dir1', 'late')
  world.run(20_000)
  world.ends('dir1', 'late')
  world.run(30_000)
  expect(world.told('ops', 'late').slice(-2), 'after an hour it is as before').toEqual(['firing', 'resolved'])
})

/** Twenty minutes of it, then peace. */
function chaos(seed: number) {
  const world = new World(seed)
  const lasting = new Map<string, { readonly since: number; readonly node: string }>()
  const due: string[] = []
  world.run(10_000)
  for (let round = 0; round < 120; round++) {
    world.loss = world.chance(20) ? 40 : 0
    const node = NODES[world.upTo(NODES.length)] ?? 'dir1'
    const code = ['late', 'no-ipvs', 'one-way'][world.upTo(3)] ?? 'late'
    if (world.chance(40)) {
      if (world.living.size > 1 && world.living.has(node)) world.die(node)
      else if (!world.living.has(node)) world.start(node)
    }
    if (world.chance(25)) world.away.add('ops')
    if (world.chance(50)) world.away.clear()
    const known = lasting.get(code)
    if (!known) {
      lasting.set(code, { since: world.now, node })
      world.begins(node, code)
    } else if (world.chance(40)) {
      world.ends(known.node, code)
      lasting.delete(code)
    }
    world.run(world.upTo(20_000))
  }
  world.loss = 0
  world.away.clear()
  for (const node of NODES) if (!world.living.has(node)) world.start(node)
  world.run(60_000)
  for (const code of lasting.keys()) due.push(code)
  world.run(400_000)
  const open = new Map(due.map((code) => [code, world.told('ops', code).at(-1)]))
  for (const [code, { node }] of lasting) world.ends(node, code)
  // What came and went all the time is over when it has stayed away.
  world.run(900_000)
  return { world, open }
}

it('no schedule of troubles, deaths, losses and silent receivers loses what is to be told', {
  timeout: 120_000,
}, () => {
  let told = 0
  for (let seed = 1; seed <= 12; seed++) {
    const { world, open } = chaos(seed)
    expect(
      [...open.values()].filter((last) => last !== 'firing'),
      `seed ${seed}: what lasts is known to be`,
    ).toEqual([])
    for (const receiver of ['ops', 'boss'])
      for (const code of ['late', 'no-ipvs', 'one-way']) {
        const all = world.told(receiver, code)
        told += all.length
        if (all.length > 0) expect(all.at(-1), `seed ${seed}: ${receiver} hears that ${code} is over`).toBe('resolved')
        expect(all.length, `seed ${seed}: and is not told without end`).toBeLessThan(120)
      }
    for (const { state } of world.living.values())
      expect([state.alerting.book.alerts.size, state.alerting.flights.size], `seed ${seed}: it is done`).toEqual([0, 0])
  }
  expect(told).toBeGreaterThan(100)
})
