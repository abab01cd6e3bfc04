/** Repairs that somebody undoes again and again: between a change and its repair requests fail, and no repair ends that. */
import { againOf, type Instant, LEAST_TIMES, longestAgo, mayBeAgain, NEVER_BEFORE, type Trouble } from '@lvsm/base'
import { forwardText, serviceKey, timeoutsText } from '@lvsm/model'
import { describeOperation, type Observed, type Operation, subjectOf } from '@lvsm/plan'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { groupOf } from './about.ts'

const MOST_KEPT = 64

/** The same thing, and when it was repaired last: so often that again and again is told from now and then (packages/base). */
export interface Repaired {
  readonly times: readonly Instant[]
  readonly last: Operation
  /** What stood there before the last repair, where that is known in a word. */
  readonly found: string
}

/**
 * `repairs`: what was found changed at this look. Who is faster than the looks leaves none at which all is well: what was acknowledged at
 * the last one, and is to be done again, was changed again as well.
 */
export function noteFights({ kernel, now }: NodeState, repairs: ReadonlySet<Operation>, observed: Observed): void {
  const again = kernel.pending.filter((one) => repairs.has(one) || kernel.acknowledged.has(describeOperation(one)))
  const { repaired } = kernel
  for (const [what, { times }] of repaired) if (!mayBeAgain(times, now)) repaired.delete(what)
  // Of one thing several operations of one look are one repair: a daemon that is stopped and started anew.
  for (const [what, operation] of new Map(again.map((one) => [subjectOf(one), one]))) {
    const before = repaired.get(what)?.times ?? []
    if (before.length === 0 && repaired.size >= MOST_KEPT)
      repaired.delete(longestAgo([...repaired].map(([one, kept]) => [one, kept.times] as const)) ?? what)
    const times = [...before, now].slice(-LEAST_TIMES)
    repaired.set(what, { times, last: operation, found: foundAt(observed, operation) })
  }
}

export function fightTroubles(state: NodeState): Trouble[] {
  const fought = [...state.kernel.repaired].flatMap(([what, one]) => {
    const again = againOf(one.times, state.now, LEAST_TIMES)
    return again ? [[what, one, again] as const] : []
  })
  const services = fought.filter(([, { last }]) => last.kind === 'service-add')
  return fought.flatMap(([what, { last, times, found }, { often, ...past }]): Trouble[] => {
    // With a service all of its destinations are gone; what began after the service's last repair is another fight.
    const goneWith = services.some(
      ([service, one]) => what.endsWith(` in ${service}`) && beganAt(times) <= lastOf(one.times),
    )
    if (goneWith) return []
    return [
      {
        ...{ code: 'fought-over', severity: isInUse(state, last) ? 'critical' : 'warning', object: what },
        message: `somebody changes ${what}${serverOf(state, last)} again and again, and it is put back each time`,
        evidence: `${often}; ${found === '' ? '' : `found last: ${found}; `}the last repair: ${describeOperation(last)}`,
        ...past,
        hint: `on ${state.node}: ${hintOf(last)}`,
      },
    ]
  })
}

/** What somebody made of it. */
function foundAt({ services }: Observed, operation: Operation): string {
  if (operation.kind === 'sysctl') return operation.was ?? ''
  if (operation.kind === 'timeouts') return timeoutsText(operation.was)
  if (operation.kind === 'dest-add') return 'it was not there'
  if (operation.kind !== 'dest-edit') return ''
  const { service, dest } = operation
  const there = services?.find((one) => serviceKey(one) === serviceKey(service))
  const found = there?.dests.find(({ address, port }) => address === dest.address && port === dest.port)
  if (!found) return ''
  const parts = [
    ...(found.weight === dest.weight ? [] : [`weight ${found.weight}`]),
    ...(forwardText(found) === forwardText(dest) ? [] : [forwardText(found)]),
    ...(found.upper === dest.upper && found.lower === dest.lower ? [] : [`at most ${found.upper ?? 0} connections`]),
  ]
  return parts.join(', ')
}

/** ` (rs1 of service http)`; empty: it is no destination, or one of nobody. */
function serverOf({ config }: NodeState, operation: Operation): string {
  if (operation.kind !== 'dest-add' && operation.kind !== 'dest-edit') return ''
  const service = config?.services.find((one) => serviceKey(one) === serviceKey(operation.service))
  const server = service?.realservers.find(({ address }) => address === operation.dest.address)
  return service && server ? ` (${server.node} of service ${service.name})` : ''
}

const beganAt = (times: readonly Instant[]): Instant => times[0] ?? NEVER_BEFORE
const lastOf = (times: readonly Instant[]): Instant => times.at(-1) ?? NEVER_BEFORE

/** Do requests fail meanwhile? A standby's are nobody's. */
function isInUse(state: NodeState, operation: Operation): boolean {
  const held = heldGroups(state)
  if ((state.view?.directs.length ?? 0) === 0) return true
  const group = groupOf(state, operation)
  return group === '' ? held.size > 0 : held.has(group)
}

function hintOf(operation: Operation): string {
  if ('service' in operation || operation.kind === 'timeouts')
    return 'find who else changes the table of IPVS, and stop it: keepalived, ldirectord or another load balancer (lvsm doctor names those that run), ipvsadm in a script, a timer or cron (systemctl list-timers, ps -ef | grep ipvsadm)'
  if (operation.kind === 'sysctl')
    return `find who else sets it, and stop it: configuration management, sysctl --system, tuned, network scripts; auditctl -w /proc/sys/${operation.path} -p wa names the process (ausearch -f ${operation.path})`
  if (operation.kind === 'nat-rules')
    return 'find who else changes the rules, and stop it: nft flush ruleset in a script or unit (systemctl status nftables firewalld), configuration management; nft monitor trace names the process'
  return 'find who else changes addresses and routes, and stop it: NetworkManager, systemd-networkd, DHCP, scripts, configuration management; ip -ts monitor address route shows when'
}
