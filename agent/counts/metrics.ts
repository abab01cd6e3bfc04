/** What the kernel counts as samples, beside those that the agent brings; all of it as text for Prometheus. */
import { type Endpoint, isMark, parseDestKey, parseServiceKey } from '@lvsm/model'
import type { ipvs } from '@lvsm/netlink'
import {
  type CountsQuestion,
  expositionOf,
  isEachTold,
  REALSERVER_STATES,
  realserverState,
  type RealserverStats,
  type Sample,
  type ServiceStats,
  type Traffic,
} from '@lvsm/protocol'
import type { Naming } from './named.ts'
import { type ServiceReading, statsOf } from './stats.ts'

type Question = Extract<CountsQuestion, { kind: 'metrics' }>

/** `readings`, `totals`: null where the kernel has no IPVS. */
export function metricsOf(
  naming: Naming,
  readings: readonly ServiceReading[] | null,
  totals: ipvs.Totals | null,
  { wanted, samples, histograms, health, found }: Question,
): string {
  const { services } = statsOf(naming, readings, {})
  const healths = new Map(health)
  const count = services.reduce((sum, { realservers }) => sum + realservers.length, 0)
  const isEach = isEachTold(wanted, count)
  const isAlso = wanted.exporter !== 'no'
  return expositionOf(
    [
      ...samples,
      { metric: 'lvsm_ipvs', labels: {}, value: Number(readings !== null) },
      ...services.flatMap((service) => serviceSamples(service, healths)),
      ...(isEach ? services.flatMap((service) => realserverSamples(service, healths)) : []),
      ...(isEach ? figureSamples(services, new Map(found)) : []),
      ...(isAlso ? totalSamples(totals) : []),
      ...(isAlso && isEach ? services.flatMap(backendSamples) : []),
    ],
    histograms,
  )
}

type Found = Question['found'][number][1]
type Healths = ReadonlyMap<string, boolean>
const stateOf = (healths: Healths, service: string, address: string): ReturnType<typeof realserverState> =>
  realserverState(healths.get(`${service} ${address}`) ?? null)

type Labels = Sample['labels']
type Kind = 'service' | 'realserver'
const trafficSamples = (kind: Kind, labels: Labels, { connections, ...totals }: Traffic): Sample[] => [
  { metric: `lvsm_${kind}_new_connections_total`, labels, value: connections },
  { metric: `lvsm_${kind}_packets_total`, labels: { ...labels, direction: 'in' }, value: totals.inPackets },
  { metric: `lvsm_${kind}_packets_total`, labels: { ...labels, direction: 'out' }, value: totals.outPackets },
  { metric: `lvsm_${kind}_bytes_total`, labels: { ...labels, direction: 'in' }, value: totals.inBytes },
  { metric: `lvsm_${kind}_bytes_total`, labels: { ...labels, direction: 'out' }, value: totals.outBytes },
]
const connectionSamples = (
  metric: 'lvsm_service_connections' | 'lvsm_realserver_connections',
  labels: Labels,
  { active, inactive }: Pick<RealserverStats, 'active' | 'inactive'>,
): Sample[] => [
  { metric, labels: { ...labels, state: 'active' }, value: active },
  { metric, labels: { ...labels, state: 'inactive' }, value: inactive },
]

function serviceSamples(service: ServiceStats, healths: Healths): Sample[] {
  const labels = { group: service.group, service: service.name }
  const present = { metric: 'lvsm_service_present', labels, value: Number(service.present) } as const
  // What the kernel does not have is not 0: it is not known, and a counter that begins anew would look like traffic.
  if (!service.present) return [present]
  const states = service.realservers.map(({ address }) => stateOf(healths, service.name, address))
  return [
    present,
    ...REALSERVER_STATES.map((state): Sample => {
      const value = states.filter((one) => one === state).length
      return { metric: 'lvsm_service_realservers', labels: { ...labels, state }, value }
    }),
    ...connectionSamples('lvsm_service_connections', labels, service),
    ...trafficSamples('service', labels, service.totals),
  ]
}

const labelsOf = (
  { group, name: service }: ServiceStats,
  { node, address }: Pick<RealserverStats, 'node' | 'address'>,
): Labels => ({ group, service, realserver: node ?? '', address })

function realserverSamples(service: ServiceStats, healths: Healths): Sample[] {
  if (!service.present) return []
  return service.realservers.flatMap((one): Sample[] => {
    const labels = labelsOf(service, one)
    const is = stateOf(healths, service.name, one.address)
    return [
      { metric: 'lvsm_realserver_weight', labels, value: one.weight },
      ...(is === 'unchecked'
        ? []
        : [{ metric: 'lvsm_realserver_healthy', labels, value: Number(is === 'healthy') } as const]),
      ...REALSERVER_STATES.map((state): Sample => {
        return { metric: 'lvsm_realserver_state', labels: { ...labels, state }, value: Number(state === is) }
      }),
      ...connectionSamples('lvsm_realserver_connections', labels, one),
      ...trafficSamples('realserver', labels, one.totals),
    ]
  })
}

/** Of all realservers together: each figure of a plugin is a series, and how many there are is for strangers to say. */
const MOST_FIGURES_TOLD = 4000

function figureSamples(services: readonly ServiceStats[], found: ReadonlyMap<string, Found>): Sample[] {
  const told = services.flatMap((service) =>
    service.realservers.flatMap((one): Sample[] => {
      const said = found.get(`${service.name} ${one.address}`)
      if (!said) return []
      const labels = labelsOf(service, one)
      // Two of one name are one series: the last is told.
      const figures = new Map((said.perfdata ?? []).map((each) => [`${each.label} ${each.unit}`, each]))
      return [
        { metric: 'lvsm_check_degraded', labels, value: Number(said.degraded === true) },
        ...[...figures.values()].map(({ label: figure, unit, value }): Sample => {
          return { metric: 'lvsm_check_figure', labels: { ...labels, figure, unit }, value }
        }),
      ]
    }),
  )
  return told.slice(0, MOST_FIGURES_TOLD)
}

function totalSamples(totals: ipvs.Totals | null): Sample[] {
  if (!totals) return []
  return [
    { metric: 'node_ipvs_connections_total', labels: {}, value: totals.connections },
    { metric: 'node_ipvs_incoming_packets_total', labels: {}, value: totals.inPackets },
    { metric: 'node_ipvs_outgoing_packets_total', labels: {}, value: totals.outPackets },
    { metric: 'node_ipvs_incoming_bytes_total', labels: {}, value: totals.inBytes },
    { metric: 'node_ipvs_outgoing_bytes_total', labels: {}, value: totals.outBytes },
  ]
}

/** Services by mark have neither address nor port there, and their mark in hexadecimal. */
function localOf(what: string): Labels | null {
  const id = parseServiceKey(what)
  if (!id) return null
  if (isMark(id)) {
    const mark = `0x${id.fwmark.toString(16).toUpperCase().padStart(8, '0')}`
    return { local_address: '', local_port: '0', proto: 'FWM', local_mark: mark }
  }
  return { local_address: id.address, local_port: String(id.port), proto: id.protocol.toUpperCase(), local_mark: '' }
}

function backendSamples({ what, present, realservers }: ServiceStats): Sample[] {
  const local = localOf(what)
  if (!local || !present) return []
  return realservers.flatMap(({ address, active, inactive, weight }): Sample[] => {
    const remote: Endpoint | null = parseDestKey(address)
    if (!remote) return []
    const labels = { ...local, remote_address: remote.address, remote_port: String(remote.port) }
    return [
      { metric: 'node_ipvs_backend_connections_active', labels, value: active },
      { metric: 'node_ipvs_backend_connections_inactive', labels, value: inactive },
      { metric: 'node_ipvs_backend_weight', labels, value: weight },
    ]
  })
}
