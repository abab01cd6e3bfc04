/** What is wrong by what this node knows, one for each cause: its troubles, and what no trouble says because nobody in particular has it. */
import type { Severity, Trouble } from '@lvsm/base'
import { type CauseReport, type CoordinatorTrouble, cut, judge, LONGEST_SUMMARY, type Status } from '@lvsm/protocol'

interface Found {
  readonly code: string
  readonly severity: Severity
  readonly object: string
  readonly message: string
}
const ORDER: readonly Severity[] = ['critical', 'warning', 'info']

/** What every node says that follows the coordinators, and is no fault of any of them: one cause. */
const OF_ALL: ReadonlySet<string> = new Set(['no-leader'])

/** `mine`: names of the groups that this node owns, whose services it knows; `coordinators`: what they say of themselves. */
export function causesOf(
  status: Status,
  troubles: readonly Trouble[],
  mine: ReadonlySet<string>,
  coordinators: readonly CoordinatorTrouble[] = [],
): CauseReport[] {
  const said = troubles.map(({ code, severity, object = `node ${status.node}`, message }): Found => {
    return { code, severity, object: OF_ALL.has(code) ? 'coordinators' : object, message }
  })
  const dead = ofNodes(status)
  return together([
    ...said,
    ...dead,
    ...ofCoordinators(coordinators, [...said, ...dead]),
    ...ofGroups(status, mine),
    ...ofServices(status, mine),
  ])
}

/** That a coordinator is not there follows from the death of its node; and of its own this node says it better. */
const ofCoordinators = (coordinators: readonly CoordinatorTrouble[], known: readonly Found[]): Found[] =>
  coordinators.filter(
    ({ code, object }) =>
      !known.some(
        (one) =>
          one.object === object && (one.code === code || (code === 'coordinator-absent' && one.code === 'node-dead')),
      ),
  )

/** Several of one kind about one thing are one cause: the worst, and how many there are. */
function together(found: readonly Found[]): CauseReport[] {
  const causes = new Map<string, Found[]>()
  for (const one of found.filter(({ severity }) => severity !== 'info')) {
    const key = `${one.code} ${one.object}`
    causes.set(key, [...(causes.get(key) ?? []), one])
  }
  return [...causes.values()].flatMap((all) => {
    const [worst] = all.toSorted((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity))
    if (!worst) return []
    const { code, severity, object, message } = worst
    const more = all.length > 1 ? ` (and ${all.length - 1} more like it)` : ''
    return [{ code, severity, object, summary: `${cut(message, LONGEST_SUMMARY - more.length)}${more}` }]
  })
}

const ofNodes = ({ nodes }: Status): Found[] =>
  nodes.flatMap(({ name, state, reason }) =>
    state === 'dead'
      ? [
          {
            code: 'node-dead',
            severity: 'critical',
            object: `node ${name}`,
            message: `node ${name} is dead: ${reason}`,
          },
        ]
      : [],
  )

function ofGroups(status: Status, mine: ReadonlySet<string>): Found[] {
  const { movable, faults } = judge(status)
  return status.groups.flatMap(({ name, state, owner, reason, addresses }): Found[] => {
    const object = `group ${name}`
    if (owner === null && state === 'nobody') {
      const message = `nobody owns ${name} (${addresses.join(', ')}): ${reason}`
      return [{ code: 'group-unowned', severity: 'critical', object, message }]
    }
    if (!mine.has(name) || movable.get(name) !== false) return []
    const message = faults.groups.get(name) ?? `${name} could not move now`
    return [{ code: 'group-immovable', severity: 'warning', object, message }]
  })
}

function ofServices(status: Status, mine: ReadonlySet<string>): Found[] {
  const { served, doubted, faults } = judge(status)
  return status.services.flatMap(({ name, group }): Found[] => {
    const object = `service ${name}`
    const fault = faults.services.get(name)
    if (!mine.has(group)) return []
    if (served.get(name) === false) {
      const message = fault ?? `${name} is not served`
      return [{ code: 'service-unserved', severity: 'critical', object, message }]
    }
    if (fault !== undefined && doubted.has(name))
      return [{ code: 'service-doubtful', severity: 'critical', object, message: fault }]
    return fault === undefined ? [] : [{ code: 'server-failed', severity: 'warning', object, message: fault }]
  })
}
