/** One change of the kernel, as data. There is no operation that flushes anything. */
import {
  destKey,
  forwardText,
  type IpvsTimeouts,
  type KernelMethod,
  type ServiceId,
  type ServiceSpec,
  type TunnelPort,
  serviceKey,
  specText,
  timeoutsText,
} from '@lvsm/model'
import { type AnswerRoute, type AnswerRule, answerRouteText, answerRuleText } from './answers.ts'
import type { NatRules } from './nat-rules.ts'
import { daemonText, type SyncDaemon } from './sync.ts'
import type { TunnelDevice } from './tunnels.ts'

/** One destination as it shall be; who is retired keeps the way by which it is reached. */
export interface DestinationSpec {
  readonly address: string
  readonly port: number
  readonly forward: KernelMethod
  /** Of `tun`, `gue:PORT` with its port; not there: ipip. */
  readonly tunnel?: string
  readonly weight: number
  readonly upper?: number
  readonly lower?: number
}
export type Operation =
  | {
      readonly kind: 'sysctl'
      readonly path: string
      readonly value: string
      readonly was: string | null
      readonly why: string
    }
  /** The whole of our own table, in one transaction; null removes it. */
  | { readonly kind: 'nat-rules'; readonly needs: NatRules | null }
  /** Of all services; a figure that is null stays as it is. */
  | { readonly kind: 'timeouts'; readonly timeouts: IpvsTimeouts; readonly was: IpvsTimeouts }
  /** A daemon of connection synchronisation; of each state there is one. */
  | { readonly kind: 'sync-start' | 'sync-stop'; readonly daemon: SyncDaemon }
  | { readonly kind: 'service-add' | 'service-edit'; readonly service: ServiceId; readonly spec: ServiceSpec }
  | { readonly kind: 'service-remove'; readonly service: ServiceId }
  | { readonly kind: 'dest-add' | 'dest-edit'; readonly service: ServiceId; readonly dest: DestinationSpec }
  | { readonly kind: 'dest-remove'; readonly service: ServiceId; readonly address: string; readonly port: number }
  /**
   * Removes a destination together with the connections that IPVS remembers for it (`expire_nodest_conn`, since
   * Linux 5.9), on a director that does not hold the address; the next plan adds it again. In one plan the kernel would
   * give the destination back with its connections.
   */
  | { readonly kind: 'dest-flush'; readonly service: ServiceId; readonly address: string; readonly port: number }
  /** A tunnel device of our own, with our note on it, set up; a device of this name must not be there. */
  | { readonly kind: 'tunnel-add'; readonly name: string; readonly device: TunnelDevice; readonly remote: string }
  /** Up again, and with its address, unless it is `bare`: one of IPv6 needs none. */
  | { readonly kind: 'tunnel-up'; readonly name: string; readonly index: number; readonly bare?: true }
  | { readonly kind: 'tunnel-remove'; readonly name: string; readonly index: number }
  /** The dummy device of our own for VIPs, with our note on it, set up; a device of this name must not be there. */
  | { readonly kind: 'dummy-add'; readonly name: string }
  | { readonly kind: 'dummy-up' | 'dummy-remove'; readonly name: string; readonly index: number }
  /** A route in the table of what is local: the node takes packets for the address, and has it nowhere. `index`: of lo. */
  | { readonly kind: 'local-route-add' | 'local-route-remove'; readonly address: string; readonly index: number }
  /** A UDP port on which the kernel unwraps GUE. */
  | ({ readonly kind: 'gue-open' | 'gue-close' } & TunnelPort)
  | { readonly kind: 'route-set'; readonly gateway: string; readonly index: number }
  | {
      readonly kind: 'route-remove'
      readonly gateway: string | null
      readonly index: number
      readonly protocol: number
    }
  /** In the place of one of ours, to the same destination in the same table. */
  | { readonly kind: 'answer-route-set' | 'answer-route-remove'; readonly route: AnswerRoute }
  | { readonly kind: 'answer-rule-add' | 'answer-rule-remove'; readonly rule: AnswerRule }
  | {
      readonly kind: 'alias-add' | 'alias-remove'
      readonly address: string
      readonly prefix: number
      readonly index: number
      readonly label: string
    }

/** Of connection synchronisation alone: without it a node serves as well, and its standbys know less. */
export const isSyncOperation = (operation: Operation): boolean =>
  operation.kind === 'sync-start' ||
  operation.kind === 'sync-stop' ||
  (operation.kind === 'sysctl' && operation.path.startsWith('net/ipv4/vs/sync_'))

/** For the log and the history: one line. */
export function describeOperation(operation: Operation): string {
  switch (operation.kind) {
    case 'sysctl':
      return `sysctl ${operation.path} ${operation.was ?? '?'} → ${operation.value} (${operation.why})`
    case 'nat-rules':
      return operation.needs === null ? 'remove our NAT rules' : 'load our NAT rules'
    case 'timeouts':
      return `IPVS timeouts ${timeoutsText(operation.was)} → ${timeoutsText(operation.timeouts)}`
    case 'sync-start':
    case 'sync-stop':
      return `${operation.kind === 'sync-start' ? 'start' : 'stop'} the connection synchronisation daemon ${daemonText(operation.daemon)}`
    case 'service-add':
    case 'service-edit':
      return `${operation.kind === 'service-add' ? 'add' : 'edit'} service ${serviceKey(operation.service)} ${specText(operation.spec)}`
    case 'service-remove':
      return `remove service ${serviceKey(operation.service)}`
    case 'dest-add':
    case 'dest-edit': {
      const { dest } = operation
      const { weight, upper = 0, lower = 0 } = dest
      const limits = upper > 0 ? ` at most ${upper} connections${lower > 0 ? `, again under ${lower}` : ''}` : ''
      return `${operation.kind === 'dest-add' ? 'add' : 'edit'} ${destKey(dest)} ${forwardText(dest)} weight ${weight}${limits} in ${serviceKey(operation.service)}`
    }
    case 'dest-remove':
      return `remove ${destKey(operation)} from ${serviceKey(operation.service)}`
    case 'dest-flush':
      return `forget old connections to ${destKey(operation)} in ${serviceKey(operation.service)}`
    case 'tunnel-add':
      return `add tunnel ${operation.name} (${operation.device} from ${operation.remote})`
    case 'tunnel-up':
    case 'tunnel-remove':
      return `${operation.kind === 'tunnel-up' ? 'set up' : 'remove'} tunnel ${operation.name}`
    case 'dummy-add':
    case 'dummy-up':
    case 'dummy-remove':
      return `${DUMMY[operation.kind]} device ${operation.name}`
    case 'local-route-add':
    case 'local-route-remove':
      return `${operation.kind === 'local-route-add' ? 'add' : 'remove'} local route to ${operation.address}`
    case 'gue-open':
    case 'gue-close':
      return `${operation.kind === 'gue-open' ? 'unwrap' : 'unwrap no more'} GUE on ${guePortText(operation)}`
    case 'route-set':
      return `default route through ${operation.gateway}`
    case 'route-remove':
      return `remove default route through ${operation.gateway ?? 'the wire'}`
    case 'answer-route-set':
    case 'answer-route-remove':
      return `${operation.kind === 'answer-route-set' ? '' : 'remove '}${answerRouteText(operation.route)}`
    case 'answer-rule-add':
    case 'answer-rule-remove':
      return `${operation.kind === 'answer-rule-add' ? 'add' : 'remove'} ${answerRuleText(operation.rule)}`
    case 'alias-add':
    case 'alias-remove':
      return `${operation.kind === 'alias-add' ? 'add' : 'remove'} ${operation.address}/${operation.prefix} on ${operation.label}`
  }
}

const DUMMY = { 'dummy-add': 'add', 'dummy-up': 'set up', 'dummy-remove': 'remove' } as const
const guePortText = ({ family, port }: TunnelPort): string => `UDP port ${port}${family === 'ipv6' ? ' of IPv6' : ''}`

/** What it changes, whatever to: two that change the same have the same words. */
export function subjectOf(operation: Operation): string {
  switch (operation.kind) {
    case 'sysctl':
      return `sysctl ${operation.path}`
    case 'nat-rules':
      return 'the NAT rules of lvsm'
    case 'timeouts':
      return 'the timeouts of IPVS'
    case 'sync-start':
    case 'sync-stop':
      return `the ${operation.daemon.state} daemon of connection synchronisation`
    case 'service-add':
    case 'service-edit':
    case 'service-remove':
      return `IPVS service ${serviceKey(operation.service)}`
    case 'dest-add':
    case 'dest-edit':
      return `${destKey(operation.dest)} in IPVS service ${serviceKey(operation.service)}`
    case 'dest-remove':
    case 'dest-flush':
      return `${destKey(operation)} in IPVS service ${serviceKey(operation.service)}`
    case 'tunnel-add':
    case 'tunnel-up':
    case 'tunnel-remove':
      return `tunnel ${operation.name}`
    case 'dummy-add':
    case 'dummy-up':
    case 'dummy-remove':
      return `device ${operation.name}`
    case 'local-route-add':
    case 'local-route-remove':
      return `local route to ${operation.address}`
    case 'gue-open':
    case 'gue-close':
      return `${guePortText(operation)} for GUE`
    case 'route-set':
    case 'route-remove':
      return 'the default route'
    case 'answer-route-set':
    case 'answer-route-remove':
      return `the route to ${operation.route.destination}/${operation.route.prefix} of table ${operation.route.table}`
    case 'answer-rule-add':
    case 'answer-rule-remove':
      return answerRuleText(operation.rule)
    case 'alias-add':
    case 'alias-remove':
      return `${operation.address}/${operation.prefix} on ${operation.label}`
  }
}
