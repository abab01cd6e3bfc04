/** Mistakes in what the head of a status makes of what is known, and in what nodes say and hear for it (packages/protocol/README.md). */
import { agreementDigests, type Config } from '@lvsm/model'
import { type AgentMessage, decodeMessage, encodeMessage, judge, type ServiceReport, type Status } from '@lvsm/protocol'
import type { AgentOptions } from '../../kit/agent-process.ts'
import type { Plant } from '../plant.ts'
import { type Mistake, mistake } from './mistake.ts'

const PLOT = 'whole: what the head of a status says'
const wrong = (name: string, plant: Plant): Mistake => mistake(name, 'packages/protocol/README.md', PLOT, plant)

/** It is made of another status. */
const judged = (change: (status: Status) => Status): Plant => ({ judges: (status) => judge(change(status)) })
/** What agents say to each other is changed, or not said. */
const says = (change: () => (message: AgentMessage) => AgentMessage | null): Plant => ({
  agent: () => {
    const changed = change()
    return (step) => (input, now) =>
      step(input, now).flatMap((effect): (typeof effect)[] => {
        if (effect.kind !== 'message') return [effect]
        const decoded = decodeMessage(effect.text)
        const message = decoded.ok ? changed(decoded.message) : null
        return message ? [{ ...effect, text: encodeMessage(message) }] : []
      })
  },
})
/** What an agent hears of others is changed; `config`: its own. */
const hears = (change: (message: AgentMessage, config: Config | null) => AgentMessage): Plant => ({
  agent: (): AgentOptions['wrap'] => {
    let config: Config | null = null
    return (step) => (input, now) => {
      if (input.kind === 'config') ({ config } = input)
      if (input.kind !== 'message') return step(input, now)
      const decoded = decodeMessage(input.text)
      const text = decoded.ok ? encodeMessage(change(decoded.message, config)) : input.text
      return step({ ...input, text }, now)
    }
  },
})

/** Its lease process says that it hears a majority, whatever it hears. */
const sure: Plant = {
  agent: () => (step) => (input, now) =>
    step(input.kind === 'lease-status' ? { ...input, status: { ...input.status, quorum: true } } : input, now),
}

const good = (service: ServiceReport): ServiceReport => ({
  ...service,
  ...(service.told === false
    ? { told: true, realservers: service.realservers.map((one) => ({ ...one, weight: 1, healthy: true })) }
    : {}),
})
const everybody = ({ nodes }: Status): number => nodes.filter(({ voter }) => voter).length
const TABLES_TOLD = 3

export const HEADS: readonly Mistake[] = [
  wrong(
    'a director that is ready needs no votes',
    judged((status) => ({
      ...status,
      groups: status.groups.map((group) => ({
        ...group,
        takers: group.takers?.map((taker) => ({ ...taker, voters: everybody(status) })) ?? [],
      })),
    })),
  ),
  wrong(
    'whoever has the votes is ready',
    judged((status) => ({
      ...status,
      groups: status.groups.map((group) => ({
        ...group,
        takers: group.takers?.map((taker) => ({ ...taker, could: true, voters: everybody(status) })) ?? [],
      })),
    })),
  ),
  wrong(
    'a group whose owner is not known has none',
    judged((status) => ({
      ...status,
      groups: status.groups.map((group) => (group.state === 'unknown' ? { ...group, state: 'nobody' } : group)),
    })),
  ),
  wrong('who hears no majority says that nobody owns what it does not hear', sure),
  wrong(
    'a realserver of which nothing was told serves',
    judged((status) => ({ ...status, services: status.services.map(good) })),
  ),
  wrong(
    'who does not hear a voter does not say so',
    says(() => (message) => (message.kind === 'state' ? { ...message, unheard: [] } : message)),
  ),
  wrong(
    'an owner tells its table a few times',
    says(() => {
      let told = 0
      return (message) => (message.kind === 'tables' && ++told > TABLES_TOLD ? null : message)
    }),
  ),
  wrong(
    'who says that it is not ready is ready',
    hears((message) =>
      message.kind === 'state' || message.kind === 'more'
        ? { ...message, ready: Object.fromEntries(Object.keys(message.ready).map((group) => [group, ''])) }
        : message,
    ),
  ),
  wrong(
    'ping nodes that others do not reach say nothing of who takes over',
    hears((message) =>
      message.kind === 'state'
        ? { ...message, pings: Object.fromEntries(Object.keys(message.pings).map((address) => [address, true])) }
        : message,
    ),
  ),
  wrong(
    'who has another configuration could take over',
    hears((message, config) =>
      message.kind === 'state' && config ? { ...message, agreement: agreementDigests(config) } : message,
    ),
  ),
]
