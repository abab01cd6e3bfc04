/** A faultless file, every default filled in. */
import { familyOf } from '@lvsm/base'
import { hostPrefix, parseCidr } from './address.ts'
import {
  type Config,
  type ConfigCheck,
  type ConfigGroup,
  type ConfigMonitoring,
  type ConfigRealserver,
  type ConfigService,
  DEFAULT_ALGORITHM,
  DEFAULT_CHECK,
  type FloatingAddress,
  HOOK_TIMEOUT,
} from './config.ts'
import { parseDuration } from './duration.ts'
import { withOverride } from './overrides.ts'
import { completeReceiver } from './receivers.ts'
import { timingOf } from './rules/keys.ts'
import { syncOf } from './rules/sync.ts'
import { DEFAULT_PORT, type Written } from './schema.ts'
import { keysOf } from './check-fields.ts'
import { completePacing } from './pacing.ts'
import { parseNetmask } from './netmask.ts'
import { markOf, parsePorts, type PortRange } from './ports.ts'
import type { Persistence } from './service-spec.ts'
import {
  CHECKS,
  DEFAULT_PLACEMENT,
  DEFAULT_ROUTE,
  DEFAULT_TUNNEL,
  type Forward,
  forwarding,
  NO_FALLBACK,
  type Placement,
  SCHEDULERS,
  type SchedulerRow,
  type Tunnel,
  TUNNELS,
  usualCheck,
} from './tables/index.ts'

type WrittenGroup = Written['groups'][number]
type WrittenPool = NonNullable<Written['pools']>[number]
type WrittenService = NonNullable<Written['services']>[number]

export function completeConfig(written: Written): Config {
  const groups = written.groups.map(completeGroup)
  return {
    cluster: written.cluster,
    revision: written.revision,
    epoch: written.epoch ?? 1,
    followed: false,
    timing: timingOf(written),
    ipvsTimeouts: {
      tcp: secondsOf(written['tcp-timeout']),
      tcpFin: secondsOf(written['tcp-fin-timeout']),
      udp: secondsOf(written['udp-timeout']),
    },
    monitoring: placeOf(written['monitoring-port'], written),
    agentCheck: placeOf(written['agent-port'], written),
    keys: written.keys.map(({ id, algorithm, secret, file }) => ({
      id,
      algorithm: algorithm ?? DEFAULT_ALGORITHM,
      secret: secret?.toLowerCase() ?? null,
      file: file ?? null,
    })),
    signWith: written['sign-with'],
    sync: syncOf(written),
    nodes: written.nodes.map(({ name, roles, voter, links }) => ({
      name,
      roles: [...new Set(roles)],
      voter: voter ?? false,
      links: links.map((link) => ({ name: link.name, address: link.address, port: link.port ?? DEFAULT_PORT })),
    })),
    groups,
    services: (written.services ?? []).map((service) => completeService(service, groups, written.pools ?? [])),
    receivers: (written.receivers ?? []).map(completeReceiver),
  }
}

const placeOf = (port: number | undefined, { 'monitoring-link': link }: Written): ConfigMonitoring | null =>
  port === undefined ? null : { port, link: link ?? null }

function completeFloating(written: WrittenGroup['vips'][number], kind: 'vip' | 'gateway'): FloatingAddress {
  const { address, prefix } = parseCidr(typeof written === 'string' ? written : written.address) ?? {
    address: '',
    prefix: 0,
  }
  return { address, prefix, interface: (typeof written === 'string' ? undefined : written.interface) ?? null, kind }
}

function completeGroup(group: WrittenGroup): ConfigGroup {
  const vips = group.vips.map((written) => completeFloating(written, 'vip'))
  const gateways = (group.gateways ?? []).map((written) => completeFloating(written, 'gateway'))
  return {
    ...{ name: group.name, directors: group.directors, addresses: [...vips, ...gateways], ping: group.ping ?? [] },
    takeHooks: group['take-hooks'] ?? [],
    releaseHooks: group['release-hooks'] ?? [],
    hookUser: group['hook-user'] ?? null,
    hookTimeoutMs: parseDuration(group['hook-timeout'] ?? '') ?? HOOK_TIMEOUT.usualMs,
  }
}

/** Null when nothing is said. */
const secondsOf = (duration: string | undefined): number | null => {
  const ms = duration === undefined ? null : parseDuration(duration)
  return ms === null ? null : ms / 1000
}

function completeCheck({ check, protocol, ports }: Pick<WrittenService, 'check' | 'protocol' | 'ports'>): ConfigCheck {
  const intervalMs = parseDuration(check?.interval ?? '') ?? DEFAULT_CHECK.intervalMs
  return {
    type: check?.track === undefined ? (check?.type ?? usualCheck(protocol)) : 'none',
    // Of several ports the first.
    port: check?.port ?? rangesOf(ports)?.[0]?.from ?? DEFAULT_CHECK.port,
    keys: keysOf(CHECKS, check),
    intervalMs,
    timeoutMs: parseDuration(check?.timeout ?? '') ?? Math.min(DEFAULT_CHECK.timeoutMs, intervalMs),
    fall: check?.fall ?? DEFAULT_CHECK.fall,
    rise: check?.rise ?? DEFAULT_CHECK.rise,
    keepLast: check?.['keep-last'] ?? DEFAULT_CHECK.keepLast,
    ownView: check?.['own-view'] ?? DEFAULT_CHECK.ownView,
    ...(check?.via === undefined ? {} : { via: check.via }),
    ...(check?.track === undefined ? {} : { track: check.track }),
    pacing: completePacing(check, intervalMs),
  }
}

const limitsOf = ({ 'upper-threshold': upper, 'lower-threshold': lower }: Limited) => ({
  ...(upper === undefined ? {} : { upper }),
  ...(lower === undefined ? {} : { lower }),
})
type Limited = Pick<WrittenPool['realservers'][number], 'upper-threshold' | 'lower-threshold'>

/** Its own list, or its pool's with what it overrides. */
function serversOf({ pool, realservers, overrides = [] }: WrittenService, pools: readonly WrittenPool[]) {
  if (pool === undefined) return realservers ?? []
  const entries = pools.find(({ name }) => name === pool)?.realservers ?? []
  return entries.map((entry) =>
    withOverride(
      entry,
      overrides.find(({ node }) => node === entry.node),
    ),
  )
}

function completeTunnel(tunnel: Tunnel, said: number | undefined): Pick<ConfigRealserver, 'tunnel' | 'tunnelPort'> {
  const { port } = TUNNELS[tunnel]
  return port === null ? { tunnel } : { tunnel, tunnelPort: said ?? port }
}

/** Where nothing is said, or what goes without saying, versions that know of no placement say the same. */
const completePlacement = (forward: Forward, placement: Placement = DEFAULT_PLACEMENT) =>
  placement === DEFAULT_PLACEMENT || !forwarding(forward).hasVip ? {} : { placement }

function completeService(
  service: WrittenService,
  groups: readonly ConfigGroup[],
  pools: readonly WrittenPool[],
): ConfigService {
  const only =
    groups
      .find((group) => group.name === service.group)
      ?.addresses.find((entry) => entry.kind === 'gateway' && familyOf(entry.address) === familyOf(service.address))
      ?.address ?? null
  const realservers = serversOf(service, pools).map(
    ({
      node,
      address,
      port,
      forward,
      gateway,
      route,
      tunnel,
      'tunnel-port': tunnelPort,
      placement,
      weight,
      ...more
    }): ConfigRealserver => ({
      node,
      address,
      port: service.ports ? 0 : (port ?? service.port ?? 0),
      forward,
      gateway: forwarding(forward).needsGateway ? (gateway ?? only) : null,
      ...(route === undefined || route === DEFAULT_ROUTE ? {} : { route }),
      ...(forwarding(forward).tunnels ? completeTunnel(tunnel ?? DEFAULT_TUNNEL, tunnelPort) : {}),
      ...completePlacement(forward, placement),
      weight: weight ?? 1,
      ...limitsOf(more),
      ...(more.backup === true ? { backup: true } : {}),
      ...(more.agent === false ? { agent: false } : {}),
    }),
  )
  const { name, group, address, port = 0, protocol, scheduler } = service
  const ports = rangesOf(service.ports)
  const asked = new Set(service['scheduler-flags'])
  const { flags }: SchedulerRow = SCHEDULERS[scheduler]
  const schedulerFlags = [...flags, NO_FALLBACK].filter((flag) => asked.has(flag))
  return {
    ...{ name, group, address, port, protocol, scheduler, schedulerFlags },
    ...(ports ? { port: 0, ports, fwmark: markOf(name), family: familyOf(address) } : {}),
    onePacket: service['one-packet'] ?? false,
    persistence: persistenceOf(service),
    ...(service.helper === undefined ? {} : { helper: service.helper }),
    quorum: service.quorum ?? 1,
    hysteresis: service.hysteresis ?? 0,
    check: completeCheck(service),
    realservers,
  }
}

const rangesOf = (ports: WrittenService['ports']): PortRange[] | null =>
  ports === undefined ? null : ports.flatMap((written) => parsePorts(written) ?? [])

function persistenceOf({ persistence, ...more }: WrittenService): Persistence | null {
  const seconds = secondsOf(persistence)
  const netmask = more['persistence-netmask']
  const prefix = netmask === undefined ? null : parseNetmask(netmask)
  if (seconds === null) return null
  return {
    seconds,
    prefix: prefix === hostPrefix(more.address) ? null : prefix,
    engine: more['persistence-engine'] ?? null,
  }
}
