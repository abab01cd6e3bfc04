/** Who becomes a coordinator, of the nodes that ask: an operator's word, and a member more in Raft. */
import type { Refusal } from '@lvsm/base'
import { mayCoordinate } from '@lvsm/changes'
import type { Admission, Candidate, KeyFile, MemberRecord } from '@lvsm/protocol'
import type { NodeId } from '@lvsm/raft'
import { type Authority, fingerprintOfNodeKey, signCertificate } from '@lvsm/trust'
import type { Coordinator } from './coordinator.ts'

/** What a new coordinator needs of this one. */
export interface Secrets {
  /** Null: this coordinator cannot sign. */
  readonly signer: Authority | null
  /** Of the heartbeat. */
  readonly keys: readonly KeyFile[]
}

const refused = (...refusals: readonly Refusal[]): Admission => ({ kind: 'refused', refusals })

/** `node`: who asks, as its certificate proves. The same asking again has the same answer. */
export async function admit(
  { store, key, addresses, api }: Candidate,
  node: string,
  coordinator: Pick<Coordinator, 'read' | 'members' | 'add'>,
  { signer, keys }: Secrets,
): Promise<Admission> {
  // Of now: one that is behind does not know yet that an operator named this node, or that another one is no member any more.
  const read = await coordinator.read()
  if (read.kind === 'refused') return refused(read.refusal)
  const place = read.state.history.document.nodes[node]
  if (!place) return refused(strange(node))
  if (!mayCoordinate(place)) return refused(unnamed(node))
  if (!signer) return refused(NO_SIGNER)
  const print = fingerprintOfNodeKey(key)
  if (print === null) return refused(BAD_KEY)
  const record: MemberRecord = { name: node, addresses, key: print, ...(api ? { api } : {}) }
  const known = coordinator.members().find((member) => member.store === store || member.record?.name === node)
  const id = known ? idOf(known, store, record) : await added(coordinator, record, store)
  if (typeof id !== 'number') return refused(id)
  const certificate = await signCertificate(signer, { name: node, publicKey: key })
  const members = coordinator
    .members()
    .flatMap((member) =>
      member.record && member.id !== id
        ? [{ id: member.id, addresses: member.record.addresses, key: member.record.key }]
        : [],
    )
  return { kind: 'accepted', id, certificate, authorityKey: signer.privateKey, keys, members }
}

async function added(coordinator: Pick<Coordinator, 'add'>, record: MemberRecord, store: string) {
  const answer = await coordinator.add(record, store)
  if (answer.kind === 'added') return answer.id
  // It asked before, another coordinator, and this one has not heard of it yet.
  return answer.kind === 'refused' && answer.refusal.code !== 'already-member' ? answer.refusal : UNKNOWN
}

/** It asked before, and its answer was lost; or it is another. Whose record is not applied here yet is known when it is. */
function idOf(
  { id, store, record }: { readonly id: NodeId; readonly store: string; readonly record: MemberRecord | null },
  own: string,
  { name, key }: MemberRecord,
): NodeId | Refusal {
  if (store === own && record === null) return UNKNOWN
  if (store === own && record?.key === key && record.name === name) return id
  return {
    code: 'name-taken',
    message: `${record?.name ?? name} is coordinator ${id} already, with another database or another key`,
    hint: `where that one is lost for good: lvsm coordinators remove ${record?.name ?? name}, and ask again; it never comes back as the same`,
  }
}

const strange = (node: string): Refusal => ({
  code: 'unknown-node',
  message: `the configuration has no node ${node}`,
  hint: 'let it join the cluster again: lvsm token create',
})
const unnamed = (node: string): Refusal => ({
  code: 'not-named',
  field: 'coordinator',
  message: `${node} is to be no coordinator: directors are unless somebody said otherwise, and whoever was named (they can let machines in)`,
  hint: `lvsm node set ${node} coordinator=true`,
})
const BAD_KEY: Refusal = {
  code: 'bad-key',
  field: 'key',
  message: 'the key that it asks with is none',
  hint: 'remove node.key in its state directory, and let it ask again',
}
const NO_SIGNER: Refusal = {
  code: 'no-authority-key',
  message: "this coordinator does not have the authority's key, and signs nobody",
  hint: 'ask another one, or put authority.key back from a backup of this directory',
}
const UNKNOWN: Refusal = {
  code: 'unknown',
  message: 'it may have become a member, or not: the answer of the others was lost',
  hint: 'asking again is safe',
}
