/** Keys of two nodes: the same on both, of nobody else, and of this use alone. */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { makeHalf, pairSecret } from './pairwise.ts'

const [a, b, c] = [
  { name: 'dir1', ...makeHalf() },
  { name: 'dir2', ...makeHalf() },
  { name: 'rs1', ...makeHalf() },
]

test('two nodes have the same key, whoever works it out', () => {
  const key = pairSecret('lvsm', a, b)
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(pairSecret('lvsm', b, a)).toBe(key)
})

test('every pair, cluster, name and key pair has another', () => {
  const all = [
    pairSecret('lvsm', a, b),
    pairSecret('lvsm', a, c),
    pairSecret('lvsm', b, c),
    pairSecret('other', a, b),
    pairSecret('lvsm', { ...a, name: 'dir3' }, b),
    pairSecret('lvsm', { name: 'dir1', ...makeHalf() }, b),
    // Texts that would be the same one after the other.
    pairSecret('lvsmd', { ...a, name: 'ir1' }, b),
  ]
  expect(new Set(all).size).toBe(all.length)
})

/** RFC 7748, 6.1: two key pairs, and what they share. */
const ALICE = {
  name: 'alice',
  private: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  public: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
}
const BOB = {
  name: 'bob',
  private: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  public: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
}
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'

test('it is HKDF with SHA-256 (RFC 5869) of what X25519 gives, as another implementation has it', () => {
  const info = JSON.stringify(['lvsm heartbeat 1', 'lvsm', 'alice', ALICE.public, 'bob', BOB.public])
  const secret = Uint8Array.from(Buffer.from(SHARED, 'hex'))
  const oracle = hkdf(sha256, secret, new Uint8Array(0), new TextEncoder().encode(info), 32)
  expect(pairSecret('lvsm', ALICE, BOB)).toBe(Buffer.from(oracle).toString('hex'))
  expect(pairSecret('lvsm', BOB, ALICE)).toBe(Buffer.from(oracle).toString('hex'))
})

test.each([
  ['nothing but zeros', '00'.repeat(32)],
  ['one', '01'.padEnd(64, '0')],
  ['of order eight', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
  ['short', 'ab'],
  ['no digits', 'z'.repeat(64)],
])('a public half that is %s makes no key', (_, half) =>
  expect(pairSecret('lvsm', a, { name: 'dir2', public: half })).toBeNull(),
)
