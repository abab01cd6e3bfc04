/** A service as a status tells it: from the configuration, the owner's table, and what operators want of its servers. */
import { type ConfigRealserver, type ConfigService, specOf, specText } from '@lvsm/model'
import type { DestinationReport, RealserverReport, ServiceReport } from '@lvsm/protocol'

/** `told`: it is the owner's own table that speaks. */
export function serviceReport(service: ConfigService, realservers: RealserverReport[], told: boolean): ServiceReport {
  const { name, group, address, port, protocol, scheduler, schedulerFlags } = service
  const spec = specText(specOf(service))
  return { name, group, address, port, protocol, scheduler, schedulerFlags, spec, told, realservers }
}

/** `dest`: as the owner's table has it; undefined: it has it not, or nobody told, which `why` says. */
export function realserverReport(
  { node, address, port, forward, tunnel, weight: configured, upper }: ConfigRealserver,
  dest: DestinationReport | undefined,
  why: string,
): RealserverReport {
  const { weight = 0, healthy = null, active = 0, inactive = 0, reason = why } = dest ?? {}
  const limit = upper === undefined ? {} : { upper }
  const way = { forward, ...(tunnel === undefined ? {} : { tunnel }) }
  return { node, address, port, ...way, weight, configured, ...limit, healthy, active, inactive, reason }
}
