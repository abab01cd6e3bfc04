/**
 * A plan stands in the order in which it is safe (`diff`): what guards comes before what it guards, who serves before who no longer does. When
 * the kernel refuses a step, those that relied on it are held back; the next plan has them again.
 *
 * | refused | held back, because else |
 * |---|---|
 * | ARP settings of a realserver | the VIP as an alias: the realserver would answer for it |
 * | an alias that leaves | ARP settings as they were before: the same |
 * | our rules | tunnels, the port of GUE and messages about connections: open to everybody |
 * | a tunnel or a port of GUE that leaves | our rules: they guard what is still there |
 * | `backup_only` | a daemon: the owner would forward nothing |
 * | a service | all else of it: it would be said once for each step |
 * | a destination | those of the service that leave: it might have nobody |
 */
import { serviceKey, destKey, type ServiceId } from '@lvsm/model'
import type { Operation } from './operation.ts'

type Kind = Operation['kind']
const GUARDED: ReadonlySet<Kind> = new Set(['tunnel-add', 'tunnel-up', 'gue-open', 'sync-start'])
const ARP = /^net\/ipv4\/conf\/[^/]+\/arp_(ignore|announce)$/
const BACKUP_ONLY = 'net/ipv4/vs/backup_only'

const isArp = (operation: Operation): boolean => operation.kind === 'sysctl' && ARP.test(operation.path)
const isOf = (service: ServiceId, operation: Operation): boolean =>
  'service' in operation && serviceKey(operation.service) === serviceKey(service)

/** Does `operation` of `plan` rely on one that the kernel has refused before it? */
export function isHeldBack(operation: Operation, refused: readonly Operation[], plan: readonly Operation[]): boolean {
  if (refused.length === 0) return false
  const has = (...kinds: readonly Kind[]): boolean => refused.some(({ kind }) => kinds.includes(kind))
  if (GUARDED.has(operation.kind) && has('nat-rules')) return true
  if ('service' in operation) return isHeldBackInTable(operation, refused, plan)
  switch (operation.kind) {
    case 'alias-add':
      return !operation.address.includes(':') && refused.some(isArp)
    case 'sysctl':
      return isArp(operation) && has('alias-remove')
    case 'nat-rules':
      return has('tunnel-remove', 'gue-close')
    case 'sync-start':
      return refused.some((one) => one.kind === 'sysctl' && one.path === BACKUP_ONLY)
    default:
      return false
  }
}

type TableOperation = Extract<Operation, { readonly service: unknown }>

function isHeldBackInTable(
  operation: TableOperation,
  refused: readonly Operation[],
  plan: readonly Operation[],
): boolean {
  const before = refused.filter((one) => isOf(operation.service, one))
  if (before.some(({ kind }) => kind === 'service-add')) return true
  if (!before.some(({ kind }) => kind === 'dest-add' || kind === 'dest-edit')) return false
  const leaves = (key: string): boolean =>
    plan.some((one) => one.kind === 'dest-remove' && isOf(operation.service, one) && destKey(one) === key)
  if (operation.kind === 'dest-edit') return operation.dest.weight === 0 && leaves(destKey(operation.dest))
  return operation.kind === 'dest-remove' || operation.kind === 'dest-flush' || operation.kind === 'service-remove'
}
