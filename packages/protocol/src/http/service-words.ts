/** What is said of a service beside its realservers, in the words of `lvsm status` and of the console. */
import { ownerAge } from './node-words.ts'
import { isTold } from './serving.ts'
import type { ServiceReport, Status } from './status.ts'

/** Behind its name: that nobody new is let in, and how old what is said of it is; of what nobody tells, since when. */
export function serviceNotes(status: Pick<Status, 'groups' | 'nodes'>, service: ServiceReport): string {
  const { group, realservers } = service
  const isOut = realservers.length > 0 && realservers.every(({ state }) => state !== undefined)
  const age = ownerAge(status, group)
  if (!isTold(status, service)) return age === '' ? '' : `, not known: its owner was heard ${age}`
  return [
    ...(isOut ? [': no new connections, all realservers are drained or stopped'] : []),
    ...(age === '' ? [] : [`, as its owner said it (${age})`]),
  ].join('')
}

/** Of what no director can tell another. */
export function lostWithMove({ realservers }: ServiceReport): string[] {
  const names = realservers.flatMap(({ node, forward }) => (forward === 'fullnat' ? [node] : []))
  if (names.length === 0) return []
  return [`by full NAT: do not count on connections to ${names.join(', ')} when another director takes over`]
}
