/** The house laws about what services and destinations say: a part of the audit, which shares no code with `diff`. */
import { isMark } from '@lvsm/model'
import type { Operation } from './operation.ts'

/** What the kernel would refuse, or heed in another way than it was meant. */
export function judgeWords(operation: Operation, name: string): string[] {
  if (operation.kind === 'dest-add' || operation.kind === 'dest-edit') {
    const { upper = 0, lower = 0 } = operation.dest
    return lower > upper ? [`${name} would take connections again under ${lower}, and none from ${upper} on`] : []
  }
  if (operation.kind !== 'service-add' && operation.kind !== 'service-edit') return []
  const { service, spec } = operation
  const broken: string[] = []
  if (spec.onePacket === true && !isMark(service) && service.protocol !== 'udp')
    broken.push(`${name} would schedule each packet by itself, and is no service of UDP`)
  const { seconds } = spec.persistence ?? { seconds: 1 }
  if (!Number.isInteger(seconds) || seconds < 1) broken.push(`${name} would be persistent for ${seconds} seconds`)
  return broken
}
