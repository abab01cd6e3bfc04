/** Mistakes in the agent's core (agent/node/README.md, agent/SWITCHOVER.md), between its driver and its step. */
import { NO_FACTS } from '@lvsm/changes'
import { type Facts, parseObject } from '@lvsm/protocol'
import type { Operation } from '@lvsm/plan'
import type { NodeEffect, NodeInput } from '../../../agent/node/core/index.ts'
import type { AgentOptions } from '../../kit/agent-process.ts'
import { type Mistake, mistake } from './mistake.ts'

type Step = Parameters<AgentOptions['wrap']>[0]
type Input = Parameters<Step>[0]
type Effect = ReturnType<Step>[number]
type Observed = Extract<NodeInput, { kind: 'observed' }>['observed']

const DRAINED = 'whole: a realserver is drained and stopped for a while'
const WANTED = 'whole: what operators want for a while'
const SWITCHOVER = 'whole: a planned switchover with connections'
const SYNC = 'whole: connections that last, over moves and power cuts'
const EVENTS = 'whole: wall clocks are set, and processes end'

const wrong = (
  name: string,
  clause: string,
  plots: string | readonly string[],
  wrap: () => AgentOptions['wrap'],
): Mistake => mistake(name, clause, plots, { agent: () => wrap() })

/** What the core asks for is changed. */
const asks = (change: (effect: Effect) => readonly Effect[]) => (): AgentOptions['wrap'] => (step) => (input, now) =>
  step(input, now).flatMap(change)
/** Its operations are others. */
const does = (change: (operations: readonly Operation[]) => readonly Operation[]) =>
  asks((effect) => (effect.kind === 'apply' ? [{ kind: 'apply', operations: change(effect.operations) }] : [effect]))
/** What it hears is changed. */
const hears = (change: (input: Input) => Input) => (): AgentOptions['wrap'] => (step) => (input, now) =>
  step(change(input), now)
const sees = (change: (observed: Observed) => Observed) =>
  hears((input) => (input.kind === 'observed' ? { kind: 'observed', observed: change(input.observed) } : input))
/** Besides its own operations at a look, those that come of what it saw. */
const addsTo =
  (more: (observed: Observed, looks: number) => readonly Operation[]): (() => AgentOptions['wrap']) =>
  () => {
    let looks = 0
    return (step) => (input, now) => {
      const effects: readonly Effect[] = step(input, now)
      if (input.kind !== 'observed') return effects
      looks += 1
      const operations = more(input.observed, looks)
      return operations.length > 0 ? [...effects, { kind: 'apply', operations } satisfies NodeEffect] : effects
    }
  }

const emptying = ({ services }: Observed): Operation[] =>
  (services ?? []).flatMap((service) =>
    service.dests.map(({ address, port }): Operation => ({ kind: 'dest-remove', service, address, port })),
  )

const forgetting = ({ services }: Observed): Operation[] =>
  (services ?? []).flatMap((service) =>
    service.dests.map(({ address, port }): Operation => ({ kind: 'dest-flush', service, address, port })),
  )

function withoutClock(input: Input): Input {
  if (input.kind !== 'message') return input
  const { clock: _, ...message } = parseObject(input.text)
  return { ...input, text: JSON.stringify(message) }
}
function withWallClock(effect: Effect): readonly Effect[] {
  if (effect.kind !== 'message') return [effect]
  const message = parseObject(effect.text)
  if (!Array.isArray(message['events'])) return [effect]
  const events = message['events'].map((event: { at: string }) => ({ ...event, clock: Date.parse(event.at) * 1000 }))
  return [{ ...effect, text: JSON.stringify({ ...message, events }) }]
}

export const AGENTS: readonly Mistake[] = [
  wrong(
    'a failed check takes everybody out of the table',
    'agent/node/README.md',
    'whole: failed and recovered checks',
    () => {
      let table: Observed | null = null
      return (step) => (input, now) => {
        if (input.kind === 'observed') table = input.observed
        const effects = step(input, now)
        const failed = input.kind === 'checked' && !input.ok && table
        return failed ? [...effects, { kind: 'apply', operations: emptying(failed) }] : effects
      }
    },
  ),
  wrong(
    'an agent that starts clears the table',
    'agent/node/README.md',
    'whole: processes that end',
    addsTo((observed, looks) => (looks === 1 ? emptying(observed) : [])),
  ),
  wrong(
    'a full table is taken for an empty one',
    'agent/node/README.md',
    'whole: failed and recovered checks',
    sees((observed) => ({ ...observed, services: observed.services?.map((one) => ({ ...one, dests: [] })) ?? null })),
  ),
  wrong(
    'services of others are cleared away',
    'agent/node/README.md',
    'whole: drift and strangers',
    addsTo(({ services }) =>
      (services ?? []).flatMap((service): Operation[] =>
        service.spec.scheduler === 'sh' ? [{ kind: 'service-remove', service }] : [],
      ),
    ),
  ),
  wrong(
    'addresses of others are cleared away',
    'agent/node/README.md',
    'whole: drift and strangers',
    addsTo(({ addresses }) =>
      addresses.flatMap((one): Operation[] =>
        one.address.startsWith('10.99.') ? [{ kind: 'alias-remove', ...one }] : [],
      ),
    ),
  ),
  wrong('connections that the owner told of are forgotten before a move', 'agent/SWITCHOVER.md', SYNC, () => {
    let table: Observed | null = null
    return (step) => (input, now) => {
      if (input.kind === 'observed') table = input.observed
      const effects = step(input, now)
      const prepares = input.kind === 'message' && input.text.includes('"prepare"') && table
      return prepares ? [...effects, { kind: 'apply', operations: forgetting(prepares) }] : effects
    }
  }),
  wrong(
    'a VIP is on lo before ARP is silent',
    'packages/plan/TRAPS.md',
    SWITCHOVER,
    does((operations) => operations.toReversed()),
  ),
  wrong(
    'weights are read wrongly: each look finds something to do',
    'agent/node/README.md',
    SWITCHOVER,
    sees((observed) => ({
      ...observed,
      services:
        observed.services?.map((service) => ({
          ...service,
          dests: service.dests.map((dest) => ({ ...dest, weight: dest.weight + 1 })),
        })) ?? null,
    })),
  ),
  wrong(
    'what left the configuration stays in the table',
    'agent/node/README.md',
    'whole: configuration changes',
    does((operations) => operations.filter(({ kind }) => kind !== 'service-remove' && kind !== 'dest-remove')),
  ),
  wrong('a configuration counts once', 'agent/node/README.md', 'whole: configuration changes', () => {
    let first: Input | null = null
    return (step) => (input, now) => {
      if (input.kind === 'config') first ??= input
      return step(input.kind === 'config' && first ? first : input, now)
    }
  }),
  wrong(
    'the successor hands no packets back',
    'agent/SWITCHOVER.md',
    SWITCHOVER,
    does((operations) =>
      operations.map((one) =>
        one.kind === 'nat-rules' && one.needs ? { ...one, needs: { ...one.needs, handover: [] } } : one,
      ),
    ),
  ),
  wrong(
    'connections of an earlier reign are not forgotten',
    'agent/SWITCHOVER.md',
    SWITCHOVER,
    does((operations) => operations.filter(({ kind }) => kind !== 'dest-flush')),
  ),
  wrong(
    'connections through NAT are not waited for',
    'agent/SWITCHOVER.md',
    SWITCHOVER,
    sees((observed) => ({
      ...observed,
      services:
        observed.services?.map((service) => ({
          ...service,
          dests: service.dests.map((dest) => ({ ...dest, active: 0 })),
        })) ?? null,
    })),
  ),
  wrong(
    'an operator is answered twice',
    'agent/SWITCHOVER.md',
    SWITCHOVER,
    asks((effect) => (effect.kind === 'reply' ? [effect, effect] : [effect])),
  ),
  wrong(
    'a refused command is never answered',
    'agent/SWITCHOVER.md',
    'whole: commands and bad talk',
    asks((effect) => (effect.kind === 'reply' && !effect.outcome.ok ? [] : [effect])),
  ),
  wrong(
    'what operators want is not heard',
    'agent/node/README.md',
    WANTED,
    hears((input) => (input.kind === 'config' ? { ...input, facts: NO_FACTS } : input)),
  ),
  wrong('what operators want is heard once', 'agent/node/README.md', WANTED, () => {
    let first: Facts | null = null
    return (step) => (input, now) => {
      if (input.kind !== 'config') return step(input, now)
      first = first !== null && first.number > 0 ? first : input.facts
      return step({ ...input, facts: first }, now)
    }
  }),
  wrong(
    'a stopped group is left to its owner',
    'agent/node/README.md',
    'whole: a group is stopped for a while',
    asks((effect) => {
      if (effect.kind !== 'view') return [effect]
      const groups = effect.view.groups.map((group) => ({ ...group, stopped: false }))
      return [{ ...effect, view: { ...effect.view, groups } }]
    }),
  ),
  wrong(
    'a realserver that is drained leaves the table',
    'agent/node/README.md',
    DRAINED,
    hears((input) => {
      if (input.kind !== 'config') return input
      const list = input.facts.list.map((fact) =>
        fact.intent === 'drain' ? { ...fact, intent: 'stop' as const } : fact,
      )
      return { ...input, facts: { ...input.facts, list } }
    }),
  ),
  wrong(
    'a realserver that is stopped stays in the table',
    'agent/node/README.md',
    DRAINED,
    does((operations) => operations.filter(({ kind }) => kind !== 'dest-remove')),
  ),
  wrong(
    'a drain is no reason to change a weight',
    'agent/node/README.md',
    DRAINED,
    does((operations) => operations.filter((one) => one.kind !== 'dest-edit' || one.dest.weight > 0)),
  ),
  wrong(
    'standby that coordinators want is not passed on',
    'agent/node/README.md',
    'whole: an owner is on standby for a while',
    asks((effect) => (effect.kind === 'standby' ? [] : [effect])),
  ),
  wrong('the time of other nodes is not heard', 'agent/node/README.md', EVENTS, hears(withoutClock)),
  wrong('events are told with the time of the wall clock', 'agent/node/README.md', EVENTS, asks(withWallClock)),
  wrong(
    'what happened is not written down',
    'agent/node/README.md',
    EVENTS,
    asks((effect) => (effect.kind === 'history' ? [] : [effect])),
  ),
]
