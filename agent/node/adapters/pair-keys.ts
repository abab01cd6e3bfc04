/**
 * This node's own heartbeat keys, in its state directory and nowhere else, and what they make with the public halves of the others:
 * the lease process gets finished keys, and derives none.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pairing } from '@lvsm/changes'
import { NO_PAIRS, type PairRing } from '@lvsm/model'
import {
  decodeOwnHalves,
  encodeOwnHalves,
  type Half,
  type KeyRing,
  LONGEST_OWN_HALVES,
  MOST_OWN_HALVES,
  OWN_HALVES,
  PAIR_KEY_BYTES,
  type PairKeys,
} from '@lvsm/protocol'
import { makeHalf, pairSecret } from '@lvsm/trust/pairwise'
import { readRegular, replaceFile } from '../../process/files.ts'

/** Oldest first; empty where there are none, or they are damaged. */
export function readHalves(stateDir: string): readonly Half[] {
  const read = readRegular(join(stateDir, OWN_HALVES), LONGEST_OWN_HALVES, false)
  return read.ok ? (decodeOwnHalves(read.bytes.toString()) ?? []) : []
}

/** With a new one where there is none. Throws what the disk says. */
export function ownHalves(stateDir: string): readonly Half[] {
  const known = readHalves(stateDir)
  return known.length > 0 ? known : addedHalf(stateDir, [])
}

/** A new key pair behind those that are there: the others are told of it, and use it when all of them have it. */
export function addedHalf(stateDir: string, known: readonly Half[]): readonly Half[] {
  const halves = [...known.slice(1 - MOST_OWN_HALVES), makeHalf()]
  replaceFile(join(stateDir, OWN_HALVES), encodeOwnHalves(halves))
  return halves
}

/** Those that nobody needs any more are forgotten: what was recorded with them stays unreadable, whoever gets this disk. */
export function keepHalves(stateDir: string, halves: readonly Half[], ring: KeyRing, node: string): void {
  const entry = ring.nodes.find(({ name }) => name === node)
  if (!entry?.keys.some((key) => key.public === halves.at(-1)?.public)) return
  const kept = halves.filter((half) => entry.keys.some((key) => key.public === half.public))
  if (kept.length < halves.length) replaceFile(join(stateDir, OWN_HALVES), encodeOwnHalves(kept))
}

/** What this node has to say of its keys; null: nothing, the ring has the newest. */
export function unsaid(
  halves: readonly Half[],
  ring: KeyRing | null,
  node: string,
): { readonly public: string; readonly lost: boolean } | null {
  const newest = halves.at(-1)
  if (!newest) return null
  const entry = ring?.nodes.find(({ name }) => name === node)
  const signing = entry?.keys.find(({ id }) => id === entry.signWith)
  const lost = signing !== undefined && !halves.some((half) => half.public === signing.public)
  const isKnown = entry?.keys.some((key) => key.public === newest.public) === true
  return isKnown && !lost ? null : { public: newest.public, lost }
}

/** With each node that has keys, those that count between the two. */
export function pairRing(cluster: string, node: string, halves: readonly Half[], ring: KeyRing | null): PairRing {
  if (!ring || ring.number === 0) return NO_PAIRS
  const pairs = new Map<string, PairKeys>()
  for (const { name } of ring.nodes) {
    const between = name === node ? null : pairing(ring, node, name)
    if (!between) continue
    const keys = between.accepted.map(({ id, own, peers }) => {
      const half = halves.find((one) => one.public === own)
      const secret = half ? pairSecret(cluster, { ...half, name: node }, { name, public: peers }) : null
      // One that nobody can make is one that nobody has: with it, nothing is said that is believed.
      return { id, secret: secret ?? randomBytes(PAIR_KEY_BYTES).toString('hex') }
    })
    pairs.set(name, { signWith: between.signWith, keys, shared: between.shared })
  }
  return { number: ring.number, pairs }
}
