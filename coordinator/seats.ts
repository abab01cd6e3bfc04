/**
 * Which nodes are to be coordinators, and which are. Neither follows the other by itself: whoever becomes one makes a database on its own
 * machine, and taking one out is an operator's word. Where they differ that is said, with the command.
 */
import type { Trouble } from '@lvsm/base'
import { mayCoordinate, type State } from '@lvsm/changes'

/** `members`: names of the nodes of coordinators. */
export function seatTroubles({ history, enrolled }: State, members: ReadonlySet<string>): Trouble[] {
  const { nodes } = history.document
  // It came in just when its node was taken out of the configuration.
  const left = [...members].filter((name) => !Object.hasOwn(nodes, name)).map(strayed)
  const seated = enrolled.nodes.flatMap(({ name }): Trouble[] => {
    const place = nodes[name]
    if (!place || mayCoordinate(place) === members.has(name)) return []
    return [members.has(name) ? unnamed(name) : missing(name, place)]
  })
  return [...seated, ...left]
}

const unnamed = (name: string): Trouble => ({
  code: 'coordinator-unnamed',
  severity: 'warning',
  object: `node ${name}`,
  message: `${name} is one of the coordinators, and by the configuration it is to be none`,
  hint: `take it out: lvsm coordinators remove ${name}; where it is to stay one: lvsm node set ${name} coordinator=true`,
})
const strayed = (name: string): Trouble => ({
  code: 'coordinator-unnamed',
  severity: 'warning',
  object: `node ${name}`,
  message: `${name} is one of the coordinators, and the configuration has no node of that name`,
  hint: `take it out: lvsm coordinators remove ${name}`,
})
const missing = (name: string, { coordinator }: { readonly coordinator?: boolean | undefined }): Trouble => ({
  code: 'coordinator-missing',
  object: `node ${name}`,
  severity: coordinator === true ? 'warning' : 'info',
  message: `${name} ${coordinator === true ? 'is to be a coordinator' : 'is a director, and may be a coordinator'}, and is none yet`,
  hint: `on ${name}: lvsm coordinators join; where it is to be none: lvsm node set ${name} coordinator=false`,
})
