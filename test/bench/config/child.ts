/** One coordinator as a process of its own: with a database in a directory, TLS to the others, and its API on a unix socket. */
import { once } from 'node:events'
import { join } from 'node:path'
import { seededRandom } from '@lvsm/base'
import { MODEL_VERSION, parseDocument, writtenOf } from '@lvsm/changes'
import { boottime, createAlarm } from '@lvsm/kernel'
import { encodeMember } from '@lvsm/protocol'
import { DEFAULTS, FIRST, foundedBy, JOINING, type NodeId } from '@lvsm/raft'
import { serveApi } from '../../../coordinator/adapters/api/api.ts'
import { openLinks } from '../../../coordinator/adapters/links/open.ts'
import { linkOptions, type NodeIdentity } from '../../../coordinator/adapters/links/options.ts'
import { createStore } from '../../../coordinator/adapters/store/create.ts'
import { openStore } from '../../../coordinator/adapters/store/store.ts'
import { Coordinator } from '../../../coordinator/coordinator.ts'
import { LIMITS } from '../../../coordinator/core/events.ts'
import { MACHINE, NOTHING } from '../../../coordinator/core/machine.ts'
import { hostOf } from '../../kit/configuration.ts'
import type { LinksHeard, LinksPort, Peer } from '../../../coordinator/ports.ts'

/** Everything that it is to be. */
export interface Setting {
  readonly directory: string
  readonly name: string
  readonly identity: NodeIdentity
  readonly record: Omit<Peer, 'id'>
  /** Text of the first document; null: it joins. */
  readonly document: string | null
}
export type Order =
  | { readonly kind: 'make'; readonly setting: Setting }
  /** The same once more, after it was killed. */
  | { readonly kind: 'again'; readonly setting: Setting }
  | { readonly kind: 'start'; readonly id: NodeId; readonly seeds: readonly Peer[] }
  | {
      readonly kind: 'add'
      readonly member: { name: string; addresses: Peer['addresses']; key: string }
      readonly store: string
    }
  /** Nothing comes in from the others and nothing goes out to them, until it is said that something does. */
  | { readonly kind: 'cut'; readonly off: boolean }
  | { readonly kind: 'status' }

let setting: Setting | null = null
let coordinator: Coordinator | null = null
let isCut = false
const fail = (reason: string): never => {
  throw new Error(reason)
}

function make(made: Setting): { store: string } {
  setting = made
  let store = ''
  const { document, record, name, directory } = made
  const parsed = document === null ? null : (parseDocument(document).document ?? fail('the document has faults'))
  const refusal = createStore(join(directory, 'db'), MACHINE, (identity) => {
    store = identity
    if (!parsed) return { stored: JOINING, state: NOTHING }
    const founding = { file: writtenOf(parsed, 1), author: 'bench', at: 1, finalized: MODEL_VERSION }
    return { stored: foundedBy(identity, encodeMember({ member: { name, ...record }, founding })), state: NOTHING }
  })
  return refusal ? fail(refusal.message) : { store }
}

async function start(id: NodeId, seeds: readonly Peer[]): Promise<null> {
  const { directory, identity, record, document } = setting ?? fail('it is not made')
  const opened = await openStore({ path: join(directory, 'db'), machine: MACHINE })
  if (!opened.ok) return fail(opened.refusal.message)
  let hearing: LinksHeard | null = null
  const linked = await openLinks({
    id,
    identity,
    listen: record.addresses,
    heard: {
      heard: (message) => isCut || hearing?.heard(message),
      removed: (by) => isCut || hearing?.removed(by),
      snapshot: (...words) => isCut || hearing?.snapshot(...words),
    },
    options: linkOptions(DEFAULTS.electionMs),
    random: seededRandom(id),
    told: { count: () => undefined, trouble: () => undefined },
  })
  if (!linked.ok) return fail(linked.refusal.message)
  coordinator = new Coordinator(
    {
      id: document === null ? id : FIRST,
      store: opened.store,
      settings: DEFAULTS,
      limits: LIMITS,
      seeds,
      boot: String(process.pid),
      withhold: () => null,
      openLinks: (heard) => {
        hearing = heard
        return cuttable(linked.links)
      },
    },
    {
      clock: boottime,
      wallClock: () => Date.now(),
      random: seededRandom(process.pid),
      alarm: (ring) => createAlarm(boottime, ring),
      say: () => undefined,
      fail,
    },
  )
  const events = {
    failed: (error: Error) => fail(error.message),
    mayAgain: () => true,
    say: () => undefined,
    crashed: (error: unknown) => console.error(error),
  }
  serveApi({
    path: join(directory, 'api'),
    configuration: coordinator,
    host: hostOf(),
    wallClock: () => Date.now(),
    backup: async () => ({ ok: false, reason: 'nobody asks' }),
    takeSecrets: () => ({ refusals: [] }),
    events,
  })
  return null
}

const cuttable = (links: LinksPort): LinksPort => ({
  know: (...words) => links.know(...words),
  send: (message) => void (isCut || links.send(message)),
  sendSnapshot: (message, state, done) =>
    isCut ? void setImmediate(done, false) : links.sendSnapshot(message, state, done),
  close: (closed) => links.close(closed),
})

async function follow(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'make':
      return make(order.setting)
    case 'again':
      setting = order.setting
      return null
    case 'start':
      return start(order.id, order.seeds)
    case 'add':
      return coordinator?.add(order.member, order.store)
    case 'cut':
      isCut = order.off
      return null
    case 'status': {
      const raft = coordinator?.status().raft
      return (
        raft && {
          role: raft.role,
          term: raft.term,
          membership: raft.membership,
          revision: coordinator?.known()?.config.revision,
        }
      )
    }
  }
}

process.on('message', (order: Order) => {
  void follow(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
await once(process, 'disconnect')
process.exit(0)
