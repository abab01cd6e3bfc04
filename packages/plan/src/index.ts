export type { DesiredAlias } from './aliases.ts'
export {
  type AnswerRoute,
  type AnswerRule,
  answerRouteText,
  answerRuleText,
  type DesiredAnswers,
  type ObservedAnswers,
} from './answers.ts'
export * from './audit.ts'
export * from './desired.ts'
export * from './diff.ts'
export { formerSettings, rememberSettings } from './former.ts'
export { helperPorts } from './applications.ts'
export { forwardsAnswers } from './forwarding.ts'
export { type PortsUsed, portsUsed } from './full-nat-ports.ts'
export { Refusals } from './held-back.ts'
export * from './host-network.ts'
export type { Marking } from './marks.ts'
export { areServing, type NatRules, natRulesText, reliesOnRules, type SyncRules } from './nat-rules.ts'
export { CLIENTS, type Uses, usesByInterface, usesText } from './uses.ts'
export * from './observed.ts'
export * from './operation.ts'
export { portion } from './portion.ts'
export * from './record.ts'
export { type DesiredSync, REFRESH_SECONDS, sameDaemon, type SyncDaemon } from './sync.ts'
export { carriesAnswers, type DesiredSysctl } from './sysctls.ts'
export * from './troubles.ts'
export { tunnelEnds } from './tunnel-sources.ts'
export type { TunnelRules } from './tunnel-rules.ts'
export { type DesiredTunnel, isGueWanted, type TunnelDevice } from './tunnels.ts'
export { sinceBoot } from './unmarked.ts'
export { isForChecks, isOfEntry, type ThroughRule, throughService, throughSource } from './through.ts'
