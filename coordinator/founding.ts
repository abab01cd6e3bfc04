/** A cluster's configuration begins: its authority, the first coordinator, and the database with the first document. */
import { describeRefusal, type Refusal } from '@lvsm/base'
import { MODEL_VERSION, parseDocument, writtenOf } from '@lvsm/changes'
import { judge } from '@lvsm/model'
import { type CoordinatorHome, encodeMember } from '@lvsm/protocol'
import { FIRST, foundedBy } from '@lvsm/raft'
import { fingerprintOf, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import type { Unready } from '../agent/process/directories.ts'
import { readRegular } from '../agent/process/files.ts'
import { createStore } from './adapters/store/create.ts'
import { MACHINE, NOTHING } from './core/machine.ts'
import { databaseOf, isSettled, writeHeartbeatKeys, writeHome } from './home.ts'
import { readKeyFiles } from './key-files.ts'

export interface Founding {
  readonly stateDir: string
  /** The first document: a configuration file. */
  readonly file: string
  readonly node: string
  readonly listen: CoordinatorHome['listen']
  /** Empty: people, and machines that join, do not reach it. */
  readonly api: CoordinatorHome['listen']
  readonly author: string
  /** Milliseconds of the wall clock. */
  readonly at: number
}

/** Bytes, as of a configuration file. */
const LONGEST_FILE = 2 << 20

const refused = (refusal: Refusal, source?: string): Unready => ({
  exit: 'refused',
  faults: [`${describeRefusal(refusal, source)}; nothing was changed`],
})

/** Null: done. Where it ended half-way there is no database, and it may be begun again. */
export async function found(founding: Founding): Promise<Unready | null> {
  const { stateDir, file, node, listen, author, at } = founding
  const api = founding.api.length > 0 ? { api: founding.api } : {}
  if (isSettled(stateDir)) {
    const message = `${databaseOf(stateDir)} is there already`
    return refused({
      code: 'store-exists',
      message,
      hint: 'start the coordinator with it, or name another --state-dir',
    })
  }
  const read = readRegular(file, LONGEST_FILE, true)
  if (!read.ok) return refused({ code: 'unreadable', message: read.reason }, file)
  const parsed = parseDocument(read.bytes.toString())
  if (parsed.refusals) return faulty(parsed.refusals, file)
  const { document } = parsed
  if (!document.nodes[node]) return refused(strange(node, Object.keys(document.nodes)), file)
  const { config } = judge(writtenOf(document, 1))
  const secrets = readKeyFiles({ keys: config?.keys ?? [] }, file)
  if (!secrets.ok) return faulty(secrets.refusals, file)
  const authority = await makeAuthority(document.cluster)
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(authority, { name: node, publicKey })
  const self: CoordinatorHome = { cluster: document.cluster, id: FIRST, node, listen, ...api, seeds: [] }
  writeHome(stateDir, { self, certificate, privateKey, authority: authority.certificate }, authority.privateKey)
  writeHeartbeatKeys(stateDir, secrets.keys)
  const payload = encodeMember({
    member: { name: node, addresses: listen, key: fingerprintOf(certificate), ...api },
    founding: { file: writtenOf(document, 1), author, at, finalized: MODEL_VERSION },
  })
  // Last: from then on it is there.
  const refusal = createStore(databaseOf(stateDir), MACHINE, (identity) => ({
    stored: foundedBy(identity, payload),
    state: NOTHING,
  }))
  return refusal && refused(refusal)
}

const faulty = (refusals: readonly Refusal[], file: string): Unready => ({
  exit: 'refused',
  faults: [...refusals.map((refusal) => describeRefusal(refusal, file)), 'nothing was changed'],
})

const strange = (node: string, names: readonly string[]): Refusal => ({
  code: 'unknown-node',
  field: '--node',
  message: `there is no node ${node} in the configuration`,
  hint: `it has ${names.join(', ')}`,
})
