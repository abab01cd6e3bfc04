/** What a realserver is and why, in the words of `lvsm status` and of the console. */
import { listed, spanText } from '@lvsm/base'
import { checkWord, isFull, ownFaults } from './serving.ts'
import type { NodeTrouble, RealserverReport } from './status.ts'

export type ServerWord =
  | NonNullable<RealserverReport['state']>
  | 'failed, kept'
  | 'failed'
  | 'full'
  | 'degraded'
  | 'stands in'
  | 'in reserve'
  | ReturnType<typeof checkWord>

/** An operator's word comes before that of the checks. */
export function serverWord(server: RealserverReport): ServerWord {
  const { healthy, state, backup, weight, degraded } = server
  if (state !== undefined) return state
  if (healthy === false) return weight > 0 ? 'failed, kept' : 'failed'
  if (isFull(server)) return 'full'
  if (degraded === true && healthy === true) return 'degraded'
  if (backup === true && healthy === true) return weight > 0 ? 'stands in' : 'in reserve'
  return checkWord(server)
}

const WANTED = { draining: 'drained', drained: 'drained', stopping: 'stopped', stopped: 'stopped' } as const
/** `told`: it is the owner's own table that speaks; else only what operators want of it is known. */
export function shownWord(server: RealserverReport, told: boolean): ServerWord | 'not known' | `to be ${string}` {
  if (told) return serverWord(server)
  return server.state === undefined ? 'not known' : `to be ${WANTED[server.state]}`
}

/** Of one that is drained or stopped: `, 12 established, done in about 4 min`. `told`: it is the owner's own table that speaks. */
export function leftText(
  { state, active, doneInMs }: Pick<RealserverReport, 'state' | 'active' | 'doneInMs'>,
  told = true,
): string {
  if (state !== 'draining' && state !== 'stopping') return ''
  if (!told) return ', not known how many are established'
  const left = `, ${active} established`
  if (doneInMs === undefined || active === 0) return left
  return `${left}, ${doneInMs === null ? 'not known when they are done' : `done in about ${spanText(doneInMs)}`}`
}

/** `timeText`: a moment, for whoever reads it. */
export const cutText = (deadline: number, timeText: (ms: number) => string): string =>
  `, connections cut off at ${timeText(deadline)}`

/** What a drained one would do if it were enabled, its check says; of one that is well by its check, what of `troubles` its node says of itself. */
export function serverWhy(
  server: RealserverReport,
  told: boolean,
  timeText: (ms: number) => string,
  troubles: readonly NodeTrouble[] = [],
): string {
  const { state, wanted, reason, healthy } = server
  // Whether it is sent connections the owner alone knows.
  if (state === undefined && !told && healthy !== null) return `checks say: ${reason}`
  if (state === undefined || !wanted) return reason + limitText(server) + doubtText(server, troubles)
  const cut = wanted.deadline === undefined ? '' : cutText(wanted.deadline, timeText)
  return `${wanted.intent} by ${wanted.author}${leftText(server, told)}${cut}; ${checkWord(server)}: ${reason}`
}

/** No check of a port shows that an alias is missing, or that answers are lost. */
function doubtText({ node, healthy }: RealserverReport, troubles: readonly NodeTrouble[]): string {
  const codes =
    healthy === true ? FAULTS.flatMap((costs) => ownFaults(node, troubles, costs).map(({ code }) => code)) : []
  return codes.length === 0 ? '' : `; but see ${listed([...new Set(codes)], MOST_CODES)} of ${node}`
}
const FAULTS = ['serving', 'quality'] as const
const MOST_CODES = 2

/** Who has as many connections as it may gets no new ones. */
const limitText = (server: RealserverReport): string =>
  server.upper === undefined ? '' : `; ${isFull(server) ? 'full: ' : ''}at most ${server.upper} connections`
