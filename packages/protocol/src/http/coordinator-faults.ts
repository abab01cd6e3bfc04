/** What about the coordinators needs a person: nothing replaces one that is gone by itself. */
import { ROOM } from '../troubles/of-coordinators.ts'
import type { CoordinatorMember, CoordinatorsReport } from './config-reports.ts'

/** Longer than any leader's pause: it does not follow. Milliseconds. */
const SILENT_MS = 5000
/** Longer than a restart takes. */
const GONE_MS = 30_000

/** Nothing was heard of it for so long, as far as the one that answers knows. */
export const isSilentCoordinator = ({ silentMs }: Pick<CoordinatorMember, 'silentMs'>): boolean =>
  silentMs !== null && silentMs > SILENT_MS

/** For longer than a restart takes. */
export const isGoneCoordinator = ({ silentMs }: Pick<CoordinatorMember, 'silentMs'>): boolean =>
  silentMs !== null && silentMs > GONE_MS

/** What to do about one that is gone. */
export const goneHint = (name: string): string =>
  `start lvsm-coordinator there; where that machine is lost for good: lvsm coordinators remove ${name}`

const nameOf = ({ name, id }: CoordinatorMember): string => name ?? String(id)
const timeText = (ms: number): string =>
  ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`

/** One line for each thing that needs a person. */
export function coordinatorFaults({ members, leader, disk, expelled }: CoordinatorsReport): string[] {
  const gone = members.filter(isGoneCoordinator)
  const voters = members.filter(({ role }) => role === 'voter')
  const left = voters.length - gone.filter(({ role }) => role === 'voter').length
  return [
    ...(leader === null ? ['nobody leads: nothing can be changed until a majority of them reach each other'] : []),
    ...(disk === 'ok' ? [] : [`the disk of the one that answers is ${disk}: ${ROOM}`]),
    ...(expelled === null ? [] : [`the one that answers is no member any more (${expelled}): it has to join again`]),
    ...gone.map((one) => `${nameOf(one)} is silent for ${timeText(one.silentMs ?? 0)}: ${goneHint(nameOf(one))}`),
    ...(gone.length > 0 && left <= voters.length / 2
      ? [`${left} of ${voters.length} voters are left, and no majority: one of the silent ones has to come back first`]
      : []),
  ]
}

/** For the head of a status; below it stands what to do. */
export const shortFault = (fault: string): string => `coordinators: ${fault.split(':')[0] ?? ''}`
