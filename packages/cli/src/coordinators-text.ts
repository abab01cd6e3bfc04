/** The coordinators for eyes, and what to do about one that is gone: nothing replaces it by itself. */
import type { CoordinatorMember, CoordinatorsReport } from '@lvsm/protocol'
import type { Paint } from './paint.ts'
import { table } from './table.ts'

/** Longer than any leader's pause: it does not follow. */
const SILENT_MS = 5000
/** Longer than a restart takes. */
const GONE_MS = 30_000

const nameOf = ({ name, id }: CoordinatorMember): string => name ?? String(id)
const timeText = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`

/** One line for each thing that needs a person. */
export function coordinatorFaults({ members, leader, disk, expelled }: CoordinatorsReport): string[] {
  const gone = members.filter(({ silentMs }) => silentMs !== null && silentMs > GONE_MS)
  const voters = members.filter(({ role }) => role === 'voter')
  const left = voters.length - gone.filter(({ role }) => role === 'voter').length
  return [
    ...(leader === null ? ['nobody leads: nothing can be changed until a majority of them reach each other'] : []),
    ...(disk === 'ok' ? [] : [`the disk of the one that answers is ${disk}`]),
    ...(expelled === null ? [] : [`the one that answers is no member any more (${expelled}): it has to join again`]),
    ...gone.map(
      (one) =>
        `${nameOf(one)} is silent for ${timeText(one.silentMs ?? 0)}: start lvsm-coordinator there; where that machine is lost for good: lvsm coordinators remove ${nameOf(one)}`,
    ),
    ...(gone.length > 0 && left <= voters.length / 2
      ? [`${left} of ${voters.length} voters are left, and no majority: one of the silent ones has to come back first`]
      : []),
  ]
}

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
      silentMs !== null && silentMs > SILENT_MS ? paint('bad', `${heard}, silent`) : heard,
    ]
  })
  const grid = table(['id', 'node', 'role', 'log', 'phase', 'heard'], rows, paint, ['id', 'log'])
  return `${head}${grid}\n${coordinatorFaults(report)
    .map((one) => `${paint('bad', one)}\n`)
    .join('')}`
}
