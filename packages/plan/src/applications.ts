/**
 * Helpers that services ask for (TRAPS.md, row 19). A module is of the whole machine and reads the ports that it was loaded for, so
 * nobody of ours unloads one, or loads it anew: where it is not as it should be that is said, and all else goes on.
 */
import type { Trouble } from '@lvsm/base'
import { type ConfigService, helperRow, type NodeView } from '@lvsm/model'
import type { Observed } from './observed.ts'

/** Ports that the module is to read, each once. */
export const helperPorts = ({ services }: Pick<NodeView, 'services'>): number[] =>
  [...new Set(services.flatMap(({ helper, port }) => (helper === undefined ? [] : [port])))].toSorted((a, b) => a - b)

/** Nobody looked: nobody knows. */
export function helperTroubles(view: NodeView, { helpers }: Pick<Observed, 'helpers'>): Trouble[] {
  if (helpers === undefined) return []
  const all = helperPorts(view)
  return view.services.flatMap((service): Trouble[] => {
    if (service.helper === undefined || helpers.get(service.helper)?.includes(service.port) === true) return []
    return [troubleOf({ ...service, helper: service.helper }, helpers.get(service.helper) ?? null, all)]
  })
}

function troubleOf(
  {
    name,
    port,
    helper,
  }: Pick<ConfigService, 'name' | 'port'> & { readonly helper: NonNullable<ConfigService['helper']> },
  reads: readonly number[] | null,
  all: readonly number[],
): Trouble {
  const { title, module, port: usual } = helperRow(helper)
  const ports = [...new Set([...all, ...(reads ?? [])])]
  const option = ports.every((one) => one === usual) ? '' : ` ports=${ports.join(',')}`
  const load = `modprobe ${reads === null ? '' : `-r ${module} && modprobe `}${module}${option}`
  const boot =
    option === ''
      ? `echo ${module} > /etc/modules-load.d/lvsm-${helper}.conf`
      : `echo ${module} > /etc/modules-load.d/lvsm-${helper}.conf, and options ${module}${option} into /etc/modprobe.d`
  return {
    code: 'no-helper',
    severity: 'critical',
    object: `service ${name}`,
    message:
      reads === null
        ? `the module ${module} is not loaded: clients of service ${name} log in, and get no data`
        : `the module ${module} reads port ${reads.join(', ')}, and service ${name} has ${port}: clients log in, and get no data`,
    hint: `${load}; and for each boot: ${boot}; ${title} by other methods needs none`,
  }
}
