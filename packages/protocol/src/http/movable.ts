/** Could a group move now: planned, because somebody else is ready for it; and unplanned, because the votes for that would be there? */
import { isShut } from '../troubles/dropped.ts'
import { rankedTakers } from './takers.ts'
import type { GroupReport, NodeReport, NodeTrouble, Status } from './status.ts'

export interface Moves {
  readonly fault: readonly string[]
  readonly unknown: readonly string[]
}
/** Planned: somebody is ready. Unplanned: and the voters that are left without the owner are a majority. */
export function movesOf(group: GroupReport, status: Status): Moves {
  const { name, owner, directors, takers = [] } = group
  const others = directors.filter((node) => node !== owner)
  if (!status.quorum) return { fault: [`${name}: ${NO_MAJORITY}`], unknown: [] }
  // A cluster of one director is whole without another.
  if (others.length === 0) return { fault: [], unknown: [] }
  if (takers.length === 0) return { fault: [], unknown: [`who could take ${name}`] }
  if (!takers.some(({ could }) => could === true)) {
    const said = takers.map(({ node, reason }) => `${node}: ${reason}`).join('; ')
    return takers.some(({ could }) => could === null)
      ? { fault: [], unknown: [`who could take ${name} (${said})`] }
      : { fault: [`nobody could take ${name}: ${said}`], unknown: [] }
  }
  // Who votes at all may not be known, where it is that nobody would have their votes.
  const all = [lossOf(name, owner ?? '', status), unheardOf(group, status), refusedOf(group)]
  return all.find(({ fault }) => fault.length > 0) ?? all.find(({ unknown }) => unknown.length > 0) ?? SURE
}
const SURE: Moves = { fault: [], unknown: [] }

export const movableOf = ({ fault, unknown }: Moves): boolean | null =>
  fault.length > 0 ? false : unknown.length > 0 ? null : true

/** Votes that make a majority. */
export const majorityOf = (voters: number): number => Math.floor(voters / 2) + 1

/** Voters live, and may not hear who would ask for their votes, or it may not hear them. */
function unheardOf({ name, owner, takers = [] }: GroupReport, { nodes }: Status): Moves {
  const voters = nodes.filter(({ voter }) => voter).length
  const needed = majorityOf(voters)
  const ready = takers.filter(({ could }) => could === true)
  // An older agent does not say whom it hears.
  if (voters === 0 || ready.some((taker) => (taker.voters ?? needed) >= needed)) return { fault: [], unknown: [] }
  const has = ready.map((taker) => `${taker.node} would have ${taker.voters ?? 0}`).join(', ')
  const must = `${needed} of ${voters} voters must agree, and ${has}: itself, and whom it hears and is heard by`
  const text = `${name} is lost if ${owner ?? 'its owner'} dies: ${must}`
  return { fault: [text], unknown: [] }
}
/** Planned it goes nowhere: whoever could take it has another configuration, and would serve by that, or knows nobody to serve a service. */
function refusedOf(group: GroupReport): Moves {
  const { name, owner } = group
  const ready = rankedTakers(group).filter(({ could }) => could === true)
  if (ready.some(({ refused }) => refused === undefined)) return SURE
  const [first] = ready
  const why = ready.map(({ node, refused = '' }) => `${node} ${refused}`).join('; ')
  const all = `if ${owner ?? 'its owner'} dies, ${first?.node ?? 'nobody'} takes it all the same${servesText(first?.refused)}`
  return { fault: [`a switchover of ${name} is refused (${why}); ${all}`], unknown: [] }
}
/** Of one that takes a group when its owner dies, and by no order. */
export const servesText = (refused = ''): string => (isShut(refused) ? '' : ', and serves by what it knows')
export const NO_MAJORITY = 'the voters have no majority'

/** Of the lease's voters, would enough be left? */
function lossOf(group: string, owner: string, { nodes, troubles }: Status): Moves {
  const voters = nodes.filter(({ voter }) => voter)
  const needed = majorityOf(voters.length)
  const others = voters.filter(({ name }) => name !== owner).map((node) => ({ node, votes: votes(node, troubles) }))
  const left = others.filter((one) => one.votes === true).length
  const unsure = others.flatMap(({ node, votes: does }) => (does === null ? [node.name] : []))
  if (voters.length === 0 || left >= needed) return { fault: [], unknown: [] }
  if (left + unsure.length >= needed)
    return { fault: [], unknown: [`whether ${group} survives ${owner} (does ${unsure.join(', ')} vote?)`] }
  const would = unsure.length > 0 ? `at most ${left + unsure.length}` : `${left}`
  const must = `${needed} of ${voters.length} voter${voters.length === 1 ? '' : 's'} must agree, and ${would} would be left`
  const lacking = others.flatMap((one) => (one.votes === false ? [lackText(one.node, troubles)] : []))
  const why = lacking.length === 0 ? '' : `${lacking.join(', ')}, and `
  return { fault: [`${why}${group} is lost if ${owner} dies: ${must}`], unknown: [] }
}

/** Why it lends no vote. */
function lackText({ name, state }: NodeReport, troubles: readonly NodeTrouble[]): string {
  if (state === 'dead' || state === 'late') return `${name} is ${state}`
  const code = troubles.find((one) => one.node === name && VOTELESS.includes(one.code))?.code
  return `${name} lends no vote${code === undefined ? ' yet' : ` (${code})`}`
}

/** A voter that says this of itself lends no vote meanwhile. */
const VOTELESS = ['state-lost', 'epoch-lost', 'no-lease-process']

/** Does it lend its vote? Null: not known. */
export function votes(node: NodeReport, troubles: readonly NodeTrouble[]): boolean | null {
  const { name, state, votesInMs = 0 } = node
  if (state === 'dead' || state === 'late' || votesInMs > 0) return false
  if (troubles.some(({ node, code }) => node === name && VOTELESS.includes(code))) return false
  // Its lease process lives, and says itself that no agent does.
  if (isAgentless(node, troubles)) return true
  return state === 'unknown' || state === 'starting' ? null : true
}
/** It is known that no agent is at work there: a trouble says why. */
export const isAgentless = ({ name, agent }: NodeReport, troubles: readonly NodeTrouble[]): boolean =>
  !agent && troubles.some(({ code, object }) => code === 'agent-silent' && object === `node ${name}`)
