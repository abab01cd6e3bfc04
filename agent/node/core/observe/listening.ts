/** Which of a machine's sockets take what arrives for an address. */
import { familyOf } from '@lvsm/base'
import type { NodeInput } from '../events.ts'

export type FoundSocket = NonNullable<Extract<NodeInput, { kind: 'sockets' }>['found']>[number]

const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** A socket at the address itself is served before one at all addresses. */
export function socketsAt(
  found: readonly FoundSocket[],
  at: { readonly protocol: string; readonly address: string; readonly port: number },
): readonly FoundSocket[] {
  const there = found.filter(({ protocol, port }) => protocol === at.protocol && port === at.port)
  const exact = there.filter(({ address }) => address === at.address)
  return exact.length > 0 ? exact : there.filter((one) => isAnywhere(one, at.address))
}
function isAnywhere({ address, onlyV6 }: FoundSocket, wanted: string): boolean {
  if (!ANYWHERE.has(address)) return false
  const family = familyOf(wanted)
  return familyOf(address) === family || (family === 'ipv4' && !onlyV6)
}
