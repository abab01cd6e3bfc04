import type { NodeProgress } from '@lvsm/protocol'
import { expect, onTestFinished, test } from 'vitest'
import type { Nodes } from './ports.ts'
import { Reports } from './reports.ts'

function three() {
  let now = 0
  const sent: Nodes[] = []
  const own = new Map<number, NodeProgress[]>([1, 2, 3].map((id) => [id, []]))
  const all = new Map<number, Reports>()
  for (const id of own.keys()) {
    const reports = new Reports({
      id,
      own: () => own.get(id) ?? [],
      speaks: { model: id, lvsm: '1' },
      others: () => [...own.keys()].filter((other) => other !== id),
      send: (message) => {
        sent.push(message)
        all.get(message.to)?.heard(message)
      },
      clock: () => now,
    })
    // Told by hand.
    reports.close()
    all.set(id, reports)
    onTestFinished(() => reports.close())
  }
  const at = (id: number): Reports => all.get(id) ?? expect.fail('there is none')
  return { own, sent, at, pass: (ms: number) => void (now += ms) }
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
