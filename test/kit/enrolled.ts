/** A node that came in by a token: its identity, and the entries that say so in the log. */
import { createHash, randomBytes } from 'node:crypto'
import type { MemberRecord, NodeIdentity } from '@lvsm/protocol'
import { type Authority, fingerprintOfKey, makeKeyPair, signCertificate } from '@lvsm/trust'
import type { Configuration } from '../../coordinator/configuration.ts'

/** The configuration has the node. */
export async function enrolled(
  configuration: Pick<Configuration, 'write'>,
  authority: Authority,
  cluster: string,
  node: string,
  coordinators: readonly Pick<MemberRecord, 'addresses' | 'key'>[],
): Promise<NodeIdentity> {
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(authority, { name: node, publicKey })
  const id = randomBytes(4).toString('hex')
  const digest = createHash('sha256').update(id).digest('hex')
  const terms = { id, digest, uses: 1, until: 9e15, node, roles: [] }
  const key = fingerprintOfKey(publicKey)
  for (const entry of [
    { kind: 'token', author: 'root', at: 1, ...terms },
    { kind: 'enrol', at: 1, id, digest, name: node, key, node: null, model: 1 },
  ] as const) {
    const written = await configuration.write(entry)
    if (written.kind !== 'done' || written.outcome.kind === 'refused') throw new Error(JSON.stringify(written))
  }
  return { cluster, node, certificate, privateKey, authority: authority.certificate, coordinators: [...coordinators] }
}
