/** Who this node is among the others: one file in the state directory, which init or join wrote. */
import { join } from 'node:path'
import type { Refusal } from '@lvsm/base'
import { decodeNodeIdentity, LONGEST_IDENTITY, type NodeIdentity } from '@lvsm/protocol'
import { secureContext } from '../nodelink/dial.ts'
import { readRegular } from '../process/files.ts'
import { doubtSecret } from '../process/trust.ts'

const IDENTITY = 'node.json'
export type ReadIdentity =
  | { readonly ok: true; readonly identity: NodeIdentity }
  | { readonly ok: false; readonly refusal: Refusal }

const refused = (code: string, message: string, hint: string): ReadIdentity => ({
  ok: false,
  refusal: { code, message, hint },
})
const JOIN = 'let this node join the cluster again: lvsm join TOKEN'

/** Never throws. */
export function readIdentity(stateDir: string): ReadIdentity {
  const path = join(stateDir, IDENTITY)
  const read = readRegular(path, LONGEST_IDENTITY, false)
  if (!read.ok && read.code === 'ENOENT')
    return refused(
      'no-identity',
      `this node is in no cluster: there is no ${path}`,
      'begin a cluster here (lvsm init), or join one (lvsm join TOKEN); --config FILE is for a node without coordinators',
    )
  if (!read.ok) return refused('identity-unreadable', `${path}: ${read.reason}`, JOIN)
  const [doubt] = doubtSecret(path)
  if (doubt) return refused('exposed', doubt.message, doubt.hint)
  const identity = decodeNodeIdentity(read.bytes.toString())
  if (!identity) return refused('identity-unreadable', `${path} is damaged, or of a newer lvsm`, JOIN)
  try {
    secureContext(identity)
  } catch (error) {
    return refused(
      'identity-unusable',
      `${path}: its certificate and its key are no use: ${(error as Error).message}`,
      JOIN,
    )
  }
  return { ok: true, identity }
}
