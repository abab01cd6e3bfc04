export * from './agent-messages.ts'
export * from './alert-messages.ts'
export * from './agent-report.ts'
export type { SeenSocket } from './own-view.ts'
export {
  CONFIG_COMMANDS,
  type ConfigCommand,
  configCommand,
  type Intent,
  INTENT_WORDS,
  type IntentCommand,
  intentCommand,
  type Noun,
  NOUN_NAMES,
  type Subject,
} from './changes/command.ts'
export {
  type Enrolled,
  enrolled,
  type Enrolment,
  enrolment,
  type Token,
  token,
} from './changes/enrol.ts'
export * from './changes/entry.ts'
export * from './changes/followed-facts.ts'
export * from './changes/local-word.ts'
export * from './changes/member.ts'
export {
  ADDRESS_ENTRIES,
  type Addresses,
  type AddressEntry,
  decodeSpokenAddresses,
  encodeSpokenAddresses,
  LONGEST_SPOKEN,
  MOST_ADDRESSES,
  nodeEndpoint,
} from './changes/coordinator-address.ts'
export {
  type ApiToken,
  type PasswordHash,
  type People,
  people,
  type User,
  userName,
} from './changes/users.ts'
export * from './changes/whole.ts'
export {
  type Difference,
  difference,
  type Electorate,
  type End,
  type Fact,
  fact,
  type Facts,
  facts,
  type Revision,
  revision,
  type Snapshot,
  snapshot,
} from './changes/revision.ts'
export * from './coordinator-messages.ts'
export * from './coordinator-home.ts'
export * from './coordinator-metrics.ts'
export { type CoordinatorTrouble, MOST_COORDINATOR_TROUBLES } from './coordinator-troubles.ts'
export * from './counters.ts'
export * from './counts-messages.ts'
export * from './openings.ts'
export * from './delays.ts'
export * from './doctor/facts.ts'
export { dropRules, type FactDropRule } from './doctor/obstacles.ts'
export * from './doctor/report.ts'
export * from './cut.ts'
export * from './datagram.ts'
export * from './events/event.ts'
export * from './events/kept-events.ts'
export * from './events/kinds.ts'
export * from './events/order.ts'
export * from './exits.ts'
export * from './exposition.ts'
export * from './feed-messages.ts'
export * from './fence-tables.ts'
export * from './files.ts'
export * from './followed-coordinators.ts'
export * from './frame.ts'
export * from './heartbeat.ts'
export * from './kept-hooks.ts'
export * from './kept-leaving.ts'
export * from './syslog.ts'
export * from './key-files.ts'
export * from './pair-files.ts'
export * from './changes/heartbeat-keys.ts'
export * from './http/alerts.ts'
export * from './http/api-route.ts'
export * from './http/backup.ts'
export * from './http/checks.ts'
export * from './http/config-reports.ts'
export * from './http/config-routes.ts'
export * from './http/counts.ts'
export * from './http/fence.ts'
export * from './http/join-routes.ts'
export * from './http/secrets-route.ts'
export * from './http/live.ts'
export * from './http/people-routes.ts'
export * from './http/rates.ts'
export * from './http/routes.ts'
export { BASES, type Basis, KEPT_FOR, type KeptFor } from './http/made-of.ts'
export * from './http/ordered.ts'
export * from './http/status.ts'
export { hindrancesOf } from './http/hindered.ts'
export * from './http/movable.ts'
export * from './http/suppose.ts'
export { byRank, type Rank } from './rank.ts'
export {
  checkWord,
  deadPaths,
  droppedOf,
  hasDeadPath,
  isDoubted,
  isFull,
  isTold,
  isUnopened,
  outOf,
  servedOf,
  takesNew,
} from './http/serving.ts'
export { NOT_SERVING, whyUnserving } from './http/unserving-node.ts'
export * from './http/together.ts'
export * from './http/verdict.ts'
export * from './http/head.ts'
export * from './http/server-words.ts'
export * from './http/node-words.ts'
export { WANTED } from './troubles/wanted.ts'
export { heardElsewhere, NEVER_HEARD, perhapsCutOff } from './http/hearing-words.ts'
export * from './http/group-words.ts'
export * from './http/service-words.ts'
export * from './http/drop-words.ts'
export * from './http/key-words.ts'
export * from './http/coordinator-faults.ts'
export { changeText } from './changing.ts'
export * from './events/since.ts'
export * from './unsaid/listed.ts'
export { serviceEntry } from './unsaid/servers.ts'
export { deadStep, listedTroubles, isUnsaid, unownedAndDead, unsaid } from './unsaid/unsaid.ts'
export { BY_ROLE, consequenceOf } from './troubles/by-role.ts'
export { type Facts as ConcernedFacts, OF_OWNERS } from './troubles/concerned.ts'
export {
  DROPPED,
  type DroppedKind,
  dropsBeats,
  dropsHeardAlone,
  dropsClientsOf,
  dropsServerOf,
  dropsSomeOf,
  dropsWayTo,
  isShut,
  shutText,
} from './troubles/dropped.ts'
export { deadPathOf, lostAnswersText, serverOfDeadPath } from './troubles/dead-paths.ts'
export { differByWays, isKnownByEvidence, withoutEchoes } from './troubles/echoes.ts'
export {
  ANYBODY,
  astrayText,
  DOWN,
  isUnsent,
  LINK,
  linksIn,
  sharedText,
  syncText,
  unheardNames,
} from './troubles/unheard.ts'
export { isOfNode, type TroubleKind } from './troubles/kind.ts'
export { ROOM } from './troubles/of-coordinators.ts'
export { TROUBLE_PARTS, troubleCodes, troubleKind } from './troubles/table.ts'
export { type TokenRow } from './http/token-routes.ts'
export { type ApiTokenRow, type AuditRecord, PASSWORD_LENGTH, type UserRow } from './http/user-routes.ts'
export * from './ipc.ts'
export * from './journal.ts'
export { isTooDeep, parseObject, type Unread } from './json.ts'
export * from './joining-messages.ts'
export * from './lease-messages.ts'
export * from './lease-state.ts'
export * from './lease-status.ts'
export * from './lease-view.ts'
export * from './metrics.ts'
export * from './monitoring-messages.ts'
export * from './node-identity.ts'
export {
  type AlertState,
  CHECK_RESULTS,
  type Figures,
  NODE_METRICS,
  nodeHistograms,
  nodeSamples,
  type ProberFigures,
  type Tally,
  type Tellings,
} from './node-metrics.ts'
export * from './passing-messages.ts'
export * from './probe-found.ts'
export * from './probe-messages.ts'
export * from './rates.ts'
export * from './recorded/answer.ts'
export { itemsOf, type Items, MOST_RECORDED, serversIn, statusOf } from './recorded/items.ts'
export * from './recorded/recorded-file.ts'
export * from './recorded/recorder.ts'
export { NO_RECORD, type OwnRecord, type RecordedReport, recordedReport, type RecordedSpan } from './recorded/report.ts'
export * from './silence.ts'
export * from './stranger.ts'
export * from './spread.ts'
export * from './stored-log.ts'
export * from './versions.ts'
export { type Codec, decode, encode, read } from './codec.ts'
export { type Message, messageCodec } from './messages.ts'
