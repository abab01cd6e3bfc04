/**
 * Clients to which this realserver's kernel has no way, so that what it answers is lost. Nobody knows all clients: those are asked for whose
 * connections do not get on here, as an owner says it (`path-dead`, paths.ts), and while it says so.
 */
import { closingOf, familyOf, ipFor, listed, parseInet, type Trouble, whatCloses } from '@lvsm/base'
import type { ConfigRealserver, ConfigService } from '@lvsm/model'
import type { AnswerWay, Observed } from '@lvsm/plan'
import { deadPathOf, lostAnswersText } from '@lvsm/protocol'
import { directsGroup } from '../entitled.ts'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { noteStanding, stoodFor } from './standing.ts'
import { causesOf, missing } from './ways.ts'

const KIND = 'answer'
/** A script may take a rule away and put another one there. */
const STANDS_MS = 1000
/** Where nothing is to blame: a route that is gone comes back with its interface. */
const GONE_MS = 5000
/** However many are named. */
const MOST = 8
const NAMED = 4

interface Answer extends AnswerWay {
  readonly service: string
  /** The owner that says that it gets no answer. */
  readonly by: string
}

/** The kernel is asked for what leaves from its own addresses alone. */
const isOwn = ({ addresses, localRoutes = [] }: Observed, address: string): boolean =>
  [...addresses, ...localRoutes].some((one) => one.address === address)

function answers(state: NodeState): Answer[] {
  const { config, kernel, node } = state
  const { observed } = kernel
  if (!config || !observed) return []
  const found = new Map<string, Answer>()
  for (const { name } of config.nodes)
    for (const { code, object, message, evidence } of name === node ? [] : (stateOf(state, name)?.troubles ?? [])) {
      const dead = deadPathOf({ code, message, ...(evidence === undefined ? {} : { evidence }) })
      const service = config.services.find((one) => object === `service ${one.name}`)
      if (dead?.server !== node || !service || !directsGroup(state, name, service.group)) continue
      const server = service.realservers.find((one) => one.node === node)
      const way = server ? leaves(service, server) : null
      if (!way || !isOwn(observed, way.from)) continue
      for (const to of dead.clients)
        if (found.size < MOST && parseInet(to) && familyOf(to) === familyOf(way.from))
          found.set(`${service.name} ${to}`, { ...way, to, service: service.name, by: name })
    }
  return [...found.values()]
}
/** NAT gives answers the VIP only on their way. */
const leaves = (service: ConfigService, server: ConfigRealserver): Pick<Answer, 'from' | 'port'> => {
  const { address, port } = server.forward === 'nat' ? server : service
  return { from: address, port }
}

/** Whose way is asked for with each look. */
export const answersWanted = (state: NodeState): readonly AnswerWay[] =>
  answers(state).map(({ to, from, port }) => ({ to, from, port }))

const keyOf = ({ to, from = '' }: { readonly to: string; readonly from?: string }): string => `${to} from ${from}`
export const noteAnswers = (state: NodeState, { unanswerable }: Observed): void =>
  noteStanding(state, KIND, (unanswerable?.none ?? []).map(keyOf))

interface Lost extends Answer {
  readonly code: string
  readonly says: string
  readonly shown: string
  readonly mend: string
}
function lostNow(state: NodeState): Lost[] {
  const { none = [], rules = [], routes = [] } = state.kernel.observed?.unanswerable ?? {}
  if (none.length === 0) return []
  return answers(state).flatMap((answer): Lost[] => {
    const key = keyOf(answer)
    const code = none.find((one) => keyOf(one) === key)?.code
    if (code === undefined) return []
    const by = whatCloses(answer.to, code, rules, routes, answer.from)
    if (by) {
      const lost = { ...answer, code, says: by.says, shown: by.shown }
      const mend = `${by.away}, and take it from whatever makes it`
      return stoodFor(state, KIND, key, STANDS_MS) ? [{ ...lost, mend }] : []
    }
    if (!stoodFor(state, KIND, key, GONE_MS)) return []
    // A rule of packets of some port or protocol is seen by who asks, and not known here.
    const isSome = closingOf(code) !== null && rules.some((rule) => rule.some)
    const why = isSome ? null : missing(state, answer.to, code)
    return why ? [{ ...answer, code, ...why, shown: '' }] : []
  })
}

/** One for each rule or route. */
export function answerTroubles(state: NodeState): Trouble[] {
  return causesOf(lostNow(state)).map((all) => told(state.node, all[0], all))
}
function told(node: string, { to, from, by, code, says, shown, mend }: Lost, all: readonly Lost[]): Trouble {
  const services = [...new Set(all.map(({ service }) => service))]
  const clients = [...new Set(all.map((one) => one.to))]
  const of = (service: string): string[] => all.flatMap((one) => (one.service === service ? [one.to] : []))
  const seen = [
    ...services.map((service) => lostAnswersText(service, of(service))),
    `${ipFor(to)} route get ${to} from ${from}: ${code}`,
    shown,
    `${by} sees their connections get no further than their first packet`,
  ]
  return {
    ...{ code: 'no-way', severity: 'critical', object: `address ${to}` },
    message: `the kernel of ${node} has no way to ${listed(clients, NAMED)}, ${clients.length === 1 ? 'a client' : 'clients'} of ${services.join(', ')}: ${says}`,
    evidence: seen.filter((text) => text !== '').join('; '),
    hint: `on ${node}: ${mend}`,
  }
}
