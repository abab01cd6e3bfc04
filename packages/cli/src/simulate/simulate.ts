/** What would become of a cluster if something failed now: each group and service before and after, and what the head of its status would say. */
import { destKey } from '@lvsm/model'
import { judge, verdictLines, type Status, suppose, type Supposed, type Verdict } from '@lvsm/protocol'
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

export function simulate(status: Status, supposed: Supposed): Simulation {
  const after = suppose(status, supposed, refill)
  const [one, other] = [judge(status), judge(after)]
  const before = new Set(verdictLines(one))
  return {
    supposed,
    now: one.health,
    later: other.health,
    groups: status.groups.map((group, at) => groupChange(group, after.groups[at] ?? group)),
    services: status.services.map((service, at) => serviceChange(service, after.services[at] ?? service)),
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
function serviceChange(before: Service, after: Service): Change {
  const known = new Map(before.realservers.map((one) => [destKey(one), one]))
  const there = new Set(after.realservers.map(destKey))
  const why = [
    ...before.realservers.filter((one) => !there.has(destKey(one))).map(({ node }) => `without ${node}`),
    ...after.realservers.flatMap((one) => changeText(known.get(destKey(one)), one)),
  ]
  return { name: before.name, before: servingOf(before), after: servingOf(after), why: why.join(', ') }
}
type Server = Service['realservers'][number]
function changeText(before: Server | undefined, after: Server): string[] {
  const { node, weight, healthy, kept, reason } = after
  if (before && before.weight === weight && before.healthy === healthy && before.reason === reason) return []
  if (healthy === null) return [`${node}: ${reason}`]
  if (weight === 0) return [`without ${node}`]
  if (healthy) return before && before.weight > 0 ? [] : [`with ${node}`]
  return [`${node} is kept though its check fails: ${kept === 'cap' ? 'enough are out' : 'nobody else is left'}`]
}
const servingOf = ({ realservers }: Service): string => {
  const taking = realservers.filter(({ weight }) => weight > 0)
  const kept = taking.filter(({ healthy }) => healthy === false)
  return `${taking.length - kept.length} of ${realservers.length}${kept.length === 0 ? '' : ` and ${kept.length} kept`}`
}
