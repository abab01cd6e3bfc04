import { expect, it } from 'vitest'
import { judged } from './vips.ts'

const runs = (first: number, last: number, missing = 0) =>
  [0, 10, -10].map((more) => ({ firstMs: first + more, lastMs: last + more, missing }))

it('up to one and a half times what the peer needs, for the first VIP and for the last', () => {
  const peer = runs(400, 1000)
  expect(judged({ keepalived: peer, lvsm: runs(400, 1400) }).met).toBe(true)
  const { lines, met } = judged({ keepalived: peer, lvsm: runs(400, 1600) })
  expect(met).toBe(false)
  expect(lines[1]).toBe(
    'the last VIP answers: lvsm 1600 ms (worst 1610), keepalived 1000 ms (worst 1010): × 1.60: MISSED',
  )
})
it('a VIP that stays silent is none', () => {
  expect(judged({ keepalived: runs(400, 1000), lvsm: runs(400, 1000, 1) }).met).toBe(false)
})
