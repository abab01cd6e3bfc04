/** A service as a status tells it: from the configuration, the owner's table, and what operators want of its servers. */
import { type ConfigRealserver, type ConfigService, forwarding, portsText, specOf, specText } from '@lvsm/model'
import type { DestinationReport, RealserverReport, ServiceReport } from '@lvsm/protocol'

/** `whole`: as it is configured; `told`: it is the owner's own table that speaks. */
export function serviceReport(
  service: ConfigService,
  {
    realservers,
    told,
    whole,
  }: { readonly realservers: RealserverReport[]; readonly told: boolean; readonly whole: ConfigService },
): ServiceReport {
  const { name, group, address, port, protocol, scheduler, schedulerFlags, quorum, hysteresis } = service
  const counted = quorum === 1 ? {} : { quorum, hysteresis }
  const spec = specText(specOf(service))
  const { ports, fwmark } = service
  const several = ports && fwmark !== undefined ? { ports: portsText(ports), fwmark } : {}
  return {
    name,
    group,
    address,
    port,
    ...several,
    protocol,
    scheduler,
    schedulerFlags,
    spec,
    ...counted,
    ...floorOf(service),
    ...aloneOf(whole),
    told,
    realservers,
  }
}

/** What goes without saying is left out. */
const floorOf = ({
  check: { keepLast, pacing },
}: ConfigService): Pick<ServiceReport, 'keepLast' | 'maxEjection' | 'panic'> => ({
  ...(keepLast ? {} : { keepLast }),
  ...(pacing.maxEjection === 100 ? {} : { maxEjection: pacing.maxEjection }),
  ...(pacing.panic === 0 ? {} : { panic: pacing.panic }),
})
function aloneOf({ realservers }: ConfigService): Pick<ServiceReport, 'alone'> {
  const alone = realservers.filter(({ forward }) => forwarding(forward).onDirector)
  const said = alone.map(({ node, address, port, forward, weight: configured }) => ({
    node,
    address,
    port,
    forward,
    configured,
  }))
  return said.length === 0 ? {} : { alone: said }
}

/** `dest`: as the owner's table has it; undefined: it has it not, or nobody told, which `why` says. */
export function realserverReport(
  { node, address, port, forward, tunnel, weight: configured, upper, backup }: ConfigRealserver,
  dest: DestinationReport | undefined,
  why: string,
): RealserverReport {
  const { weight = 0, healthy = null, active = 0, inactive = 0, reason = why } = dest ?? {}
  const more = { ...(upper === undefined ? {} : { upper }), ...(backup ? { backup } : {}) }
  const way = { forward, ...(tunnel === undefined ? {} : { tunnel }) }
  return {
    node,
    address,
    port,
    ...way,
    weight,
    configured,
    ...more,
    healthy,
    ...madeOf(dest),
    active,
    inactive,
    reason,
  }
}

/** As its director said it. */
const madeOf = ({
  basis,
  kept,
  full,
  degraded,
  unansweredMs,
}: Partial<DestinationReport> = {}): Pick<
  RealserverReport,
  'basis' | 'kept' | 'full' | 'degraded' | 'unansweredMs'
> => ({
  ...(basis === undefined ? {} : { basis }),
  ...(kept === undefined ? {} : { kept }),
  ...(full === undefined ? {} : { full }),
  ...(degraded === undefined ? {} : { degraded }),
  ...(unansweredMs === undefined ? {} : { unansweredMs }),
})
