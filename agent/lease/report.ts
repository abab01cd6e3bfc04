/** The state report: what SIGUSR1 asks for, as lines for the log. */
import type { GroupStatus, LeaseStatus, PeerStatus } from '@lvsm/protocol'

export function reportOf(status: LeaseStatus): readonly string[] {
  const { node, incarnation, quorum, standby, quarantineMs, groups, peers, troubles, counters } = status
  const vote = quarantineMs > 0 ? `, does not vote for ${Math.ceil(quarantineMs / 1000)} s` : ''
  return [
    `state: ${node}, incarnation ${incarnation.slice(0, 8)}, ${quorum ? 'hears' : 'does not hear'} a majority, standby ${standby ? 'on' : 'off'}${vote}`,
    ...groups.map(groupLine),
    ...peers.map(peerLine),
    ...troubles.map(({ severity, message }) => `state: ${severity}: ${message}`),
    `state: counters: ${
      Object.entries(counters)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ') || 'none'
    }`,
  ]
}

function groupLine({ name, role, owner, number, leftMs, reason }: GroupStatus): string {
  const held = owner === null ? 'nobody owns it' : `${owner} owns it (lease ${number}, ${Math.round(leftMs)} ms left)`
  return `state: group ${name}: ${role}, ${held}; ${reason}`
}

function peerLine({ name, life, silentMs, standby }: PeerStatus): string {
  const heard = silentMs < 0 ? 'never heard' : `heard ${Math.round(silentMs)} ms ago`
  return `state: node ${name}: ${life}, ${heard}${standby ? ', standby' : ''}`
}
