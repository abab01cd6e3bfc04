/** A cluster's configuration begins: its authority, the first coordinator, and the database with the first document. */
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describeRefusal, type Refusal } from '@lvsm/base'
import { firstHalf, MODEL_VERSION, parseDocument, writtenOf } from '@lvsm/changes'
import { judge } from '@lvsm/model'
import {
  type CoordinatorHome,
  decodeNodeIdentity,
  encodeMember,
  encodeNodeIdentity,
  encodeOwnHalves,
  type Enrolment,
  LONGEST_IDENTITY,
  type NodeIdentity,
  OWN_HALVES,
  type PasswordHash,
} from '@lvsm/protocol'
import { FIRST, foundedBy } from '@lvsm/raft'
import { type Authority, fingerprintOfKey, makeAuthority, makeHalf, makeKeyPair, signCertificate } from '@lvsm/trust'
import type { Unready } from '../agent/process/directories.ts'
import { type FileRead, isThere, readRegular, replaceFile } from '../agent/process/files.ts'
import { type AsRoot, STRAIGHT } from '../agent/process/owner.ts'
import { createStore } from './adapters/store/create.ts'
import { MACHINE, NOTHING } from './core/machine.ts'
import {
  abandonedIn,
  authorityOf,
  beginsIn,
  databaseOf,
  hasBegunIn,
  isSettled,
  writeHeartbeatKeys,
  writeHome,
} from './home.ts'
import { readKeyFiles } from './key-files.ts'

export interface Founding {
  readonly stateDir: string
  /** The first document: a configuration file. */
  readonly file: string
  readonly node: string
  readonly listen: CoordinatorHome['listen']
  /** Where the identity of this node's agent is written. */
  readonly identity: string
  /** Empty: people, and machines that join, do not reach it. */
  readonly api: CoordinatorHome['listen']
  /** The first user, an administrator; null: nobody can log in before one is made. */
  readonly admin: { readonly name: string; readonly password: PasswordHash } | null
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

export const readFirst = (file: string): FileRead => readRegular(file, LONGEST_FILE, true)

/**
 * Null: done. Where it ended half-way there is no database, and it may be begun again. What is the agent's is read and written as
 * root, where this process is that.
 */
export async function found(founding: Founding, asRoot: AsRoot = STRAIGHT): Promise<Unready | null> {
  const { stateDir, file, node, listen, identity, admin, author, at } = founding
  const api = founding.api.length > 0 ? { api: founding.api } : {}
  const read = asRoot(() => readFirst(file))
  const there = refuseHome(stateDir)
  if (there) return refused(there)
  if (!read.ok) return refused({ code: 'unreadable', message: read.reason }, file)
  const parsed = parseDocument(read.bytes.toString())
  if (parsed.refusals) return faulty(parsed.refusals, file)
  const { document } = parsed
  if (!Object.hasOwn(document.nodes, node)) return refused(strange(node, Object.keys(document.nodes)), file)
  if (asRoot(() => isOfAnother(identity, stateDir))) return refused(taken(identity))
  const { config } = judge(writtenOf(document, 1))
  const secrets = asRoot(() => readKeyFiles({ keys: config?.keys ?? [] }, file))
  if (!secrets.ok) return faulty(secrets.refusals, file)
  const authority = await makeAuthority(document.cluster)
  const { privateKey, certificate, key } = await member(authority, node)
  const self: CoordinatorHome = { cluster: document.cluster, id: FIRST, node, listen, ...api, seeds: [] }
  beginsIn(stateDir)
  writeHome(stateDir, { self, certificate, privateKey, authority: authority.certificate }, authority.privateKey)
  writeHeartbeatKeys(stateDir, secrets.keys)
  const agent = await member(authority, node)
  const half = makeHalf()
  asRoot(() => {
    writeIdentity(identity, {
      cluster: document.cluster,
      node,
      certificate: agent.certificate,
      privateKey: agent.privateKey,
      authority: authority.certificate,
      coordinators: [{ addresses: listen, key }],
    })
    replaceFile(join(dirname(identity), OWN_HALVES), encodeOwnHalves([half]))
  })
  const enrolment: Enrolment = { name: node, key: agent.key, at, token: null, heartbeat: firstHalf(half.public) }
  const payload = encodeMember({
    member: { name: node, addresses: listen, key, ...api },
    founding: {
      file: writtenOf(document, 1),
      author,
      at,
      finalized: MODEL_VERSION,
      enrolment,
      ...(admin ? { admin } : {}),
    },
  })
  // Last: from then on it is there.
  const begin = () =>
    createStore(databaseOf(stateDir), MACHINE, (store) => ({ stored: foundedBy(store, payload), state: NOTHING }))
  const refusal = orWithout(begin, () => asRoot(() => rmSync(identity, { force: true })))
  if (refusal) return refused(refusal)
  hasBegunIn(stateDir)
  return null
}

/** An identity of a cluster that did not begin would keep this machine out of every other one. */
function orWithout(begin: () => Refusal | null, remove: () => void): Refusal | null {
  let refusal: Refusal | null | undefined
  try {
    refusal = begin()
    return refusal
  } finally {
    if (refusal !== null) remove()
  }
}

/** Somebody of the cluster: with a key of its own. */
async function member(authority: Authority, name: string) {
  const { privateKey, publicKey } = makeKeyPair()
  const certificate = await signCertificate(authority, { name, publicKey })
  return { privateKey, certificate, key: fingerprintOfKey(publicKey) }
}

/** An identity that a founding left which ended half-way is of the authority that it left too. */
function isOfAnother(path: string, stateDir: string): boolean {
  if (!isThere(path)) return false
  const read = readRegular(path, LONGEST_IDENTITY, false)
  const ours = readRegular(authorityOf(stateDir), LONGEST_IDENTITY, false)
  const identity = read.ok ? decodeNodeIdentity(read.bytes.toString()) : null
  return !ours.ok || identity?.authority !== ours.bytes.toString()
}
function writeIdentity(path: string, identity: NodeIdentity): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
  replaceFile(path, encodeNodeIdentity(identity))
}
const taken = (path: string): Refusal => ({
  code: 'identity-exists',
  field: '--identity',
  message: `${path} is there already: this node is in a cluster`,
  hint: 'remove it where that cluster is no more, or name another file',
})

function refuseHome(stateDir: string): Refusal | null {
  if (isSettled(stateDir))
    return {
      code: 'store-exists',
      message: `${databaseOf(stateDir)} is there already`,
      hint: 'start the coordinator with it, or name another --state-dir',
    }
  const abandoned = abandonedIn(stateDir)
  return abandoned === null ? null : abandonedHome(stateDir, abandoned)
}
const abandonedHome = (stateDir: string, path: string): Refusal => ({
  code: 'home-exists',
  message: `${path} is there, and ${databaseOf(stateDir)} is not: a cluster began here, and its database was moved away or lost`,
  hint: 'put the database back; where that cluster is no more: lvsm leave --force moves what is left of it away',
})

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
