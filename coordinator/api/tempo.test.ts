import { expect, test } from 'vitest'
import { Tempo } from './tempo.ts'

const ALICE = { name: 'alice', role: 'operator', from: '10.0.0.9' } as const
/** How many of `times` at once may go on. */
const passed = (tempo: Tempo, times: number, ask: () => Parameters<Tempo['refuse']>): number =>
  Array.from({ length: times }, () => tempo.refuse(...ask())).filter((reply) => reply === null).length

test('changes have a bound for each who makes them, which fills again', () => {
  const tempo = new Tempo()
  expect(passed(tempo, 1000, () => ['change', ALICE, 0])).toBe(300)
  const reply = tempo.refuse('intent', ALICE, 0)
  expect(reply).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
  expect(reply?.body).toMatchObject({
    refusals: [{ code: 'too-often', hint: expect.stringContaining('try again in 1 s') }],
  })
  expect(tempo.refuse('change', { ...ALICE, name: 'bob' }, 0)).toBeNull()
  expect(passed(tempo, 1000, () => ['change', ALICE, 30_000])).toBe(150)
})

test('a node has one for each who asks there, and one for all of them, in whose name it may ask', () => {
  const tempo = new Tempo()
  let at = 0
  const onNode = (name: string, node = 'rs1') =>
    ({ name: `${name} on ${node}`, role: 'operator', from: `node ${node}`, there: 'admin' }) as const
  expect(passed(tempo, 1000, () => ['intent', onNode('root'), 0])).toBe(300)
  expect(passed(tempo, 1000, () => ['intent', onNode(`u${at++}`), 0])).toBe(300)
  expect(tempo.refuse('intent', onNode('root', 'rs2'), 0)).toBeNull()
})

test('root on a node is kept from nothing by who only looks there, in whatever name', () => {
  const tempo = new Tempo()
  const viewer = (name: string) =>
    ({ name: `${name} on rs1`, role: 'viewer', from: 'node rs1', there: 'viewer' }) as const
  for (let at = 0; at < 2000; at++) {
    for (const name of ['document', 'intentPreview', 'history'] as const) tempo.refuse(name, viewer(`u${at}`), 0)
    tempo.spent(viewer(`u${at}`), 60_000, 0)
  }
  expect(tempo.refuse('intentPreview', viewer('u1'), 0)).toMatchObject({ status: 429 })
  const root = { name: 'root on rs1', from: 'node rs1', there: 'admin' } as const
  expect(tempo.refuse('intentPreview', { ...root, role: 'viewer' }, 0)).toBeNull()
  expect(tempo.usedUp({ ...root, role: 'viewer' }, 0)).toBeNull()
  expect(tempo.refuse('intent', { ...root, role: 'operator' }, 0)).toBeNull()
})

test('however much time somebody used, he waits for seconds, and no more', () => {
  const tempo = new Tempo()
  const ann = { name: 'ann', role: 'viewer', from: '10.0.0.9' } as const
  for (let second = 0; second < 3600; second++) tempo.spent(ann, 500, second * 1000)
  expect(tempo.refuse('history', ann, 3_600_000)).toMatchObject({ status: 429, headers: { 'retry-after': '10' } })
  expect(tempo.refuse('history', ann, 3_611_000)).toBeNull()
})

test('what takes long to answer has one of its own; what costs nothing has none, and root at a coordinator neither', () => {
  const tempo = new Tempo()
  expect(passed(tempo, 1000, () => ['diff', ALICE, 0])).toBe(600)
  expect(passed(tempo, 400, () => ['change', ALICE, 0])).toBe(300)
  expect(passed(tempo, 1000, () => ['facts', ALICE, 0])).toBe(1000)
  expect(passed(tempo, 1000, () => ['change', { name: 'root', role: 'admin', from: 'socket' }, 0])).toBe(1000)
  expect(passed(tempo, 1000, () => ['diff', { name: 'ann', role: 'viewer', from: 'socket' }, 0])).toBe(600)
})

test('whoever only looks takes a tenth of a coordinator, however long each answer takes; who may change it takes what he needs', () => {
  const tempo = new Tempo()
  const slow = (who: Parameters<Tempo['refuse']>[1], now: number): boolean => {
    if (tempo.refuse('preview', who, now) !== null) return false
    tempo.spent(who, 500, now)
    return true
  }
  const times = (who: Parameters<Tempo['refuse']>[1], now: number) =>
    Array.from({ length: 100 }, () => slow(who, now)).filter(Boolean).length
  const ann = { name: 'ann', role: 'viewer', from: '10.0.0.9' } as const
  expect([times(ann, 0), times(ALICE, 0)]).toEqual([12, 12])
  expect(tempo.refuse('preview', ann, 0)).toMatchObject({ status: 429 })
  for (const name of ['facts', 'history', 'revision', 'status', 'versions'] as const)
    expect(tempo.refuse(name, ann, 0)).toMatchObject({ status: 429 })
  expect(tempo.usedUp(ann, 0)).toMatchObject({ status: 429 })
  expect(times(ann, 30_000)).toBe(6)
  expect(times({ name: 'root on rs1', role: 'viewer', from: 'node rs1' }, 0)).toBe(12)
  expect(times({ name: 'admin', role: 'admin', from: '10.0.0.9' }, 0)).toBe(100)
})

test('of what is refused before it is read so much is written down, of each who asks', () => {
  const tempo = new Tempo()
  const noted = (name: string, from: string) =>
    Array.from({ length: 1000 }, () => tempo.mayNote({ name, from }, 0)).filter(Boolean).length
  expect([noted('ann', '10.0.0.9'), noted('bob', '10.0.0.9'), noted('a on rs1', 'node rs1')]).toEqual([60, 60, 60])
  expect([noted('b on rs1', 'node rs1'), noted('c on rs1', 'node rs1')]).toEqual([60, 0])
})
