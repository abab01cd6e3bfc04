/** What would become of a cluster if something failed now: each group and service before and after, and what the head of its status would say. */
import { judge, verdictLines, type Status, suppose, type Supposed, type Verdict } from '@lvsm/protocol'

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
  const after = suppose(status, supposed)
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
  const out = after.realservers.filter((one, at) => one !== before.realservers[at])
  const why = out.map(({ node, healthy, reason }) => (healthy === null ? `${node}: ${reason}` : `without ${node}`))
  return { name: before.name, before: servingOf(before), after: servingOf(after), why: why.join(', ') }
}
const servingOf = ({ realservers }: Service): string => {
  const serve = realservers.filter(({ weight, healthy }) => weight > 0 && healthy !== false)
  return `${serve.length} of ${realservers.length}`
}
