/** What operators ask: done here, or passed on to the node that it is about. */
import { after, between, type Instant } from '@lvsm/base'
import { type StandbyReport, type StandbyRequest, type SwitchoverRequest, suggest } from '@lvsm/model'
import type { Desk, Done } from './desk.ts'
import type { NodeRequest } from './events.ts'
import type { Moves } from './moves.ts'
import { writeReply } from './packing.ts'
import { type AskWord, type ReplyWord, refused } from './words.ts'

const REPEAT_MS = 400
/** Longer than the longest command of the other node may take. */
const GIVE_UP_MS = 12_000
const STANDBY_MS = 2000
/** Answers that are kept for a repeated question. */
const LONGEST_MEMORY = 64

interface Ask {
  readonly to: string
  readonly text: string
  readonly since: Instant
  sentAt: Instant
  readonly done: Done
}
interface StandbyWait {
  readonly on: boolean
  readonly since: Instant
  readonly done: Done
}
export interface Commands {
  request(request: NodeRequest, done: Done, now: Instant): void
  asked(from: string, word: AskWord, now: Instant): void
  replied(from: string, word: ReplyWord): void
  step(now: Instant): void
  nextAt(now: Instant): Instant | null
}

export function createCommands(desk: Desk, moves: Moves): Commands {
  const { node } = desk.config
  const asks = new Map<string, Ask>()
  const answers = new Map<string, { status: number; body: unknown } | null>()
  const waits = new Set<StandbyWait>()
  let count = 0

  function passOn(to: string, request: NodeRequest, done: Done, now: Instant): void {
    const id = `${desk.boot}-ask-${++count}`
    const text = JSON.stringify({ w: 'ask', id, request })
    asks.set(id, { to, text, since: now, sentAt: now, done })
    desk.emit({ kind: 'word', to, text })
  }

  function switchover(body: SwitchoverRequest, done: Done, now: Instant, mayPass: boolean): void {
    const status = desk.status()
    const known = status?.groups.find((entry) => entry.name === body.group)
    const exists = desk.config.groups.some((entry) => entry.name === body.group)
    if (!exists || known?.role === 'owner')
      return moves.begin(body.group, body.to, 'switchover by an operator', done, now)
    if (!status)
      return done(
        503,
        refused(
          'no-lease-process',
          'the lease process of this node does not answer',
          'start lvsm-lease, or ask another node',
        ),
      )
    const owner = known?.owner ?? null
    if (owner === null)
      return done(
        409,
        refused(
          'nobody-owns',
          `nobody owns group ${body.group} now: ${known?.reason ?? ''}`,
          'there is nothing to hand over; see lvsm status',
        ),
      )
    if (body.to === owner) return done(409, refused('is-owner', `${owner} owns ${body.group} already`, 'nothing to do'))
    if (!mayPass || owner === node)
      return done(409, refused('moving', `group ${body.group} is moving`, 'wait a moment and look: lvsm status'))
    passOn(owner, { verb: 'switchover', body }, done, now)
  }

  function standby(body: StandbyRequest, done: Done, now: Instant, mayPass: boolean): void {
    const name = body.name ?? node
    const names = desk.config.nodes.map((entry) => entry.name)
    if (!names.includes(name))
      return done(404, refused('unknown-node', `there is no node "${name}"`, suggest(name, names, 'nodes')))
    if (name !== node)
      return mayPass
        ? passOn(name, { verb: 'standby', body: { ...body, name } }, done, now)
        : done(409, refused('wrong-node', `this is ${node}`, ''))
    if (!desk.status())
      return done(
        503,
        refused('no-lease-process', 'the lease process of this node does not answer', 'start lvsm-lease first'),
      )
    const owned = body.on ? (desk.status()?.groups.filter((group) => group.role === 'owner') ?? []) : []
    vacate(
      owned.map((group) => group.name),
      done,
      now,
      () => {
        desk.emit({ kind: 'standby', on: body.on, reason: 'by an operator' })
        waits.add({ on: body.on, since: now, done })
      },
    )
  }

  /** Hands over one group after the other; a refusal ends it. */
  function vacate(groups: readonly string[], done: Done, now: Instant, then: () => void): void {
    const [first, ...rest] = groups
    if (first === undefined) return then()
    moves.begin(
      first,
      undefined,
      'standby by an operator',
      (status, body) => (status === 200 ? vacate(rest, done, now, then) : done(status, body)),
      now,
    )
  }

  const carryOut = (request: NodeRequest, done: Done, now: Instant, mayPass: boolean): void =>
    request.verb === 'switchover'
      ? switchover(request.body, done, now, mayPass)
      : standby(request.body, done, now, mayPass)

  return {
    request: (request, done, now) => carryOut(request, done, now, true),
    asked(from, word, now) {
      const key = `${from} ${word.id}`
      const reply = (answer: { status: number; body: unknown }): void =>
        desk.emit({ kind: 'word', to: from, text: writeReply(word.id, answer) })
      const known = answers.get(key)
      if (known !== undefined) return known === null ? undefined : reply(known)
      answers.set(key, null)
      for (const old of [...answers.keys()].slice(0, -LONGEST_MEMORY)) answers.delete(old)
      carryOut(
        word.request,
        (status, body) => {
          answers.set(key, { status, body })
          reply({ status, body })
        },
        now,
        false,
      )
    },
    replied(from, word) {
      const ask = asks.get(word.id)
      if (!ask || ask.to !== from) return
      asks.delete(word.id)
      ask.done(word.status, word.body)
    },
    step(now) {
      for (const [id, ask] of asks) {
        if (between(ask.since, now) >= GIVE_UP_MS) {
          asks.delete(id)
          ask.done(
            504,
            refused(
              'no-answer',
              `the agent of ${ask.to} did not answer`,
              `it may have been carried out: see lvsm status; run it on ${ask.to} itself`,
            ),
          )
        } else if (between(ask.sentAt, now) >= REPEAT_MS) {
          ask.sentAt = now
          desk.emit({ kind: 'word', to: ask.to, text: ask.text })
        }
      }
      for (const wait of waits) {
        const report: StandbyReport = { node, standby: wait.on }
        if (desk.status()?.standby === wait.on) wait.done(200, report)
        else if (between(wait.since, now) < STANDBY_MS + desk.config.timing.termMs) continue
        else wait.done(504, refused('no-answer', 'the lease process did not confirm it', 'see lvsm status'))
        waits.delete(wait)
      }
    },
    nextAt: (now) => (asks.size + waits.size > 0 ? after(now, REPEAT_MS / 4) : null),
  }
}
