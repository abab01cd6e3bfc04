/** What a node recorded beside its status, as evidence: whom it heard, what it did about a group, and what had come in. */
import type { Evidence, Past } from './subject.ts'

interface About {
  readonly groups: ReadonlySet<string>
  readonly nodes: ReadonlySet<string>
}
const MOST_HAPPENED = 8
const LIVES = {
  alive: 'hears',
  late: 'has not heard for a while:',
  dead: 'does not hear',
  unknown: 'has never heard',
} as const

export function pastEvidence({ node, own, happened }: Past, { groups, nodes }: About): Evidence[] {
  const lease = own.lease === null ? [] : [`its lease process could not be relied on: ${own.lease}`]
  const heard = own.peers
    .filter(({ name, life, why }) => nodes.has(name) || life !== 'alive' || why !== '')
    .map(({ name, life, why }) => `${LIVES[life]} ${name}${why === '' ? '' : ` (${why})`}`)
  const parts = own.parts
    .filter(({ group }) => groups.has(group))
    .map(({ group, role, reason, unready }) => `of ${group} it is ${role}: ${reason}${unreadyText(unready)}`)
  const came = happened.slice(-MOST_HAPPENED).map(({ at, text }) => `${at} ${text}`)
  return [...lease, ...heard, ...parts, ...came].map((text) => ({ node, text }))
}
const unreadyText = (unready: string | null): string =>
  unready === null ? '' : unready === '' ? '; it could take it' : `; it could not take it: ${unready}`
