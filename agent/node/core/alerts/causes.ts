/** What is wrong by what this node knows, one for each cause: its troubles, and what no trouble says because nobody in particular has it. */
import type { Severity } from '@lvsm/base'
import {
  type CauseReport,
  type CoordinatorTrouble,
  cut,
  isKnownByEvidence,
  isPresent,
  type ListedTrouble,
  judge,
  LONGEST_CLUE,
  LONGEST_MEANS,
  LONGEST_NEXT,
  LONGEST_SUMMARY,
  meansOf,
  serviceEntry,
  type Status,
  unownedAndDead,
  type Verdict,
} from '@lvsm/protocol'

interface Found extends ListedTrouble {
  readonly object: string
}
const ORDER: readonly Severity[] = ['critical', 'warning', 'info']

/** What every node says that follows the coordinators, and is no fault of any of them: one cause. */
const OF_ALL: ReadonlySet<string> = new Set(['no-leader'])

const asFound = (entry: ListedTrouble): Found => ({ ...entry, object: entry.object ?? `node ${entry.node}` })

/** `mine`: names of the groups that this node owns, whose services it knows; `coordinators`: what they say of themselves. */
export function causesOf(
  status: Status,
  mine: ReadonlySet<string>,
  coordinators: readonly CoordinatorTrouble[] = [],
): CauseReport[] {
  // What is over as far as that can be said is over for whoever is told, too; and what follows from another node's trouble is not in the status.
  const own = status.troubles.filter((one) => one.node === status.node && isPresent(one)).map(asFound)
  const said = own.map((one) => (OF_ALL.has(one.code) ? { ...one, object: 'coordinators' } : one))
  const alike = unownedAndDead(status).map(asFound)
  const verdict = judge(status)
  return together(
    [
      ...said,
      ...alike,
      ...ofCoordinators(coordinators, [...said, ...alike]),
      ...ofGroups(status, mine, verdict),
      ...ofServices(status, mine, verdict),
    ],
    status,
  )
}

/** That a coordinator is not there follows from the death of its node; and of its own this node says it better. */
const ofCoordinators = (coordinators: readonly CoordinatorTrouble[], known: readonly Found[]): Found[] =>
  coordinators
    .filter(
      ({ code, object }) =>
        !known.some(
          (one) =>
            one.object === object && (one.code === code || (code === 'coordinator-absent' && one.code === 'node-dead')),
        ),
    )
    .map((one) => ({ ...one, node: one.object.replace(/^node /, '') }))

/** Several of one kind about one thing are one cause: the worst, and how many there are. */
function together(found: readonly Found[], { nodes }: Status): CauseReport[] {
  const causes = new Map<string, Found[]>()
  for (const one of found.filter(({ severity }) => severity !== 'info')) {
    const key = `${one.code} ${one.object}`
    causes.set(key, [...(causes.get(key) ?? []), one])
  }
  return [...causes.values()].flatMap((all) => {
    const [worst] = all.toSorted((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity))
    if (!worst) return []
    const { code, severity, object, message, hint, evidence } = worst
    const means = meansOf(worst, nodes)
    const more = all.length > 1 ? ` (and ${all.length - 1} more like it)` : ''
    return [
      {
        ...{ code, severity, object, summary: `${cut(message, LONGEST_SUMMARY - more.length)}${more}` },
        ...(means === null ? {} : { means: cut(means, LONGEST_MEANS) }),
        ...(hint === undefined ? {} : { next: cut(hint, LONGEST_NEXT) }),
        ...(evidence !== undefined && isKnownByEvidence(code) ? { evidence: cut(evidence, LONGEST_CLUE) } : {}),
      },
    ]
  })
}

function ofGroups({ groups, node }: Status, mine: ReadonlySet<string>, { movable, faults }: Verdict): Found[] {
  return groups.flatMap(({ name }): Found[] =>
    !mine.has(name) || movable.get(name) !== false
      ? []
      : [
          {
            ...{ node, code: 'group-immovable', severity: 'warning', object: `group ${name}` },
            message: faults.groups.get(name) ?? `${name} could not move now`,
            hint: `lvsm explain group ${name}: which director could not take it, and why`,
          },
        ],
  )
}

const ofServices = (status: Status, mine: ReadonlySet<string>, verdict: Verdict): Found[] =>
  status.services
    .filter(({ group }) => mine.has(group))
    .flatMap((service) => {
      const entry = serviceEntry(status, service, verdict)
      return entry ? [asFound(entry)] : []
    })
