import type { AgentReport, CoordinatorTrouble, NodeProgress } from '@lvsm/protocol'
import { expect, onTestFinished, test } from 'vitest'
import type { NodesMessage } from './ports.ts'
import { Reports } from './reports.ts'

function three() {
  let now = 0
  const sent: NodesMessage[] = []
  const clocks: [at: number, from: number, wallMs: number][] = []
  const own = new Map<number, NodeProgress[]>([1, 2, 3].map((id) => [id, []]))
  const all = new Map<number, Reports>()
  const troubles = new Map<number, readonly CoordinatorTrouble[]>()
  for (const id of own.keys()) {
    const reports = new Reports({
      id,
      own: () => own.get(id) ?? [],
      speaks: { model: id, lvsm: '1' },
      troubles: () => troubles.get(id) ?? [],
      others: () => [...own.keys()].filter((other) => other !== id),
      send: (message) => {
        sent.push(message)
        all.get(message.to)?.heard(message)
      },
      nodes: () => new Set(['rs1', 'rs2']),
      clock: () => now,
      wallClock: () => id * 1000,
      clocks: { heard: (from, wallMs) => void clocks.push([id, from, wallMs]), now: () => 0 },
    })
    // Told by hand.
    reports.close()
    all.set(id, reports)
    onTestFinished(() => reports.close())
  }
  const at = (id: number): Reports => all.get(id) ?? expect.fail('there is none')
  return { own, sent, clocks, at, troubles, pass: (ms: number) => void (now += ms) }
}

test('what an agent says to one is known to all; of two words on one node the newer counts', () => {
  const { own, at } = three()
  own.set(1, [{ name: 'rs1', revision: 7, epoch: 2 }])
  own.set(2, [
    { name: 'rs1', revision: 6 },
    { name: 'rs2', revision: 7 },
  ])
  for (const id of [1, 2, 3]) at(id).tell()
  for (const id of [1, 2, 3])
    expect([...at(id).all().values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: 'rs1', revision: 7, epoch: 2 },
      { name: 'rs2', revision: 7 },
    ])
})
test('what is wrong with one coordinator all know, until it says no more of it, or nothing at all', () => {
  const { at, pass, troubles } = three()
  const disk = { code: 'coordinator-disk', severity: 'critical', object: 'node dir2', message: 'no room' } as const
  const known = () =>
    [1, 2, 3].map((id) =>
      at(id)
        .troubles()
        .map(({ code, object }) => `${code} ${object}`),
    )
  troubles.set(2, [disk])
  for (const id of [1, 2, 3]) at(id).tell()
  expect(known()).toEqual(Array.from({ length: 3 }, () => ['coordinator-disk node dir2']))
  troubles.set(2, [])
  at(2).tell()
  expect(known()).toEqual([[], [], []])
  troubles.set(2, [disk])
  at(2).tell()
  pass(20_000)
  expect(known()).toEqual([[], ['coordinator-disk node dir2'], []])
})
test('each knows which versions the others speak, and how long they have been silent', () => {
  const { at, pass } = three()
  pass(500)
  at(2).tell()
  pass(1000)
  expect([at(1).silentMs(2), at(1).silentMs(3)]).toEqual([1000, 1500])
  expect([...at(1).versions()]).toEqual([
    [1, { model: 1, lvsm: '1' }],
    [2, { model: 2, lvsm: '1' }],
  ])
  pass(10_000)
  expect([...at(1).versions().keys()]).toEqual([1])
})
test('each tells the others what its wall clock says, the newest each time', () => {
  const { at, clocks } = three()
  at(2).tell()
  expect(clocks).toEqual([
    [1, 2, 2000],
    [3, 2, 2000],
  ])
})
test('the same is told seldom, and what is new at once', () => {
  const { own, at, sent, pass } = three()
  at(1).tell()
  expect(sent).toHaveLength(2)
  pass(1000)
  at(1).tell()
  expect(sent).toHaveLength(2)
  own.set(1, [{ name: 'rs1', revision: 1 }])
  at(1).tell()
  expect(sent).toHaveLength(4)
  pass(4000)
  at(1).tell()
  expect(sent).toHaveLength(6)
})
test('a coordinator that is silent, or no member any more, counts no more', () => {
  const { own, at, pass } = three()
  own.set(1, [{ name: 'rs1', revision: 1 }])
  at(1).tell()
  expect(at(2).all().size).toBe(1)
  pass(11_000)
  expect(at(2).all().size).toBe(0)
  at(1).tell()
  expect(at(2).all().size).toBe(1)
  own.delete(1)
  expect(at(2).all().size).toBe(0)
})
test('a report that an agent made to one coordinator is asked for by the others, and asked for again when it is newer', () => {
  const { own, at, sent, pass } = three()
  own.set(1, [{ name: 'rs1', revision: 1 }])
  const report = (number: number): AgentReport => ({
    boot: 'a',
    number,
    whole: number === 1,
    counters: { 'drop-mac': number },
    events: [{ serial: number, at: '', group: '', kind: 'note', number: 0, reason: `event ${number}` }],
  })
  for (const number of [1, 2]) {
    expect(at(1).take('rs1', report(number))).toMatchObject({ number, event: number })
    at(1).tell()
    for (const id of [2, 3]) {
      expect(at(id).reported.all().get('rs1')).toMatchObject({ number, said: { counters: { 'drop-mac': number } } })
      expect(
        at(id)
          .reported.events(0)
          .map(({ reason }) => reason),
      ).toHaveLength(number)
    }
  }
  const messages = sent.length
  pass(1000)
  at(1).tell()
  expect(sent).toHaveLength(messages)
  // It is said to live, and nothing else.
  pass(2500)
  at(1).take('rs1', { boot: 'a', number: 2, whole: false, events: [] })
  at(1).tell()
  expect(sent.slice(messages).map(({ kind }) => kind)).toEqual(['nodes', 'nodes'])
  expect(at(2).reported.all().get('rs1')?.heardAt).toBe(3500)
})
test('a coordinator that begins anew has hundreds of events, and all of a large node, after one word of the others', () => {
  const { own, at, sent } = three()
  own.set(1, [{ name: 'rs1', revision: 1 }])
  const events = Array.from({ length: 500 }, (_, index) => ({
    serial: index + 1,
    at: '',
    group: '',
    kind: 'note',
    number: 0,
    reason: `${index}`,
  }))
  const table = [{ key: 'k', weight: 1, healthy: true, active: 1, inactive: 1, reason: 'x'.repeat(60_000) }]
  const services = Array.from({ length: 20 }, (_, index) => `service ${index}`)
  services.forEach((service, index) =>
    at(1).take('rs1', {
      boot: 'a',
      number: index + 1,
      whole: index === 0,
      services,
      tables: { [service]: table },
      events: events.slice(index * 25, index * 25 + 25),
    }),
  )
  at(1).tell()
  for (const id of [2, 3]) {
    expect(at(id).reported.events(0)).toHaveLength(500)
    expect(at(id).reported.all().get('rs1')?.tables.size).toBe(20)
  }
  // And then there is peace.
  expect(sent.filter(({ kind }) => kind === 'report').length).toBeLessThan(40)
})
test('of many nodes a few are asked for at a time, and one after the other until all are known', () => {
  const names = Array.from({ length: 50 }, (_, index) => `n${index}`)
  const wanted: NodesMessage[] = []
  const world = {
    speaks: { model: 1, lvsm: '1' },
    troubles: () => [],
    others: () => [1, 2],
    nodes: () => new Set(names),
    clock: () => 0,
    wallClock: () => 0,
    clocks: { heard: () => undefined, now: () => 0 },
  }
  const one = new Reports({
    ...world,
    id: 1,
    own: () => names.map((name) => ({ name, revision: 1 })),
    send: (message) => message.to === 2 && other.heard(message),
  })
  const other: Reports = new Reports({ ...world, id: 2, own: () => [], send: (message) => void wanted.push(message) })
  for (const reports of [one, other]) {
    reports.close()
    onTestFinished(() => reports.close())
  }
  for (const name of names) one.take(name, { boot: 'a', number: 1, whole: true, events: [] })
  one.tell()
  for (let next = wanted.shift(); next; next = wanted.shift()) {
    expect(wanted.length).toBeLessThan(4)
    one.heard(next)
  }
  expect(other.reported.all().size).toBe(50)
})
test('nodes that say much again and again keep no other back', () => {
  const names = Array.from({ length: 20 }, (_, index) => `n${index}`)
  const asked: string[] = []
  let now = 0
  const reports: Reports = new Reports({
    id: 2,
    own: () => [],
    speaks: { model: 1, lvsm: '1' },
    troubles: () => [],
    others: () => [1],
    nodes: () => new Set(names),
    send: (message) => message.kind === 'report-wanted' && asked.push(message.name),
    clock: () => now,
    wallClock: () => 0,
    clocks: { heard: () => undefined, now: () => 0 },
  })
  reports.close()
  for (let number = 1; number <= 10; number++, now += 1000) {
    const report = { boot: 'a', number, event: 0, ageMs: 0 }
    reports.heard({ kind: 'nodes', from: 1, to: 2, nodes: names.map((name) => ({ name, revision: 1, report })) })
  }
  expect(new Set(asked).size).toBe(20)
})
test('what is asked for is asked for once until it comes, or is lost', () => {
  const { at, sent, pass } = three()
  const told = { name: 'rs1', revision: 1, report: { boot: 'a', number: 1, event: 0, ageMs: 0 } }
  for (let turn = 0; turn < 10; turn++) at(2).heard({ kind: 'nodes', from: 1, to: 2, nodes: [told] })
  expect(sent.filter(({ kind }) => kind === 'report-wanted')).toHaveLength(1)
  pass(1000)
  at(2).heard({ kind: 'nodes', from: 1, to: 2, nodes: [told] })
  expect(sent.filter(({ kind }) => kind === 'report-wanted')).toHaveLength(2)
})
test('of who is no node of the cluster nothing is asked for, and nothing is taken', () => {
  const { own, at, sent } = three()
  own.set(1, [{ name: 'stranger', revision: 1 }])
  at(1).reported.take(
    'stranger',
    { boot: 'a', number: 1, whole: true, events: [] },
    { now: 0, wall: { now: '', latest: '', msOf: () => 0 } },
  )
  at(1).heard({ kind: 'report-wanted', from: 2, to: 1, name: 'rs9', boot: null, number: 0, event: 0 })
  at(2).heard({
    kind: 'nodes',
    from: 1,
    to: 2,
    nodes: [{ name: 'stranger', revision: 1, report: { boot: 'a', number: 1, event: 0, ageMs: 0 } }],
  })
  at(2).heard({
    kind: 'report',
    from: 1,
    to: 2,
    name: 'stranger',
    ageMs: 0,
    report: { boot: 'a', number: 1, whole: true, events: [] },
  })
  expect([sent, at(2).reported.all().size]).toEqual([[], 0])
})
