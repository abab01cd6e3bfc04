/**
 * A plan stands in the order in which it is safe (`diff`): what guards comes before what it guards, who serves before who no longer does. When
 * the kernel refuses a step, those that relied on it are held back; the next plan has them again.
 *
 * | refused | held back, because else |
 * |---|---|
 * | ARP settings of a realserver | the VIP as an alias or a local route: the realserver would answer for it |
 * | an alias or local route that leaves, or what it stands on | ARP settings as they were before: the same |
 * | an alias that leaves | the dummy device that it stands on |
 * | a VIP that comes elsewhere | the same VIP that leaves: its packets would be taken nowhere |
 * | our rules | tunnels, the port of GUE and messages about connections: open to everybody |
 * | a tunnel or a port of GUE that leaves | our rules: they guard what is still there; and so what waits for them |
 * | `backup_only` | a daemon: the owner would forward nothing |
 * | `sync_ports` | daemons that would be started anew for it, and have more ports until then |
 * | a route of a table of answers | the rules that lead there: directors' checks would be answered past them |
 * | a rule that leaves | the routes that it leads to: the same |
 * | a service | all else of it: it would be said once for each step |
 * | a destination | those of the service that leave while they take connections: it might have nobody |
 */
import { destKey, serviceKey } from '@lvsm/model'
import type { Operation } from './operation.ts'

type Kind = Operation['kind']
type TableOperation = Extract<Operation, { readonly service: unknown }>
const GUARDED: ReadonlySet<Kind> = new Set(['tunnel-add', 'tunnel-up', 'gue-open', 'sync-start'])
/** Of what a VIP stands on, or as what. */
const LEAVING: readonly Kind[] = ['alias-remove', 'local-route-remove', 'dummy-remove']
const ARP = /^net\/ipv4\/conf\/[^/]+\/arp_(ignore|announce)$/
const BACKUP_ONLY = 'net/ipv4/vs/backup_only'
const PORTS = 'net/ipv4/vs/sync_ports'
const isArp = (operation: Operation): boolean => operation.kind === 'sysctl' && ARP.test(operation.path)

/** What the kernel refused of a plan until now, and what has to wait for that. */
export class Refusals {
  readonly #plan: readonly Operation[]
  readonly #kinds = new Set<Kind>()
  /** Key of a service → kinds. */
  readonly #services = new Map<string, Set<Kind>>()
  #arp = false
  /** VIPs that did not come to where they shall be. */
  readonly #absent = new Set<string>()
  #backupOnly = false
  #ports = false
  /** Destinations that leave, and took connections before. */
  #leaving: ReadonlySet<string> | null = null

  constructor(plan: readonly Operation[]) {
    this.#plan = plan
  }

  add(operation: Operation): void {
    this.#kinds.add(operation.kind)
    if (isArp(operation)) this.#arp = true
    if (operation.kind === 'alias-add' || operation.kind === 'local-route-add') this.#absent.add(operation.address)
    if (operation.kind === 'sysctl' && operation.path === BACKUP_ONLY) this.#backupOnly = true
    if (operation.kind === 'sysctl' && operation.path === PORTS) this.#ports = true
    if (!('service' in operation)) return
    const key = serviceKey(operation.service)
    this.#services.set(key, (this.#services.get(key) ?? new Set()).add(operation.kind))
  }

  /** Does this step of the plan rely on one before it that was refused, or held back itself? */
  holdsBack(operation: Operation): boolean {
    const isHeld = this.#kinds.size > 0 && this.#isHeld(operation)
    if (isHeld) this.add(operation)
    return isHeld
  }
  #isHeld(operation: Operation): boolean {
    if (GUARDED.has(operation.kind) && this.#kinds.has('nat-rules')) return true
    if ('service' in operation) return this.#isHeldInTable(operation)
    switch (operation.kind) {
      case 'alias-add':
      case 'local-route-add':
        return this.#arp && !operation.address.includes(':')
      case 'alias-remove':
      case 'local-route-remove':
        return this.#absent.has(operation.address)
      case 'dummy-remove':
        return this.#kinds.has('alias-remove')
      case 'sysctl':
        return isArp(operation) && LEAVING.some((kind) => this.#kinds.has(kind))
      case 'nat-rules':
        return this.#kinds.has('tunnel-remove') || this.#kinds.has('gue-close')
      // They would be stopped again and again, and be as before.
      case 'sync-stop':
        return this.#ports
      case 'sync-start':
        return this.#backupOnly || this.#kinds.has('sync-stop')
      case 'answer-rule-add':
        return this.#kinds.has('answer-route-set')
      case 'answer-route-remove':
        return this.#kinds.has('answer-rule-remove')
      default:
        return false
    }
  }
  #isHeldInTable(operation: TableOperation): boolean {
    const key = serviceKey(operation.service)
    const before = this.#services.get(key)
    if (!before) return false
    if (before.has('service-add')) return true
    if (!before.has('dest-add') && !before.has('dest-edit')) return false
    const leaves = (dest: Parameters<typeof destKey>[0]): boolean => this.#leavers().has(`${key}|${destKey(dest)}`)
    switch (operation.kind) {
      case 'dest-edit':
        return operation.dest.weight === 0 && leaves(operation.dest)
      // Who is at weight 0 already goes: its clients are to be told.
      case 'dest-remove':
        return leaves(operation)
      default:
        return operation.kind === 'dest-flush' || operation.kind === 'service-remove'
    }
  }
  #leavers(): ReadonlySet<string> {
    if (this.#leaving) return this.#leaving
    const keyOf = (one: TableOperation, dest: Parameters<typeof destKey>[0]): string =>
      `${serviceKey(one.service)}|${destKey(dest)}`
    const falls = this.#plan.flatMap((one) =>
      one.kind === 'dest-edit' && one.dest.weight === 0 ? [keyOf(one, one.dest)] : [],
    )
    const removed = new Set(this.#plan.flatMap((one) => (one.kind === 'dest-remove' ? [keyOf(one, one)] : [])))
    this.#leaving = new Set(falls.filter((key) => removed.has(key)))
    return this.#leaving
  }
}
