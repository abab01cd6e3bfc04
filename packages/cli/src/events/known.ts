/** Names that events are filtered by: one that nobody has would show nothing, as if nothing had happened. */
import { suggest } from '@lvsm/model'
import { EVENT_KINDS, type HistoryEvent, type Status } from '@lvsm/protocol'
import { Failure } from '../failure.ts'

export interface Filters {
  readonly of?: readonly string[]
  readonly group?: readonly string[]
  readonly kind?: readonly string[]
}

/** Who left the cluster since has its events all the same, and a newer version has other kinds. `statusOf`: asked where no event has the name. */
export async function refuseUnknown(
  { of = [], group = [], kind = [] }: Filters,
  events: readonly HistoryEvent[],
  statusOf: () => Promise<Status>,
): Promise<void> {
  refuse('kind of event', kind, [...EVENT_KINDS, ...events.map((event) => event.kind)])
  const [nodes, groups] = [events.map((event) => event.node), events.map((event) => event.group)]
  if (of.every((name) => nodes.includes(name)) && group.every((name) => groups.includes(name))) return
  const status = await statusOf()
  refuse('node', of, [...status.nodes.map(({ name }) => name), ...nodes])
  refuse('group', group, [...status.groups.map(({ name }) => name), ...groups])
}

function refuse(what: string, asked: readonly string[], all: readonly string[]): void {
  const known = [...new Set(all)].filter((name) => name !== '')
  const unknown = asked.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Failure('refused', `there is no ${what} ${unknown}`, knownText(unknown, known))
}

/** The near one, and all that there are. */
export function knownText(unknown: string, known: readonly string[]): string {
  const each = `there are: ${known.join(', ')}`
  const near = suggest(unknown, known, 'names')
  return near.startsWith('did you mean') ? `${near} ${each}` : each
}
