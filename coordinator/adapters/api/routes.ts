/** What each route does with the configuration; what is answered of it is pure, and in `coordinator/api`. */
import type { State } from '@lvsm/changes'
import { type ApiRoute, type AskedOf, CONFIG_ROUTES, type ConfigRouteName } from '@lvsm/protocol'
import { diffReply, documentReply, factsReply, historyReply, revisionReply } from '../../api/answers.ts'
import { notNow, type Reply } from '../../api/reply.ts'
import type { Asked } from '../../api/request.ts'
import { coordinatorsReply, nodesReply } from '../../api/status.ts'
import {
  changeEntry,
  changeReply,
  intentEntry,
  intentPreviewReply,
  intentReply,
  previewReply,
  type Signature,
} from '../../api/writes.ts'
import type { Configuration, NotDone, Progress } from '../../configuration.ts'

export interface RouteContext {
  readonly configuration: Configuration
  readonly progress: Progress
  readonly ifMatch: string | undefined
  readonly signature: () => Signature
}
type Answers = {
  readonly [Name in ConfigRouteName]: (asked: Asked<Name>, context: RouteContext) => Reply | Promise<Reply>
}

export const ROUTE_ANSWERS: Answers = {
  document: ({ query }, { configuration }) =>
    reading(configuration, query.stale, (state) => documentReply(state, query)),
  history: ({ query }, { configuration }) => reading(configuration, query.stale, (state) => historyReply(state, query)),
  revision: ({ query }, { configuration }) =>
    reading(configuration, query.stale, (state) => revisionReply(state, query)),
  diff: ({ query }, { configuration }) => reading(configuration, query.stale, (state) => diffReply(state, query)),
  facts: ({ query }, { configuration }) => reading(configuration, query.stale, factsReply),
  async change({ body }, { configuration, ifMatch, signature }) {
    const made = changeEntry(body, ifMatch, signature())
    return 'reply' in made ? made.reply : changeReply(await configuration.write(made.entry))
  },
  preview: ({ body }, { configuration, ifMatch }) =>
    reading(configuration, false, (state) => previewReply(state, body, ifMatch)),
  async intent({ body }, { configuration, signature }) {
    const made = intentEntry(body, signature())
    return 'reply' in made ? made.reply : intentReply(await configuration.write(made.entry))
  },
  intentPreview: ({ body }, { configuration, signature }) =>
    reading(configuration, false, (state) => intentPreviewReply(state, body, signature())),
  nodes: (_, { configuration, progress }) => {
    const state = configuration.known()
    return state ? nodesReply(state, progress()) : notNow(NOTHING)
  },
  coordinators: (_, { configuration }) => coordinatorsReply(configuration.status(), configuration.known()),
}

/** A row with its answer. */
export function routed(
  name: ConfigRouteName,
  context: RouteContext,
): { readonly route: ApiRoute; answer(asked: AskedOf<ApiRoute>): Reply | Promise<Reply> } {
  // Of the very row: what was asked was read by its schemas.
  const answer = ROUTE_ANSWERS[name] as (asked: AskedOf<ApiRoute>, context: RouteContext) => Reply | Promise<Reply>
  return { route: CONFIG_ROUTES[name], answer: (asked) => answer(asked, context) }
}

/** Of the newest state; `stale`: of what this coordinator has, also while the others cannot be reached. */
async function reading(configuration: Configuration, stale: boolean, reply: (state: State) => Reply): Promise<Reply> {
  if (!stale) {
    const read = await configuration.read()
    return read.kind === 'state' ? reply(read.state) : notNow(read)
  }
  const known = configuration.known()
  return known === null ? notNow(NOTHING) : reply(known)
}

const NOTHING: NotDone = {
  kind: 'refused',
  refusal: {
    code: 'no-configuration',
    message: 'this coordinator has no configuration yet',
    hint: 'wait until it has heard from the others: lvsm coordinators',
  },
}
