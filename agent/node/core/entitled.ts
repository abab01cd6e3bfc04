/**
 * Who is believed in what: a node speaks for itself, directors for the groups that they direct, and only directors order what
 * others do. A realserver with the key is not believed in anything else; it may have directors look: a check that is run by hand
 * decides nothing.
 */
import type { Command } from '@lvsm/protocol'
import type { NodeState } from './state.ts'

export const isDirector = ({ config }: NodeState, node: string): boolean =>
  config?.nodes.some(({ name, roles }) => name === node && roles.includes('director')) === true

/** Of a group that is not in the configuration nobody is a director. */
export const directsGroup = ({ config }: NodeState, node: string, group: string): boolean =>
  config?.groups.some(({ name, directors }) => name === group && directors.includes(node)) === true

export const directorsOf = ({ config }: NodeState): readonly string[] =>
  config?.nodes.filter(({ roles }) => roles.includes('director')).map(({ name }) => name) ?? []

/** Who asks for what changes nothing need be no director. */
export const mayAsk = (state: NodeState, node: string, { verb }: Command): boolean =>
  isDirector(state, node) || (verb === 'runCheck' && state.config?.nodes.some(({ name }) => name === node) === true)
