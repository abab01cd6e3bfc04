/** What would become of a cluster if something failed now: each group and service before and after, and what the head of its status would say. */
import { destKey } from '@lvsm/model'
import { droppedOf, judge, verdictLines, type Status, suppose, type Supposed, type Verdict } from '@lvsm/protocol'
import { refill } from './pool.ts'

export interface Change {
  readonly name: string
  readonly before: string
  readonly after: string
  readonly why: string
}
export interface Simulation {
  readonly supposed: Supposed
  readonly now: Verdict['health']
  /** If it happened. */
  readonly later: Verdict['health']
  readonly groups: readonly Change[]
  readonly services: readonly Change[]
  /** Lines of the head that are not there now. */
  readonly said: readonly string[]
}

/** `coordinators`: what is wrong with them, as `lvsm status` counts it. */
export function simulate(status: Status, supposed: Supposed, coordinators: readonly string[] = []): Simulation {
  const after = suppose(status, supposed, refill)
  const [one, other] = [judge(status, coordinators), judge(after, coordinators)]
  const before = new Set(verdictLines(one))
  return {
    supposed,
    now: one.health,
    later: other.health,
    groups: status.groups.map((group, at) => groupChange(group, after.groups[at] ?? group)),
    services: status.services.map((service, at) =>
      serviceChange(service, after.services[at] ?? service, { status, later: after }),
    ),
    said: verdictLines(other).filter((line) => !before.has(line)),
  }
}

type Group = Status['groups'][number]
function groupChange(before: Group, after: Group): Change {
  const isSame = before.owner === after.owner && before.state === after.state
  return { name: before.name, before: ownerOf(before), after: ownerOf(after), why: isSame ? '' : after.reason }
}
const ownerOf = ({ owner, state }: Group): string => owner ?? (state === 'unknown' ? 'not known' : state)

type Service = Status['services'][number]
interface Worlds {
  readonly status: Status
  readonly later: Status
}
function serviceChange(before: Service, after: Service, { status, later }: Worlds): Change {
  const [now, dropped] = [servingOf(before), droppedOf(later, after)]
  if (dropped) return { name: before.name, before: now, after: 'not served', why: dropped.text }
  const group = later.groups.find(({ name }) => name === after.group)
  if (after.told === false && before.told !== false && group) {
    const { owner, state, reason } = group
    if (owner === null && state === 'nobody')
      return { name: before.name, before: now, after: 'not served', why: reason }
    const takers = status.groups.find(({ name }) => name === after.group)?.takers ?? []
    const refused = takers.find(({ node }) => node === owner)?.refused
    const why =
      owner === null ? reason : refused === undefined ? `${owner} did not tell its table` : `${owner} ${refused}`
    return { name: before.name, before: now, after: 'not known', why }
  }
  const known = new Map(before.realservers.map((one) => [destKey(one), one]))
  const there = new Set(after.realservers.map(destKey))
  const why = [
    ...before.realservers.filter((one) => !there.has(destKey(one))).map(({ node }) => `without ${node}`),
    ...after.realservers.flatMap((one) => changeText(known.get(destKey(one)), one)),
  ]
  return { name: before.name, before: now, after: servingOf(after), why: why.join(', ') }
}
type Server = Service['realservers'][number]
function changeText(before: Server | undefined, after: Server): string[] {
  const { node, weight, healthy, kept, reason } = after
  if (before && before.weight === weight && before.healthy === healthy && before.reason === reason) return []
  if (healthy === null) return [`${node}: ${reason}`]
  if (weight === 0) return [`without ${node}`]
  if (healthy) return before && before.weight > 0 ? [] : [`with ${node}`]
  return [`${node} ${kept === 'panic' ? 'serves' : 'is kept'} though its check fails: ${KEPT_FOR[kept ?? 'last']}`]
}
const KEPT_FOR = {
  ...{ last: 'nobody else is left', cap: 'enough are out', panic: 'so many fail that the checks are not believed' },
} as const
const servingOf = ({ realservers }: Service): string => {
  const taking = realservers.filter(({ weight }) => weight > 0)
  const kept = taking.filter(({ healthy }) => healthy === false)
  return `${taking.length - kept.length} of ${realservers.length}${kept.length === 0 ? '' : ` and ${kept.length} kept`}`
}
