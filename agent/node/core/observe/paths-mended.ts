/**
 * A path that was dead for a cause that was told (a rule of a packet filter, a route): where that cause is over, what was seen of the path
 * before says nothing of now. It is looked at from the beginning, and not called dead meanwhile.
 */
import { type NodeTrouble, withoutEchoes } from '@lvsm/protocol'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { nameOf } from './paths.ts'
import { pathDead } from './paths-told.ts'

type Told = Pick<NodeTrouble, 'node' | 'code' | 'object' | 'message' | 'evidence'>

/** As each node tells it now. */
function causes(state: NodeState): Told[] {
  const { history, node, config } = state
  const own = [...history.lasting.values()].flatMap(({ goneAt, isCarried, code, object, message }) =>
    goneAt === null && !isCarried ? [{ node, code, object, message }] : [],
  )
  const others = (config?.nodes ?? []).flatMap(({ name }) =>
    name === node ? [] : (stateOf(state, name)?.troubles ?? []).map((one) => ({ ...one, node: name })),
  )
  return [...own, ...others].filter(({ code }) => code !== 'path-dead')
}

export function startAnewWhereMended(state: NodeState): void {
  const { paths, node } = state
  if (paths.dead.length === 0) return
  const known = causes(state)
  const isExplained = (dead: Told): boolean => !withoutEchoes([...known, dead]).includes(dead)
  const explained = new Set(
    paths.dead.flatMap((one) => (isExplained({ ...pathDead(one, state), node }) ? [nameOf(one)] : [])),
  )
  const mended = new Set([...paths.explained].filter((name) => !explained.has(name)))
  paths.explained = explained
  if (mended.size === 0) return
  const isLeft = (one: string): boolean => !mended.has(one)
  paths.dead = paths.dead.filter((one) => isLeft(nameOf(one)))
  paths.deadServices = paths.deadServices.filter((name) => paths.dead.some(({ service }) => service === name))
  paths.silent = new Map([...paths.silent].filter(([name]) => isLeft(name)))
  if (paths.last)
    paths.last = { ...paths.last, servers: new Map([...paths.last.servers].filter(([name]) => isLeft(name))) }
}
