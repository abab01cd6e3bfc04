/**
 * A new configuration, at the start or at any time later: what it does not change goes on undisturbed. Nothing is done to
 * the kernel here; the next look plans for what is wanted now.
 */
import { followConfig } from './check/members.ts'
import { setPingNodes } from './check/pings.ts'
import type { NodeInput } from './events.ts'
import { dropHandovers } from './move/successor.ts'
import { dropMoves } from './move/owner.ts'
import { followLeaving, viewOf } from './leaving/leaving.ts'
import { lookWithin } from './observe/look.ts'
import { noteDifferences } from './disagreement.ts'
import { forgetStrangers } from './peers.ts'
import { note } from './history/history.ts'
import { publishSoon } from './publish/publish.ts'
import type { NodeState } from './state.ts'
import { noteWanted } from './wanted.ts'

export function configure(state: NodeState, input: Extract<NodeInput, { kind: 'config' }>): void {
  const { config, secrets, facts, ring = null } = input
  const configBefore = state.config
  const before = configBefore?.revision
  // Every closed terminal and every turn of a log has the file read again: that is no news.
  const isNews = JSON.stringify([config, [...secrets]]) !== JSON.stringify([state.config, [...state.secrets]])
  const wantedBefore = state.facts
  state.config = config
  state.secrets = secrets
  state.ring = ring
  state.facts = facts
  followLeaving(state, configBefore, wantedBefore)
  state.view = viewOf(state)
  followConfig(state)
  setPingNodes(state.pings, state.view?.directs ?? [])
  forgetStrangers(state)
  noteDifferences(state)
  dropMoves(state)
  dropHandovers(state)
  for (const group of state.published.ready.keys())
    if (!state.view?.directs.some(({ name }) => name === group)) state.published.ready.delete(group)
  if (before !== undefined && isNews) {
    const reason = `${state.node} runs revision ${config.revision} now, it was ${before}`
    note(state, { group: '', kind: 'configured', number: 0, reason })
  }
  if (before !== undefined) noteWanted(state, wantedBefore)
  lookWithin(state)
  publishSoon(state)
}
