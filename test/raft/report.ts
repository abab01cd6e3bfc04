/** Why a life failed, on one screen: who believes what, what their databases hold, and what happened last. */
import type { Host } from './host.ts'
import type { World } from './world.ts'

const EVENTS = 25

export function tellWhy(world: World, plot: string, failure: string): string {
  return [
    failure,
    `  ${plot}, seed ${world.seed}, at ${world.schedule.now.toFixed(1)} ms`,
    '  nodes',
    ...world.hosts.map((host) => `    ${nodeLine(host)}`),
    '  last events',
    ...world.lines.slice(-EVENTS).map((line) => `    ${line}`),
  ].join('\n')
}

function nodeLine({ name, id, raft, store, content }: Host): string {
  const { hardState, lastApplied, snapshot, entries } = content
  const disk = `${store.identity}: term ${hardState.currentTerm}, vote ${hardState.votedFor}, log ${snapshot.index}..${snapshot.index + entries.length}, applied ${lastApplied}`
  if (!raft) return `${name} (${id}) is off | ${disk}`
  const { state } = raft
  const members = (state.log.memberships.at(-1)?.membership ?? state.log.snapshot.membership).members
  const who = members.map((member) => `${member.id}${member.role === 'voter' ? '' : '-'}`).join(' ')
  const peers = [...(state.leadership?.peers ?? [])]
    .map(([peer, { phase, matchIndex }]) => `${peer} ${phase} ${matchIndex}`)
    .join(', ')
  return [
    `${name} (${id}) ${state.expelled ?? state.role} of ${state.leader} in term ${state.currentTerm}`,
    `commit ${state.commitIndex} of ${state.log.snapshot.index + state.log.entries.length}; members ${who}`,
    ...(peers ? [peers] : []),
    disk,
  ].join(' | ')
}
