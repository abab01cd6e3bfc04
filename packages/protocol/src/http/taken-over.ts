/**
 * What a service would be at another owner: not as the owner of now has it, but by what that director says of itself. What it does not say
 * is as the owner finds it, for both go by the same checks.
 */
import { isShut } from '../troubles/dropped.ts'
import type { GroupReport, NodeTrouble, ServiceReport } from './status.ts'

/** Whom its checks find failed there, though they are well for the owner. */
export function serviceAt(service: ServiceReport, to: string, { group, troubles }: Before): ServiceReport {
  const refused = group?.takers?.find(({ node }) => node === to)?.refused
  // It has no other knowledge of this one, or serves by another configuration.
  // A rule that keeps clients out is in the troubles.
  if (refused !== undefined && !isShut(refused) && (isOfService(refused, service.name) || !KNOWS_NONE.test(refused)))
    return { ...service, told: false }
  const said = troubles.filter((one) => one.node === to && one.object === `service ${service.name}`)
  const none = said.find(({ code }) => code === 'standby-finds-none')
  const lost = said.flatMap(({ code, message }) => (code === 'verdicts-differ' ? lostIn(message) : []))
  if (!none && lost.length === 0) return service
  const realservers = service.realservers.map((one) =>
    (none || lost.includes(one.node)) && one.basis !== 'no-check'
      ? { ...one, healthy: false, reason: `${to} finds it failed` }
      : one,
  )
  const keeps = none?.message.endsWith(' would not be served') === true ? { keepLast: false } : {}
  return { ...service, ...keeps, realservers }
}
interface Before {
  /** With the takers that it had. */
  readonly group: GroupReport | undefined
  readonly troubles: readonly NodeTrouble[]
}
const KNOWS_NONE = /^knows no realserver of service (\S+)$/
const isOfService = (refused: string, service: string): boolean => KNOWS_NONE.exec(refused)?.[1] === service
/** `dir2 finds rs1, rs2 of http failed, and …` */
const LOST = /^\S+ finds (.+?) of \S+ failed, and /
const lostIn = (message: string): string[] => LOST.exec(message)?.[1]?.split(', ') ?? []
