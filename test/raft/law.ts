/**
 * What must hold at every step, judged by what the databases really hold and what the nodes really say (paper, figure 3).
 * It shares no decision with the core: majorities are counted here.
 */
import type { Effect, Entry, Message, NodeId, Persist, Snapshot } from '@lvsm/raft'
import type { Host } from './host.ts'
import type { Content } from './store.ts'

export class Violation extends Error {
  override name = 'Violation'
}
const demand = (holds: boolean, law: string): void => {
  if (!holds) throw new Violation(law)
}

interface Memory {
  boot: number
  commitIndex: number
  term: number
  leads: boolean
}

export class Law {
  /** Every database there ever was, by identity. */
  readonly #contents: (identity: string) => Content | undefined
  readonly #leaders = new Map<number, NodeId>()
  readonly #votes = new Map<string, NodeId>()
  readonly #entries = new Map<string, string>()
  /** By index: term of what is committed, and the term in which somebody said so first. */
  readonly committed = new Map<number, { readonly term: number; readonly saidIn: number }>()
  readonly #digests = new Map<number, number>()
  readonly #memories = new Map<Host, Memory>()
  asked = 0

  constructor(contents: (identity: string) => Content | undefined) {
    this.#contents = contents
  }

  stepped(host: Host): void {
    this.asked += 1
    const { raft, boot } = host
    if (!raft) return
    const { state } = raft
    demand(!state.dropped.impossible, `${host.name} was told something impossible`)
    let memory = this.#memories.get(host)
    if (memory?.boot !== boot) {
      memory = { boot, commitIndex: host.content.lastApplied, term: 0, leads: false }
      this.#memories.set(host, memory)
    }
    demand(state.currentTerm >= memory.term, `${host.name}: its term fell`)
    memory.term = state.currentTerm
    const leads = state.role === 'leader'
    if (leads && !memory.leads) this.#elected(host, state.currentTerm)
    memory.leads = leads
    demand(state.commitIndex >= memory.commitIndex, `${host.name}: its commit index fell`)
    if (state.commitIndex > memory.commitIndex) this.#commits(host, memory.commitIndex + 1, state.commitIndex)
    memory.commitIndex = state.commitIndex
  }

  /** Election safety and leader completeness. */
  #elected(host: Host, term: number): void {
    const other = this.#leaders.get(term)
    demand(other === undefined || other === host.id, `${host.id} and ${other} were elected in term ${term}`)
    this.#leaders.set(term, host.id)
    demand(mayLead(host), `${host.id} leads term ${term}, and is no voter`)
    // Of what was committed in terms before: a vote may be counted so late that a later term has gone on meanwhile.
    for (const [index, committed] of this.committed) {
      const own = termIn(host, index)
      demand(
        committed.saidIn >= term || own === committed.term || own === 'compacted',
        `${host.id} leads term ${term} without entry ${index} of term ${committed.term}, committed in ${committed.saidIn}`,
      )
    }
  }

  /** State-machine safety, and that what is called committed is on the disks of a majority. */
  #commits(host: Host, first: number, last: number): void {
    for (let index = first; index <= last; index++) {
      const term = termIn(host, index)
      if (typeof term !== 'number') continue
      const known = this.committed.get(index)?.term
      demand(known === undefined || known === term, `${host.name} commits entry ${index} of term ${term}, not ${known}`)
      if (known !== undefined) continue
      this.committed.set(index, { term, saidIn: host.raft?.state.currentTerm ?? 0 })
      this.#durable(host, index, term)
      if (index === last) this.#counted(host, index, term)
    }
  }

  /** Of what nobody called committed before: it ends with an entry of the term in which that is said (paper, 5.4.2). */
  #counted(host: Host, index: number, term: number): void {
    const now = host.raft?.state.currentTerm
    demand(term === now, `${host.name} calls entry ${index} of term ${term} committed, by counting in term ${now}`)
  }

  #durable(host: Host, index: number, term: number): void {
    const { log } = host.raft?.state ?? {}
    const members = log?.memberships.at(-1)?.membership.members ?? log?.snapshot.membership.members ?? []
    const voters = members.filter(({ role }) => role === 'voter')
    const holding = voters.filter(({ store }) => {
      const content = this.#contents(store)
      return content && holds(content, index, term)
    })
    demand(
      holding.length * 2 > voters.length,
      `${host.name} calls entry ${index} committed: ${holding.length} of ${voters.length} voters have it on disk`,
    )
  }

  /** Log matching: an index and a term name one entry, and one before it. */
  transacted(identity: string, content: Content, persist: Persist): void {
    for (const entry of persist.append) this.#appended(content, entry)
    const { machine } = content
    const known = this.#digests.get(machine.index)
    demand(
      known === undefined || known === machine.digest,
      `${identity}: its state as of entry ${machine.index} is another one`,
    )
    this.#digests.set(machine.index, machine.digest)
  }
  #appended({ entries, snapshot }: Content, entry: Entry): void {
    const at = entries.findIndex(({ index }) => index === entry.index)
    if (at < 0) return
    const before: Entry | Snapshot = entries[at - 1] ?? snapshot
    const text = `${before.term} ${JSON.stringify(entry)}`
    const key = `${entry.index} ${entry.term}`
    const known = this.#entries.get(key)
    demand(known === undefined || known === text, `entry ${key} is ${known} and ${text}`)
    this.#entries.set(key, text)
  }

  happened(host: Host, effect: Effect): void {
    if (effect.kind === 'send') this.#said(host, effect.message)
  }
  /** A vote that is told is on disk, and is the only one of its term. */
  #said(host: Host, message: Message): void {
    if (message.kind !== 'request-vote-response' || !message.granted) return
    const key = `${message.term} ${host.store.identity}`
    const other = this.#votes.get(key)
    demand(other === undefined || other === message.to, `${host.id} voted twice in term ${message.term}`)
    this.#votes.set(key, message.to)
  }
}

/** A voter by its log, or by what is committed of it. */
function mayLead({ raft, id }: Host): boolean {
  const { log, commitIndex } = raft?.state ?? {}
  if (!log || commitIndex === undefined) return false
  const committed = log.memberships.findLast(({ index }) => index <= commitIndex)?.membership ?? log.snapshot.membership
  const inForce = log.memberships.at(-1)?.membership ?? log.snapshot.membership
  return [committed, inForce].some(({ members }) => members.some((one) => one.id === id && one.role === 'voter'))
}

function termIn({ raft }: Host, index: number): number | 'compacted' | undefined {
  const { log } = raft?.state ?? {}
  if (!log) return undefined
  if (index < log.snapshot.index) return 'compacted'
  return index === log.snapshot.index ? log.snapshot.term : log.entries[index - log.snapshot.index - 1]?.term
}

function holds({ snapshot, entries }: Content, index: number, term: number): boolean {
  return index <= snapshot.index || entries[index - snapshot.index - 1]?.term === term
}
