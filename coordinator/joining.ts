/** This node becomes one of the coordinators: a database of its own, and an id that whoever leads them gives it. */
import { dirname, join } from 'node:path'
import { describeRefusal, type Refusal } from '@lvsm/base'
import {
  type Accepted,
  type Candidate,
  type CoordinatorHome,
  decodeFollowedCoordinators,
  decodeNodeIdentity,
  FOLLOWED_COORDINATORS,
  LONGEST_COORDINATORS,
  LONGEST_IDENTITY,
  type NodeIdentity,
} from '@lvsm/protocol'
import { JOINING } from '@lvsm/raft'
import { makeKeyPair, publicKeyOf } from '@lvsm/trust'
import type { Unready } from '../agent/process/directories.ts'
import { isThere, readRegular, replaceFile } from '../agent/process/files.ts'
import type { AsRoot } from '../agent/process/owner.ts'
import { doubtSecret } from '../agent/process/trust.ts'
import type { Asked, Asking } from './adapters/joining/ask.ts'
import { createStore } from './adapters/store/create.ts'
import { openStore } from './adapters/store/store.ts'
import { MACHINE, NOTHING } from './core/machine.ts'
import { databaseOf, homeFiles, isHome, LONGEST_KEY, writeHeartbeatKeys, writeHome } from './home.ts'

export interface Joining {
  readonly stateDir: string
  /** Path of the node's identity. */
  readonly identity: string
  readonly listen: CoordinatorHome['listen']
  /** Empty: people do not reach it. */
  readonly api: CoordinatorHome['listen']
}
export interface JoiningWorld {
  ask(asking: Asking): Promise<Asked>
  /** Before all of them are asked again. */
  pause(): Promise<void>
  say(text: string): void
  /** The identity is root's. */
  readonly asRoot: AsRoot
}

/** Rounds through all coordinators: with pauses of a second, longer than an election takes on the slowest machine. */
const ROUNDS = 30
/** Refusals that pass by themselves, or are another coordinator's to mend. */
const PASSING: ReadonlySet<string> = new Set(
  'not-leader no-leader transferring not-settled change-under-way not-begun busy unknown no-authority-key bug'.split(
    ' ',
  ),
)

const refused = (...refusals: readonly Refusal[]): Unready => ({
  exit: 'refused',
  faults: refusals.map((refusal) => describeRefusal(refusal)),
})

/** Null: done. It may be begun again wherever it ended: the same node asks for the same then. */
export async function joinCoordinators(joining: Joining, world: JoiningWorld): Promise<Unready | null> {
  const { stateDir, listen } = joining
  const api = joining.api.length > 0 ? { api: joining.api } : {}
  if (isHome(stateDir)) return refused(there(stateDir))
  const read = world.asRoot(() => readIdentity(joining.identity))
  if ('refusal' in read) return refused(read.refusal)
  const { identity } = read
  const asked = world.asRoot(() => coordinatorsOf(identity, joining.identity))
  const made = await storeIdentity(stateDir)
  if ('code' in made) return refused(made)
  const privateKey = ownKey(stateDir)
  const candidate: Candidate = {
    kind: 'candidate',
    store: made.store,
    key: publicKeyOf(privateKey),
    addresses: listen,
    ...api,
  }
  const accepted = await accepting({ identity, asked }, candidate, world)
  if ('faults' in accepted) return accepted
  const { id, certificate, authorityKey, keys, members } = accepted
  const self: CoordinatorHome = { cluster: identity.cluster, id, node: identity.node, listen, ...api, seeds: members }
  writeHeartbeatKeys(stateDir, keys)
  writeHome(stateDir, { self, certificate, privateKey, authority: identity.authority }, authorityKey)
  return null
}

async function accepting(
  { identity, asked }: { readonly identity: NodeIdentity; readonly asked: NodeIdentity['coordinators'] },
  candidate: Candidate,
  { ask, pause, say }: JoiningWorld,
): Promise<Accepted | Unready> {
  let last: readonly string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) await pause()
    const said: string[] = []
    for (const { addresses, key } of asked) {
      for (const address of addresses) {
        const answer = await ask({ address, key, identity, candidate })
        if (answer.kind === 'accepted') return answer
        if (answer.kind === 'refused' && !answer.refusals.some(({ code }) => PASSING.has(code)))
          return refused(...answer.refusals)
        said.push(`${address.host}:${address.port}: ${reasonOf(answer)}`)
        // It answered: its other addresses would say the same.
        if (answer.kind === 'refused') break
      }
    }
    if (said.join() !== last.join()) for (const line of said) say(`not yet: ${line}`)
    last = said
  }
  return { exit: 'world', faults: ['no coordinator took this one in; asking again is safe', ...last] }
}

const reasonOf = (answer: Exclude<Asked, Accepted>): string =>
  answer.kind === 'silent' ? answer.reason : answer.refusals.map(({ message }) => message).join('; ')

function readIdentity(path: string): { readonly identity: NodeIdentity } | { readonly refusal: Refusal } {
  const hint = 'let this node join the cluster first: lvsm join TOKEN'
  const read = readRegular(path, LONGEST_IDENTITY, true)
  if (!read.ok) return { refusal: { code: 'no-identity', message: `${path}: ${read.reason}`, hint } }
  const [doubt] = doubtSecret(path)
  if (doubt) return { refusal: { code: 'exposed', ...doubt } }
  const identity = decodeNodeIdentity(read.bytes.toString())
  if (identity) return { identity }
  return { refusal: { code: 'no-identity', message: `${path} is damaged, or of a newer lvsm`, hint } }
}

/**
 * Whom to ask. Those that its agent heard of last come first: those of its identity were there when this node joined, and may all be
 * gone, or be the one that was here.
 */
function coordinatorsOf({ coordinators }: NodeIdentity, path: string): NodeIdentity['coordinators'] {
  const read = readRegular(join(dirname(path), FOLLOWED_COORDINATORS), LONGEST_COORDINATORS, false)
  const followed = (read.ok && decodeFollowedCoordinators(read.bytes.toString())) || []
  const first = followed.map(({ addresses, key }) => ({ addresses, key }))
  return [...first, ...coordinators.filter(({ key }) => !first.some((one) => one.key === key))]
}

/** Of the database, which is made where there is none: an empty one that an earlier try left is as good. */
async function storeIdentity(stateDir: string): Promise<{ readonly store: string } | Refusal> {
  const path = databaseOf(stateDir)
  if (!isThere(path)) {
    const refusal = createStore(path, MACHINE, () => ({ stored: JOINING, state: NOTHING }))
    if (refusal) return refusal
  }
  const opened = await openStore({ path, machine: MACHINE })
  if (!opened.ok) return opened.refusal
  const { identity, content } = opened.store
  await opened.store.close()
  return content.entries.length === 0 && content.lastApplied === 0 ? { store: identity } : there(stateDir)
}

/** The key that an earlier try left is as good: the same node asks for the same. */
function ownKey(stateDir: string): string {
  const path = join(stateDir, homeFiles.privateKey)
  const read = readRegular(path, LONGEST_KEY, false)
  if (read.ok) return read.bytes.toString()
  const { privateKey } = makeKeyPair()
  replaceFile(path, privateKey)
  return privateKey
}

const there = (stateDir: string): Refusal => ({
  code: 'store-exists',
  message: `${stateDir} has a coordinator already`,
  hint: 'start lvsm-coordinator with it, or name another --state-dir',
})
