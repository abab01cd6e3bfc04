/** The reconciler of one node: `step(input, now)` puts effects out, in order; `status` and `events` answer at any time. */
import { earlier, type Instant } from '@lvsm/base'
import { type Config, type Events, type FenceReport, type NodeView, nodeView, type Status } from '@lvsm/model'
import { describeOperation, type Observed, type OwnedRecord } from '@lvsm/plan'
import { createChecks } from './checks.ts'
import { createCommands } from './commands.ts'
import type { Desk } from './desk.ts'
import type { NodeEffect, NodeInput } from './events.ts'
import { type ObservedFenceTable, reportFence } from './fence.ts'
import { createHandovers } from './handover.ts'
import { createHistory } from './history.ts'
import { createLeaseLink } from './lease-link.ts'
import { createMoves } from './moves.ts'
import { holds } from './ownership.ts'
import { createPeers } from './peers.ts'
import { Pings } from './pings.ts'
import { askOthers, nextAsking } from './probing.ts'
import { createReconciler } from './reconcile.ts'
import { reportStatus, type Sources } from './report.ts'
import { createRhythm, LOOK_IN } from './rhythm.ts'
import { createTelling } from './telling.ts'
import { createTroubles } from './troubles.ts'
import { readWord, type Word } from './words.ts'

export interface NodeOptions {
  readonly config: Config
  /** Key id → hexadecimal digits, for keys whose secret stands in a file. */
  readonly secrets: ReadonlyMap<number, string>
  readonly record: OwnedRecord
  /** Different at every start. */
  readonly boot: string
  readonly startedAt: Instant
  /** ISO 8601 for people to read; nothing is decided by it. */
  readonly wall: (at: Instant) => string
}
export interface NodeCore {
  step(input: NodeInput, now: Instant): readonly NodeEffect[]
  status(now: Instant): Status
  events(): Events
  fence(tables: readonly ObservedFenceTable[], now: Instant): FenceReport
}

/** Inputs after which, by themselves, there is nothing new to say. */
const QUIET: ReadonlySet<NodeInput['kind']> = new Set(['wake', 'checked', 'pinged', 'ping-answered'])

export function createNodeCore(options: NodeOptions): NodeCore {
  const { config } = options
  const view: NodeView = nodeView(config, config.node) as NodeView
  let effects: NodeEffect[] = []
  const emit = (effect: NodeEffect): void => void effects.push(effect)
  const log = (text: string): void => emit({ kind: 'log', text })
  let clock = options.startedAt
  /** Logged at the last look: what is tried again every second is said once. */
  let done: ReadonlySet<string> = new Set()

  const rhythm = createRhythm(options.startedAt)
  const lease = createLeaseLink()
  const checks = createChecks(view.services)
  const peers = createPeers()
  const history = createHistory()
  const reconciler = createReconciler(config, view, checks, options.record, emit)
  const desk: Desk = {
    config,
    view,
    boot: options.boot,
    emit,
    checks,
    peers,
    pings: new Pings(view.directs, options.startedAt),
    reconciler,
    status: () => lease.status(clock),
  }
  const moves = createMoves(desk)
  const handovers = createHandovers(desk)
  const commands = createCommands(desk, moves)
  const telling = createTelling(desk, options.secrets, history, options.wall)
  const troubles = createTroubles(desk, lease.fault)

  const note = (now: Instant, group: string, kind: string, number: number, reason: string): void => {
    history.add({ at: options.wall(now), node: config.node, group, kind, number, reason })
    rhythm.news(now)
  }

  function circumstances() {
    const own = (desk.status()?.groups ?? []).filter(holds)
    return {
      owned: new Set(own.map((group) => group.name)),
      quiescing: moves.quiescing(),
      handover: handovers.current(),
      forgetting: handovers.forgetting(),
    }
  }

  function observed(seen: Observed, now: Instant): void {
    rhythm.looked(now)
    if (moves.draining()) rhythm.look(now, LOOK_IN.drainingMs)
    const repairs = new Set(reconciler.look(seen, circumstances(), now))
    const lines = reconciler
      .pending()
      .map((operation) => `${repairs.has(operation) ? 'repairs' : 'does'}: ${describeOperation(operation)}`)
    for (const line of lines) if (!done.has(line)) log(line)
    // The kernel is as it should be again: the others see its table by our word. A move has better things to do.
    if (done.size > 0 && lines.length === 0 && !moves.draining()) rhythm.news(now)
    done = new Set(lines)
    for (const operation of repairs) {
      const reason = `somebody changed the kernel: ${describeOperation(operation)}`
      note(now, reconciler.groupOf(operation), 'repaired', 0, reason)
    }
    if (reconciler.sysctls().some((path) => !seen.sysctls.has(path))) rhythm.look(now)
    else handovers.looked(!reconciler.pending().some((operation) => operation.kind === 'guard'))
    if (lease.connected()) telling.view(seen)
    moves.step(now)
  }
  const sources = (now: Instant): Sources => {
    const present = troubles.all(now)
    return {
      config,
      status: desk.status(),
      observed: reconciler.observed(),
      checks,
      peers,
      pings: desk.pings,
      own: telling.saying(present),
      troubles: present,
    }
  }

  function hear(from: string, word: Word, now: Instant): void {
    switch (word.w) {
      case 'state':
        peers.state(from, word, now)
        return history.heard(from, word.events)
      case 'more':
        peers.ready(from, word.ready, now)
        return history.heard(from, word.events)
      case 'table':
        return peers.table(from, word, now)
      case 'ask':
        commands.asked(from, word, now)
        return moves.draining() ? rhythm.look(now) : undefined
      case 'reply':
        return commands.replied(from, word)
      case 'prepare':
        handovers.prepare(word.group, from, word.id, now)
        return rhythm.look(now)
      case 'prepared':
        moves.prepared(word.id)
        return moves.step(now)
    }
  }

  function take(input: NodeInput, now: Instant): void {
    switch (input.kind) {
      case 'wake':
        return
      case 'observed':
        return observed(input.observed, now)
      case 'observe-failed':
        rhythm.looked(now)
        return reconciler.unread(input.error)
      case 'changed':
        return rhythm.look(now, LOOK_IN.settledMs)
      case 'applied':
        reconciler.failed(input.failures)
        // What failed is tried again at the next look; what went well is seen to stand soon.
        if (input.failures.length > 0) return
        handovers.looked(true)
        return rhythm.look(now, handovers.forgetting().size > 0 ? 0 : LOOK_IN.verifyMs)
      case 'checked': {
        const verdict = checks.checked(input.id, { ok: input.ok, reason: input.reason })
        if (verdict) {
          log(`${verdict.kind}: ${verdict.reason}`)
          note(now, verdict.group, verdict.kind, 0, verdict.reason)
        }
        if (verdict || checks.fresh()) rhythm.look(now)
        return
      }
      case 'pinged':
        return desk.pings.sent(input.unsent)
      case 'ping-answered':
        return desk.pings.answered(input.address, input.round)
      case 'lease-up':
        lease.up(now)
        telling.forget()
        log('connected to the lease process')
        return rhythm.look(now)
      case 'lease-down':
        if (lease.down(input.reason)) log(`lost the lease process: ${input.reason}`)
        telling.forget()
        return
      case 'lease-status':
        if (lease.heard(input.status, now)) rhythm.look(now, LOOK_IN.movedMs)
        return moves.step(now)
      case 'lease-event': {
        const { group, kind, number, reason } = input.event
        note(now, group, kind, number, reason)
        if (kind !== 'note') rhythm.look(now, LOOK_IN.movedMs)
        return moves.event(input.event, now)
      }
      case 'word': {
        const word = readWord(input.text)
        return word ? hear(input.from, word, now) : undefined
      }
      case 'request':
        commands.request(input.request, (code, body) => emit({ kind: 'reply', id: input.id, status: code, body }), now)
        return moves.draining() ? rhythm.look(now) : undefined
      case 'trouble':
        return troubles.report(input.source, input.trouble)
    }
  }

  /** What is due at `now`, whatever came in. */
  function proceed(input: NodeInput, now: Instant): void {
    moves.step(now)
    handovers.step(now)
    commands.step(now)
    if (rhythm.takeLook(now)) emit({ kind: 'observe', sysctls: reconciler.sysctls() })
    askOthers(desk, now)
    const pinged = desk.pings.takeVerdicts()
    for (const { address, reached, reason } of pinged)
      note(now, '', reached ? 'recovered' : 'failed', 0, `ping node ${address}: ${reason}`)
    // A result that changes something asks for a look; until then there is nothing new to say.
    if (pinged.length > 0 || !QUIET.has(input.kind)) {
      telling.ready(false)
      if (telling.news(troubles.all(now))) rhythm.news(now)
    }
    if (rhythm.takeTell(now)) {
      const present = troubles.all(now)
      troubles.show(present)
      telling.tell(present, now)
    }
    const wishes = [rhythm.nextAt(), ...nextAsking(desk), moves.nextAt(now), handovers.nextAt(), commands.nextAt(now)]
    emit({ kind: 'wake', at: wishes.filter((at) => at !== null).reduce(earlier) })
  }

  return {
    step(input, now) {
      effects = []
      clock = now
      take(input, now)
      proceed(input, now)
      return effects
    },
    status: (now) => reportStatus(sources(now), now),
    events: () => ({ events: history.all() }),
    fence: (tables, now) => reportFence(config, tables, lease.fault(now)),
  }
}
