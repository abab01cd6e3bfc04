/** What each route does with the configuration; what is answered of it is pure, and in `coordinator/api`. */
import { type ApiRoute, type AskedOf, CONFIG_ROUTES, type ConfigRouteName, mayAs } from '@lvsm/protocol'
import { diffReply, documentReply, factsReply, historyReply, revisionReply } from '../../api/answers.ts'
import { notNow, ok, type Reply, refusedWith } from '../../api/reply.ts'
import { coordinatorsReply, memberOf, nodesReply, removedReply } from '../../api/status.ts'
import { finalizeEntry, finalizeReply, versionsOf } from '../../api/versions.ts'
import {
  changeEntry,
  changeReply,
  intentEntry,
  intentPreviewReply,
  intentReply,
  previewReply,
} from '../../api/writes.ts'
import { ACCESS_ANSWERS } from './access-routes.ts'
import { NOTHING, reading } from './reading.ts'
import type { Answers, RouteContext } from './route-context.ts'

const ROUTE_ANSWERS: Answers = {
  ...ACCESS_ANSWERS,
  document: ({ query }, context) => reading(context, query.stale, (state) => documentReply(state, query)),
  history: ({ query }, context) => reading(context, query.stale, (state) => historyReply(state, query)),
  revision: ({ query }, context) => reading(context, query.stale, (state) => revisionReply(state, query)),
  diff: ({ query }, context) => reading(context, query.stale, (state) => diffReply(state, query)),
  facts: ({ query }, context) => reading(context, query.stale, factsReply),
  async change({ body }, { configuration, ifMatch, signature }) {
    const made = changeEntry(body, ifMatch, signature(), configuration.known())
    if ('reply' in made) return made.reply
    const { entry } = made
    return changeReply(await configuration.write(entry), 'base' in entry ? (entry.base ?? null) : null)
  },
  preview({ body }, context) {
    const { configuration, ifMatch, role } = context
    // Whoever may change nothing keeps no coordinator busy with text: its data is read in a fraction of the time.
    if ('yaml' in body.change && !mayAs(role, CONFIG_ROUTES.change.role)) return TEXT
    return reading(context, false, (state) =>
      previewReply(state, body, ifMatch, configuration.status().members.values()),
    )
  },
  async intent({ body }, { configuration, signature }) {
    const made = intentEntry(body, signature())
    return 'reply' in made ? made.reply : intentReply(await configuration.write(made.entry))
  },
  intentPreview: ({ body }, context) =>
    reading(context, false, (state) => intentPreviewReply(state, body, context.signature())),
  nodes: (_, { configuration, host }) => {
    const state = configuration.known()
    return state ? nodesReply(state, host.progress()) : notNow(NOTHING)
  },
  status: (_, { host }) => {
    const status = host.clusterStatus()
    return status ? ok(status) : notNow(NOTHING)
  },
  rates: (_, { host }) => {
    const rates = host.clusterRates()
    return rates ? ok(rates) : notNow(NOTHING)
  },
  events: ({ query }, { host }) => ok(host.clusterEvents(query.after)),
  recorded: ({ query }, { host }) => ok(host.clusterRecorded(query.ago)),
  coordinators: (_, { configuration, host }) =>
    coordinatorsReply(configuration.status(), configuration.known(), host.silentMs),
  versions: (_, context) =>
    reading(context, false, (state) => ok(versionsOf(state, context.configuration.status(), context.host))),
  async finalize({ body }, { configuration, host, signature }) {
    const read = await configuration.read()
    if (read.kind !== 'state') return notNow(read)
    const versions = versionsOf(read.state, configuration.status(), host)
    const made = finalizeEntry(body.version, versions, signature())
    return 'reply' in made ? made.reply : finalizeReply(await configuration.write(made.entry), versions.finalized)
  },
  async coordinatorRemove({ body }, { configuration }) {
    const id = memberOf(configuration.status(), body.which)
    return typeof id === 'number' ? removedReply(await configuration.remove(id)) : refusedWith(422, [id])
  },
}

const TEXT = refusedWith(403, [
  {
    code: 'not-allowed',
    field: 'change.yaml',
    message: 'text is read for administrators, who may make the change',
    hint: 'send the plain data of the file as a command apply, as lvsm config apply --dry-run does',
  },
])

/** A row with its answer. */
export function routed(
  name: ConfigRouteName,
  context: RouteContext,
): { readonly route: ApiRoute; answer(asked: AskedOf<ApiRoute>): Reply | Promise<Reply> } {
  // Of the very row: what was asked was read by its schemas.
  const answer = ROUTE_ANSWERS[name] as (asked: AskedOf<ApiRoute>, context: RouteContext) => Reply | Promise<Reply>
  return { route: CONFIG_ROUTES[name], answer: (asked) => answer(asked, context) }
}
