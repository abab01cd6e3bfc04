/**
 * Who says that he has one of this node's own addresses, and whether that may be believed: a frame alone is no proof, for anybody can send one, and
 * routers and switches answer for addresses that are not theirs. So it counts while it is said again and again, by a machine that does not answer
 * for addresses just beside as well, which nobody or somebody else has. Without clock, timers and sockets.
 */
import { formatInet, parseInet } from '@lvsm/base'

/** So many rounds of questions found it, until it is believed. */
const CLAIMS = 3
/** Two within it are of one round. Milliseconds. */
const ROUND_MS = 2500
/** What was said before is forgotten. */
const GONE_MS = 30_000
/** It goes on while as many are not forgotten. */
const STILL = 2
/** Whoever answers for so many of those beside answers for all. */
const MANY = 2
/** A machine of this node's own, or one that answers for all, is left alone so long. */
const CLEARED_MS = 600_000
/** Of one address: who claims it with ever new MACs must not fill the memory. */
const MOST_RIVALS = 16

export type Verdict = 'rival' | 'cleared'
interface Suspect {
  readonly mac: string
  readonly address: string
  readonly index: number
  claims: readonly number[]
  verdict: Verdict | null
  /** A verdict of `cleared` is of then. */
  at: number
}

export class RivalClaims {
  readonly #suspects = new Map<string, Suspect>()

  /** Whoever is to be looked into now: he claimed it often, and nobody knows yet what he is. */
  heard(address: string, mac: string, index: number, now: number): Suspect | null {
    const suspect = this.#suspectOf(address, mac, index)
    if (!suspect) return null
    if (suspect.verdict === 'cleared' && now - suspect.at >= CLEARED_MS) suspect.verdict = null
    if (now - (suspect.claims.at(-1) ?? -Infinity) >= ROUND_MS)
      suspect.claims = [...suspect.claims, now].filter((at) => now - at < GONE_MS)
    return suspect.verdict === null && suspect.claims.length >= CLAIMS ? suspect : null
  }
  judge(suspect: Suspect, verdict: Verdict, now: number): void {
    suspect.verdict = verdict
    suspect.at = now
  }
  /** By address: who has it too. */
  rivals(now: number): ReadonlyMap<string, readonly Pick<Suspect, 'mac' | 'index'>[]> {
    const rivals = new Map<string, Suspect[]>()
    for (const [key, suspect] of this.#suspects) {
      const claims = suspect.claims.filter((at) => now - at < GONE_MS)
      suspect.claims = claims
      if (suspect.verdict === 'rival' && claims.length < STILL) suspect.verdict = null
      const isOver = suspect.verdict === 'cleared' ? now - suspect.at >= CLEARED_MS : claims.length === 0
      if (isOver) this.#suspects.delete(key)
      if (suspect.verdict === 'rival') rivals.set(suspect.address, [...(rivals.get(suspect.address) ?? []), suspect])
    }
    return rivals
  }
  keepOnly(addresses: readonly string[]): void {
    for (const [key, { address }] of this.#suspects) if (!addresses.includes(address)) this.#suspects.delete(key)
  }

  #suspectOf(address: string, mac: string, index: number): Suspect | null {
    const key = `${address} ${mac}`
    const known = this.#suspects.get(key)
    if (known) return known
    const others = [...this.#suspects.values()].filter((one) => one.address === address)
    if (others.length >= MOST_RIVALS) return null
    const made: Suspect = { mac, address, index, claims: [], verdict: null, at: 0 }
    this.#suspects.set(key, made)
    return made
  }
}

/** Does he who claims an address answer for those beside it, too? */
export class Trial {
  readonly suspect: Suspect
  readonly beside: readonly string[]
  readonly #answered = new Set<string>()

  /** `random`: a number from 0 to below that. */
  constructor(suspect: Suspect, own: readonly string[], random: (below: number) => number) {
    this.suspect = suspect
    this.beside = besides(suspect.address, random).filter((address) => !own.includes(address))
  }
  heard(address: string, mac: string): void {
    if (mac === this.suspect.mac && this.beside.includes(address)) this.#answered.add(address)
  }
  get verdict(): Verdict {
    return this.#answered.size >= MANY ? 'cleared' : 'rival'
  }
}

/** In the network of an address, in all likelihood: of IPv4 two close by and two further away. As text that is compared with what is heard. */
function besides(address: string, random: (below: number) => number): readonly string[] {
  const bytes = parseInet(address)
  if (!bytes) return []
  const ending = (...end: readonly number[]): string =>
    formatInet(Uint8Array.from([...bytes.slice(0, -end.length), ...end]))
  if (bytes.length === 16) {
    const byte = (): number => 1 + random(0xfe)
    return Array.from({ length: 4 }, () => ending(byte(), byte(), byte(), byte()))
  }
  const last = bytes.at(-1) ?? 0
  const near = [1 + random(7), 8 + random(8)].map((bits) => last ^ bits)
  const far = [random(127), 127 + random(127)].map((value) => 1 + value)
  return [...new Set([...near, ...far])].filter((value) => value !== last).map((value) => ending(value))
}
