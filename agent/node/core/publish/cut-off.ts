/** A node that hears no other one at all: over its only link, or over all of them. What it says itself of these links is why. */
import { between, type Trouble } from '@lvsm/base'
import { dropsBeats, dropsHeardAlone, isUnsent, LINK, linksIn } from '@lvsm/protocol'
import { linksWith } from '../hearing.ts'
import { leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'

/** A lease process that has just started, and never heard anybody, may be the first one. Milliseconds. */
const STARTS_MS = 15_000
/** What keeps all of a link from its node, the surest first. */
const CAUSES = ['interface-down', 'link-down', 'link-address-gone', 'drop-rule', 'link-no-way', 'no-way']
/** Of one link, or of its interface; told by this trouble as a whole. */
const OF_LINKS: ReadonlySet<string> = new Set(['interface-down', 'link-down', 'link-address-gone', 'link-no-way'])
const ABOUT_LINKS = /heartbeat|\blink\b/
/** All of the link, whoever is there. */
const OF_ALL: ReadonlySet<string> = new Set(['interface-down', 'link-down', 'link-address-gone'])

/** Whoever has a majority by itself decides without the others, which are dead to it. */
export function isCutOff(state: NodeState): boolean {
  const status = leaseStatus(state)
  if (!status || status.quorum || status.peers.length === 0) return false
  const isSilent = status.peers.every(
    ({ life, unbelieved }) => life !== 'alive' && life !== 'late' && unbelieved === undefined,
  )
  const isKnown = status.peers.some(({ life }) => life === 'dead') || between(state.lease.upAt, state.now) >= STARTS_MS
  return isSilent && isKnown
}

/** What is known keeps each peer from this node over each link that both have. */
function isExplained(state: NodeState, why: readonly Trouble[]): boolean {
  const keeps = (one: Trouble, peer: string, link: string): boolean => {
    const { code, message, object = '' } = one
    if (OF_ALL.has(code)) return [...linksIn(message), LINK.exec(object)?.[1], LINK.exec(message)?.[1]].includes(link)
    return dropsBeats(one, 'heard', link, peer) || dropsBeats(one, 'beats', link, peer) || isUnsent(one, peer, link)
  }
  return (leaseStatus(state)?.peers ?? []).every(({ name }) =>
    linksWith(state, name).every((link) => why.some((one) => keeps(one, name, link))),
  )
}

/** With that in place of what it follows from, as far as it is of links alone. */
export function withCutOff(state: NodeState, causes: readonly Trouble[]): readonly Trouble[] {
  if (!isCutOff(state)) return causes
  const { node } = state
  const links = state.view?.node.links.map(({ name, address }) => `${name} (${address})`).join(', ') ?? ''
  const why = CAUSES.flatMap((code) =>
    causes.filter((one) => one.code === code && ABOUT_LINKS.test(`${one.message} ${one.object ?? ''}`)),
  )
  const isKnown = why.length > 0 && isExplained(state, why)
  const hints = [...new Set(why.flatMap(({ hint }) => hint ?? []))]
  const message = isKnown
    ? `${node} is cut off and hears no other node: ${why.map((one) => one.message).join('; ')}`
    : `${node} hears no other node over any link: it is cut off, or all others are down`
  const cut: Trouble = {
    ...{ code: 'cut-off', severity: 'critical', object: `node ${node}`, message },
    evidence: [`its heartbeat links: ${links}`, ...why.flatMap(({ evidence }) => evidence ?? [])].join('; '),
    hint:
      hints.length > 0
        ? hints.join('; ')
        : `on ${node}: ip -br link, ip -br addr, nft list ruleset; cable and switch of its heartbeat links; does another node answer ping?`,
  }
  // Their sentences stand in it, with what else they cost.
  const isIn = (one: Trouble): boolean => why.includes(one) && (OF_LINKS.has(one.code) || dropsHeardAlone(one))
  return [cut, ...causes.filter((one) => !isKnown || !isIn(one))]
}
