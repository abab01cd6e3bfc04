/** From what is to what should be: operations in the order in which they are safe. */
import { destKey, isMark, type ServiceId, serviceKey, specText } from '@lvsm/model'
import { aliases, aliasesLeaveTunnels, dummyComes, dummyLeaves } from './aliases.ts'
import { answersCome, answersLeave } from './answers.ts'
import { defaultRoutes } from './default-routes.ts'
import type { Desired, DesiredDest, DesiredService } from './desired.ts'
import { natRulesText } from './nat-rules.ts'
import { type Observed, type ObservedDest, type ObservedService } from './observed.ts'
import { giveBack } from './former.ts'
import type { Operation } from './operation.ts'
import type { OwnedRecord } from './record.ts'
import { syncOperations } from './sync.ts'
import { setTimeouts } from './timeouts.ts'
import { withMarks } from './unmarked.ts'
import { gueCloses, gueOpens, tunnelsCome, tunnelsLeave } from './tunnels.ts'

/**
 * Settings first, tunnels that leave before the rules that guard them (and VIPs on them before), then the table (who serves before who no longer does), then the route, then the addresses that attract traffic, and tunnels, by which it comes.
 * What they stand on comes before them, and leaves after them. Settings that nobody needs any more last.
 */
export function diff(seen: Observed, wanted: Desired, record: OwnedRecord): Operation[] {
  const observed = withMarks(seen, record)
  const moves = aliases(observed, wanted)
  return [
    ...sysctls(observed, wanted),
    ...gueCloses(observed, wanted.gue, record),
    ...aliasesLeaveTunnels(observed, wanted),
    ...tunnelsLeave(observed, wanted.tunnels),
    ...natRules(observed, wanted),
    ...setTimeouts(observed, wanted, record),
    ...tables(observed, wanted, record),
    ...syncOperations(observed, wanted.sync, record),
    ...defaultRoutes(observed, wanted.gateways),
    ...answersCome(observed, wanted.answers),
    ...answersLeave(observed, wanted.answers),
    ...dummyComes(observed, wanted),
    ...moves,
    ...dummyLeaves(observed, wanted, moves),
    ...tunnelsCome(observed, wanted.tunnels),
    ...gueOpens(observed, wanted.gue),
    ...giveBack(observed, wanted, record),
  ]
}

function sysctls(observed: Observed, wanted: Desired): Operation[] {
  return wanted.sysctls.flatMap(({ path, value, accept, why }): Operation[] => {
    const was = observed.sysctls.get(path)
    if (was === undefined || was === null || accept.includes(was)) return []
    return [{ kind: 'sysctl', path, value, was, why }]
  })
}

const natRules = (observed: Observed, wanted: Desired): Operation[] =>
  observed.natRules === natRulesText(wanted.natRules) ? [] : [{ kind: 'nat-rules', needs: wanted.natRules }]

const idOf = (service: ServiceId): ServiceId => {
  if (isMark(service)) return { fwmark: service.fwmark, family: service.family }
  const { protocol, address, port } = service
  return { protocol, address, port }
}

function tables(observed: Observed, wanted: Desired, record: OwnedRecord): Operation[] {
  if (observed.services === null) return []
  const now = new Map(observed.services.map((service) => [serviceKey(service), service]))
  const keys = new Set(wanted.services.map(serviceKey))
  const removals = observed.services
    .filter((service) => !keys.has(serviceKey(service)))
    .flatMap((service) => leave(service, record))
  return [...wanted.services.flatMap((service) => serve(service, now.get(serviceKey(service)), record)), ...removals]
}

function serve(wanted: DesiredService, now: ObservedService | undefined, record: OwnedRecord): Operation[] {
  const service = idOf(wanted)
  const operations: Operation[] = []
  if (!now) operations.push({ kind: 'service-add', service, spec: wanted.spec })
  else if (specText(now.spec) !== specText(wanted.spec))
    operations.push({ kind: 'service-edit', service, spec: wanted.spec })
  const before = new Map((now?.dests ?? []).map((dest) => [destKey(dest), dest]))
  const stay = new Set(wanted.dests.map(destKey))
  const changes = wanted.dests.filter((dest) => !same(before.get(destKey(dest)), dest))
  const rising = changes.filter((dest) => dest.weight > 0)
  const falling = changes.filter((dest) => dest.weight === 0)
  for (const dest of [...rising, ...falling])
    operations.push({ kind: before.has(destKey(dest)) ? 'dest-edit' : 'dest-add', service, dest })
  const ours = record.get(serviceKey(wanted))
  for (const dest of before.values())
    if (!stay.has(destKey(dest)) && ours?.has(destKey(dest))) operations.push(...retire(service, dest))
  if (wanted.flushConnections && changes.length === 0)
    for (const { address, port } of remembering([...before.values()].filter((dest) => stay.has(destKey(dest)))))
      operations.push({ kind: 'dest-flush', service, address, port })
  return operations
}

/** Those with connections; where all that serve have some, one of them waits for the next plan: whoever has to serve now finds a table. */
function remembering(dests: readonly ObservedDest[]): readonly ObservedDest[] {
  const known = dests.filter((dest) => dest.active + dest.inactive > 0)
  const serving = dests.filter((dest) => dest.weight > 0)
  const waits = serving.length > 1 && serving.every((dest) => known.includes(dest)) ? serving[0] : undefined
  return known.filter((dest) => dest !== waits)
}

const same = (now: ObservedDest | undefined, wanted: DesiredDest): boolean =>
  now !== undefined &&
  now.weight === wanted.weight &&
  now.forward === wanted.forward &&
  now.tunnel === wanted.tunnel &&
  (now.upper ?? 0) === (wanted.upper ?? 0) &&
  (now.lower ?? 0) === (wanted.lower ?? 0)

/** Weight 0 first: no connection may begin between the decision and the removal. */
function retire(service: ServiceId, dest: ObservedDest): Operation[] {
  const { address, port, forward, tunnel } = dest
  const remove: Operation = { kind: 'dest-remove', service, address, port }
  if (dest.weight === 0) return [remove]
  const way = { forward, ...(tunnel === undefined ? {} : { tunnel }) }
  return [{ kind: 'dest-edit', service, dest: { address, port, ...way, weight: 0 } }, remove]
}

/** A service that left the configuration; one that holds destinations of somebody else stays without ours. */
function leave(service: ObservedService, record: OwnedRecord): Operation[] {
  const ours = record.get(serviceKey(service))
  if (!ours) return []
  const retired = service.dests.filter((dest) => ours.has(destKey(dest))).flatMap((dest) => retire(idOf(service), dest))
  const shared = service.dests.some((dest) => !ours.has(destKey(dest)))
  return shared ? retired : [...retired, { kind: 'service-remove', service: idOf(service) }]
}
