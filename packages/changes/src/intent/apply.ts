/** Drain, stop, standby, and their end: validated and carried out by one function, as changes of the configuration are. */
import type { Refusal, Warning } from '@lvsm/base'
import type { Fact, Facts, Intent, IntentCommand, Subject } from '@lvsm/protocol'
import { type Config, harmless, MOST_SHOWN, suggest } from '@lvsm/model'
import { refused, type Refused } from '../command/command.ts'
import { refuseVersion } from '../command/version.ts'
import { refuseText } from '../revision/comment.ts'
import { changeFacts, factAbout, INTENTS, subjectText } from './facts.ts'
import { lossOf, refusalsOf, warningsOf } from './consequences.ts'
import { refuseWeightZero } from './weight-zero.ts'

export interface IntentContext {
  readonly finalized: number
  readonly author: string
  /** Milliseconds of the wall clock. */
  readonly now: number
  /** What there is to drain, stop and put on standby. */
  readonly config: Config
  /** Nodes of realservers of pools, whether a service uses them now or not. */
  readonly pooled?: readonly string[]
}
export interface IntentApplied {
  readonly facts: Facts
  /** What is wanted now and was not before, and what no longer is; a fact that replaces another is in both. */
  readonly added: readonly Fact[]
  readonly removed: readonly Fact[]
  /** No fact had it so; but a node is on standby no more now, where it was told so itself. */
  readonly ended?: true
  readonly warnings: readonly Warning[]
  readonly refusals?: never
}

const LONGEST_COMMENT = 200
/** Of a cluster: several for each realserver of the largest. */
const MOST_FACTS = 10_000
const MOST_SILENCES = 256
/** A shorter one is over before anybody has seen it, a longer one is forgotten by everybody. */
const DEADLINE_MS = { least: 1000, most: 366 * 24 * 3_600_000 } as const

/** Either all of it, or nothing and what is wrong with it. */
export function applyIntent(facts: Facts, command: IntentCommand, context: IntentContext): IntentApplied | Refused {
  const version = refuseVersion(command.model, context.finalized)
  if (version) return refused(version)
  const wrong = refuseCommand(command)
  if (wrong) return refused(wrong)
  return command.verb === 'enable'
    ? enable(facts, command.subject, context)
    : begin(facts, command, command.verb, context)
}

function begin(facts: Facts, command: IntentCommand, intent: Intent, context: IntentContext): IntentApplied | Refused {
  const { subject, forMs, deadlineMs, comment, force = false } = command
  const unknown = refuseSubject(subject, context)
  if (unknown) return refused(unknown)
  const { author, now, config } = context
  const until = forMs === null ? null : now + forMs
  const limited = deadlineMs === undefined ? {} : { deadlineMs }
  const fact: Fact = { subject, intent, author, since: now, until, ...limited, comment, number: facts.number + 1 }
  const before = factAbout(facts, subject)
  const full = before ? null : refuseFull(facts, subject)
  if (full) return refused(full)
  const removed = before ? [before] : []
  const after = changeFacts(facts, now, removed, [fact])
  const losses = lossOf(() => ({ config, facts }), { config, facts: after })
  const refusing = refuseWeightZero(command, config)
  const against = force ? [] : [...refusalsOf(losses), ...(refusing ? [refusing] : [])]
  if (against.length > 0) return refused(...against.slice(0, MOST_SHOWN))
  return { facts: after, added: [fact], removed, warnings: warningsOf(losses) }
}

/** They are in every coordinator's memory, and on every node: whoever wants something again and again fills neither. */
function refuseFull({ list }: Facts, { kind }: Subject): Refusal | null {
  const silences = list.filter(({ subject }) => subject.kind === 'alerts').length
  if (list.length < MOST_FACTS && (kind !== 'alerts' || silences < MOST_SILENCES)) return null
  return kind === 'alerts'
    ? {
        code: 'too-many-facts',
        message: `there are ${silences} silences, of ${list.length} intents, and that is the most`,
        hint: 'end those that are of no use any more (lvsm intents, lvsm alert silence MATCH --end), or silence more at once: label=VALUE, or *',
      }
    : {
        code: 'too-many-facts',
        message: `${list.length} things are wanted for a while, and that is the most`,
        hint: 'end those that are of no use any more: lvsm intents, lvsm enable',
      }
}

/** What is wanted everywhere cannot be ended in one service; the end everywhere is one in every service. */
function enable(facts: Facts, subject: Subject, context: IntentContext): IntentApplied | Refused {
  const removed = facts.list.filter((fact) => covers(subject, fact.subject))
  const elsewhere =
    subject.kind === 'server' && subject.service !== null ? factAbout(facts, { ...subject, service: null }) : undefined
  if (elsewhere && subject.kind === 'server')
    return refused({
      code: 'held-everywhere',
      field: 'subject',
      message: `${elsewhere.author} wants ${elsewhere.intent} of ${subjectText(elsewhere.subject)} in all services, so also in "${subject.service}"`,
      hint: `end it everywhere (lvsm enable ${subject.node}), and drain it in the services that shall go on without it`,
    })
  if (removed.length === 0) {
    // What is gone from the configuration may still be wanted; what is neither there nor wanted was mistyped.
    const unknown = refuseSubject(subject, context)
    if (unknown) return refused(unknown)
    if (subject.kind !== 'node') return { facts, added: [], removed, warnings: [] }
    // The node may have a word of its own, which only a newer one ends.
    return {
      facts: changeFacts(facts, context.now, [], [], [subject.node]),
      added: [],
      removed,
      ended: true,
      warnings: [],
    }
  }
  return { facts: changeFacts(facts, context.now, removed, []), added: [], removed, warnings: [] }
}

const covers = (ended: Subject, subject: Subject): boolean =>
  ended.kind === 'server' && ended.service === null
    ? subject.kind === 'server' && subject.node === ended.node
    : subjectText(subject) === subjectText(ended)

function refuseCommand(command: IntentCommand): Refusal | null {
  const { verb, subject, forMs, comment } = command
  const able: readonly string[] = [...INTENTS[subject.kind], 'enable']
  if (!able.includes(verb))
    return {
      code: 'wrong-intent',
      field: 'verb',
      message: `a ${subject.kind} knows no ${harmless(verb)}`,
      hint: `of a ${subject.kind} you can want: ${able.join(', ')}`,
    }
  if (forMs !== null && !(forMs >= DEADLINE_MS.least && forMs <= DEADLINE_MS.most))
    return {
      code: 'bad-deadline',
      field: 'forMs',
      message: `it would be over after ${forMs / 1000} s`,
      hint: 'give a second to a year, or no time: then it lasts until somebody ends it',
    }
  const late = refuseDeadline(command)
  if (late) return late
  if (verb === 'silence' && (forMs === null || comment.trim() === ''))
    return {
      code: 'endless-silence',
      field: forMs === null ? 'forMs' : 'comment',
      message: 'a silence has an end, and a reason: others are not told meanwhile, and want to know why',
      hint: "lvsm alert silence MATCH --for 2h --reason 'new switch'",
    }
  return refuseText(comment, LONGEST_COMMENT)
}

/** When what is left of a realserver's connections is cut off. */
function refuseDeadline({ verb, subject, forMs, deadlineMs }: IntentCommand): Refusal | null {
  if (deadlineMs === undefined) return null
  const wrong = (message: string, hint: string): Refusal => ({
    ...{ code: 'bad-deadline', field: 'deadlineMs' },
    ...{ message, hint },
  })
  if (subject.kind !== 'server' || (verb !== 'drain' && verb !== 'stop'))
    return wrong(`${verb} of a ${subject.kind} has no deadline`, 'a drain and a stop of a realserver have one')
  if (!(deadlineMs >= DEADLINE_MS.least && deadlineMs <= DEADLINE_MS.most))
    return wrong(`connections would be cut off after ${deadlineMs / 1000} s`, 'give a second to a year')
  if (forMs !== null && forMs <= deadlineMs)
    return wrong(
      `it is over after ${forMs / 1000} s, before its deadline of ${deadlineMs / 1000} s`,
      'the deadline (--deadline) says when connections are cut off, the end (--for) when the realserver serves again, which is later',
    )
  return null
}

/** A mistyped name would be a fact that never does anything. */
function refuseSubject(
  subject: Subject,
  { config: { nodes, groups, services }, pooled = [] }: Pick<IntentContext, 'config' | 'pooled'>,
): Refusal | null {
  const known = (what: string, name: string, names: readonly string[]): Refusal | null =>
    names.includes(name)
      ? null
      : {
          code: `unknown-${what}`,
          field: 'subject',
          message: `there is no ${what} "${harmless(name)}"${what === 'server' && subject.kind === 'server' && subject.service !== null ? ` in service "${subject.service}"` : ''}`,
          hint: suggest(name, names, `${what}s`),
        }
  if (subject.kind === 'alerts') return refuseMatch(subject.match)
  if (subject.kind === 'group')
    return known(
      'group',
      subject.group,
      groups.map(({ name }) => name),
    )
  if (subject.kind === 'node') {
    const node = nodes.find(({ name }) => name === subject.node)
    if (!node)
      return known(
        'node',
        subject.node,
        nodes.map(({ name }) => name),
      )
    if (groups.some(({ directors }) => directors.includes(subject.node))) return null
    return {
      code: 'not-a-director',
      field: 'subject',
      message: `node "${subject.node}" is a director of no group: it owns nothing that it could leave to others`,
      hint: 'a realserver is drained or stopped',
    }
  }
  const { service, node } = subject
  const unknown =
    service === null
      ? null
      : known(
          'service',
          service,
          services.map(({ name }) => name),
        )
  if (unknown) return unknown
  const of = services.filter(({ name }) => service === null || name === service)
  const used = of.flatMap(({ realservers }) => realservers.map((one) => one.node))
  return known('server', node, [...new Set(service === null ? [...used, ...pooled] : used)])
}

/** Labels that a silence may ask for (`agent/node/core/alerts/labels.ts`). */
const LABELS = ['alertname', 'cluster', 'node', 'group', 'service', 'receiver', 'link', 'severity']
const VALUE = /^[A-Za-z0-9._:-]{1,64}$/
/** One that matches nothing silences nobody, and nobody would notice. */
function refuseMatch(match: string): Refusal | null {
  const wrong = match.split(',').find((part) => {
    const [label = '', value, ...more] = part.split('=')
    return value === undefined ? !VALUE.test(label) : !LABELS.includes(label) || !VALUE.test(value) || more.length > 0
  })
  if (match === '*' || wrong === undefined) return null
  return {
    code: 'bad-match',
    field: 'subject',
    message: `"${harmless(wrong)}" says of no alert whether it is meant`,
    hint: `write the code of a trouble, LABEL=VALUE, several with commas, or *; labels: ${LABELS.join(', ')}`,
  }
}
