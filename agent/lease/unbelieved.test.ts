import { instant } from '@lvsm/base'
import type { LeaseStatus } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { Unbelieved } from './unbelieved.ts'

const STATUS: LeaseStatus = {
  node: 'dir1',
  incarnation: '',
  quarantineMs: 0,
  standby: false,
  quorum: true,
  groups: [],
  peers: ['dir2', 'rs1'].map((name) => ({ name, life: 'dead', silentMs: 4000, standby: false })),
  troubles: [],
  counters: {},
}

const shownAt = (unbelieved: Unbelieved, now: number): (string | undefined)[] =>
  unbelieved.shownIn(STATUS, instant(now)).peers.map((peer) => peer.unbelieved)

const MAC = { counter: 'drop-mac', keyId: 1 } as const
const UNKNOWN = { counter: 'drop-key', keyId: 7 } as const
const FINGERPRINT = (keyId: number): string | null => (keyId === 1 ? 'ab12' : null)
const BOTH = new Set(['dir2', 'rs1'])
const WRONG = 'with a wrong signature (key 1, of which the one here has the fingerprint ab12'

test('who speaks from its own address and is not believed is told from who is silent, for a while', () => {
  const unbelieved = new Unbelieved()
  unbelieved.keep(BOTH, FINGERPRINT)
  expect(shownAt(unbelieved, 0)).toEqual([undefined, undefined])
  unbelieved.note(['dir2'], MAC)
  expect(shownAt(unbelieved, 100)).toEqual([`${WRONG})`, undefined])
  expect(shownAt(unbelieved, 15_099)).toEqual([`${WRONG})`, undefined])
  unbelieved.note(['dir2'], UNKNOWN)
  expect(shownAt(unbelieved, 15_200)[0]).toMatch(/^signed with an unknown key \(key 7, which is not here/)
  expect(shownAt(unbelieved, 30_200)).toEqual([undefined, undefined])
})

test('how many come in a minute is counted over ten seconds', () => {
  const unbelieved = new Unbelieved()
  unbelieved.keep(BOTH, FINGERPRINT)
  for (let ms = 0; ms <= 20_000; ms += 500) {
    unbelieved.note(['rs1'], MAC)
    shownAt(unbelieved, ms)
  }
  expect(shownAt(unbelieved, 20_000)).toEqual([undefined, `${WRONG}, about 120 a minute)`])
})

test('who left the view is forgotten', () => {
  const unbelieved = new Unbelieved()
  unbelieved.note(['dir2', 'rs1'], MAC)
  unbelieved.keep(new Set(['rs1']), FINGERPRINT)
  expect(shownAt(unbelieved, 0)).toEqual([undefined, `${WRONG})`])
})
