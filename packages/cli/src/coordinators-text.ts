/** The coordinators for eyes, and what to do about one that is gone: nothing replaces it by itself. */
import { coordinatorFaults, type CoordinatorsReport, isSilentCoordinator } from '@lvsm/protocol'
import type { Paint } from './paint.ts'
import { table } from './table.ts'

export function coordinatorsText(report: CoordinatorsReport, paint: Paint): string {
  const { members, leader, term, revision, commitIndex, lastApplied } = report
  const named = members.find(({ id }) => id === leader)
  const who = leader === null ? paint('bad', 'nobody leads') : `${named?.name ?? `coordinator ${leader}`} leads`
  const head = `${paint('strong', who)}, term ${term}, revision ${revision ?? '-'}, committed ${commitIndex}, applied ${lastApplied}\n`
  const rows = members.map(({ id, name, role, self, leader: leads, matchIndex, phase, silentMs }) => {
    const heard = silentMs === null ? '-' : `${Math.round(silentMs)} ms ago`
    return [
      String(id),
      (name ?? '?') + (self ? ' (answers)' : ''),
      leads ? paint('good', 'leader') : role,
      matchIndex === null ? '-' : String(matchIndex),
      phase ?? '-',
      isSilentCoordinator({ silentMs }) ? paint('bad', `${heard}, silent`) : heard,
    ]
  })
  const grid = table(['id', 'node', 'role', 'log', 'phase', 'heard'], rows, paint, ['id', 'log'])
  return `${head}${grid}\n${coordinatorFaults(report)
    .map((one) => `${paint('bad', one)}\n`)
    .join('')}`
}
