/**
 * What of a coordinator's troubles people are to be told, who do not look: its agents tell them (`agent/node/core/alerts`), those of any
 * node that may. Pure. What several coordinators see they say under the same code of the same object, so that it is one alert; that none of them
 * leads the agents see themselves.
 */
import type { Trouble } from '@lvsm/base'
import {
  type CoordinatorTrouble,
  cut,
  cutHint,
  goneHint,
  LONGEST_NEXT,
  MOST_COORDINATOR_TROUBLES,
  ROOM,
  SEVERITIES,
} from '@lvsm/protocol'

export interface AlarmsView {
  /** Of this coordinator. */
  readonly node: string
  readonly disk: 'ok' | 'full' | 'stalled'
  /** Does it hear a leader? Else it may be cut off itself, and says nothing of others. */
  readonly hasLeader: boolean
  /** The other coordinators that vote: the node of each, and how long nothing was heard of it. Milliseconds. */
  readonly others: readonly { readonly name: string; readonly silentMs: number }[]
  readonly troubles: readonly Trouble[]
}
/** One that starts again, and says nothing new for three seconds meanwhile, is not lost. */
export const LOST_MS = 15_000
const LONGEST = 240
/** Said better by `lostVoters`: of the coordinator, in place of the connection. */
const OF_LINKS = 'peer-unreachable'

export function alarmsOf(view: AlarmsView): CoordinatorTrouble[] {
  const said = view.troubles
    .filter(({ code, severity }) => severity !== 'info' && code !== OF_LINKS)
    .map(({ code, severity, object = `node ${view.node}`, message, hint }) => ({
      ...{ code, severity, object, message },
      ...(hint === undefined ? {} : { hint }),
    }))
  const all = [...diskTroubles(view), ...lostVoters(view), ...said].map(bounded)
  return all
    .toSorted((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity))
    .slice(0, MOST_COORDINATOR_TROUBLES)
}

const bounded = ({ hint, ...one }: CoordinatorTrouble): CoordinatorTrouble => ({
  ...{ ...one, message: cut(one.message, LONGEST) },
  ...(hint === undefined ? {} : { hint: cutHint(hint, LONGEST_NEXT) }),
})

const DISKS = { full: 'has no room', stalled: 'does not answer' } as const

function diskTroubles({ node, disk }: AlarmsView): CoordinatorTrouble[] {
  if (disk === 'ok') return []
  const message = `the disk of lvsm-coordinator of ${node} ${DISKS[disk]}: it takes no changes, and leads no others`
  return [{ code: 'coordinator-disk', severity: 'critical', object: `node ${node}`, message, hint: ROOM }]
}

/** Under the code that the agent there has for it, where that lives. */
function lostVoters({ hasLeader, others }: AlarmsView): CoordinatorTrouble[] {
  if (!hasLeader) return []
  return others
    .filter(({ silentMs }) => silentMs >= LOST_MS)
    .map(({ name }) => ({
      ...{ code: 'coordinator-absent', severity: 'warning', object: `node ${name}` },
      message: `lvsm-coordinator of ${name} is not there: the others do not hear it`,
      hint: goneHint(name),
    }))
}

/** Of all coordinators; what several say of one thing is said once, in the words of the first. */
export function together(all: readonly (readonly CoordinatorTrouble[])[]): CoordinatorTrouble[] {
  const known = new Map<string, CoordinatorTrouble>()
  for (const one of all.flat()) {
    const key = `${one.code} ${one.object}`
    if (!known.has(key)) known.set(key, one)
  }
  return [...known.values()]
}
