import { seededRandom } from '@lvsm/base'
import { expect, test } from 'vitest'
import { keyring } from './adapters/network/keyring.ts'
import { rehearse } from './rehearsal.ts'

test.each([1, 2, 3, 4, 5])('a rehearsal is played to its end: won, taken over, handed over (seed %i)', (seed) => {
  const keys = keyring([{ id: 1, algorithm: 'sha256', secret: '00'.repeat(32) }])
  expect(rehearse(seededRandom(seed), keys)).toBe(3)
})
