/** Whether whoever claims an own address answers for those beside it, as they are heard: in the shortest form of their text. */
import { formatInet, parseInet } from '@lvsm/base'
import { expect, test } from 'vitest'
import { RivalClaims, Trial } from './rival-claims.ts'

const MAC = '02:00:00:00:00:99'

test.each(['10.12.0.11', '2001:db8::11', 'fd00:11:0:0:1::11'])('beside %s', (address) => {
  const claims = new RivalClaims()
  const suspect = [0, 5000, 10_000].map((now) => claims.heard(address, MAC, 2, now)).at(-1)
  if (!suspect) throw new Error('three rounds are enough')
  let turn = 0
  const trial = new Trial(suspect, [address], (below) => (turn += 37) % below)
  expect(trial.beside.length).toBeGreaterThan(1)
  for (const beside of trial.beside) expect(formatInet(parseInet(beside) ?? new Uint8Array(4))).toBe(beside)
  expect(trial.verdict).toBe('rival')
  for (const beside of trial.beside) trial.heard(beside, MAC)
  expect(trial.verdict).toBe('cleared')
})
