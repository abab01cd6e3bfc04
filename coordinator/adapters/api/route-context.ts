/** What each route is answered with. */
import type {
  ClusterRates,
  ConfigRouteName,
  Events,
  MetricsQuery,
  RecordedReport,
  Speaks,
  Status,
  UserRole,
} from '@lvsm/protocol'
import type { Audit } from '../../api/audit.ts'
import type { Reply } from '../../api/reply.ts'
import type { Asked } from '../../api/request.ts'
import type { Tempo } from '../../api/tempo.ts'
import type { Signature } from '../../api/writes.ts'
import type { Configuration, MemberId, Progress } from '../../configuration.ts'
import type { Login } from './login.ts'
import type { Passwords } from './passwords.ts'

/** What listeners of one coordinator have in common. */
export interface ApiHost {
  /** SHA-256 of the public key of the cluster's authority (SubjectPublicKeyInfo, DER): joining machines know it by that. */
  readonly pin: string
  readonly passwords: Passwords
  readonly login: Login
  readonly audit: Audit
  readonly tempo: Tempo
  readonly progress: Progress
  /** Milliseconds since this coordinator heard of that one. */
  readonly silentMs: (id: MemberId) => number
  /** Of those that were heard lately, this one too. */
  readonly versions: () => ReadonlyMap<MemberId, Speaks>
  /** Likewise of nodes' agents. */
  agentVersions(): ReadonlyMap<string, Speaks>
  /** The whole cluster, from the agents' reports. Null: there is no configuration yet. */
  clusterStatus(): Status | null
  clusterRates(): ClusterRates | null
  clusterEvents(after?: string): Events
  /** As it was so long ago, in milliseconds. */
  clusterRecorded(agoMs: number): RecordedReport
  /** As Prometheus reads it. */
  metrics(wanted: MetricsQuery): string
}
export interface RouteContext {
  readonly configuration: Configuration
  readonly host: ApiHost
  /** An address, or `socket`. */
  readonly from: string
  readonly ifMatch: string | undefined
  readonly signature: () => Signature
  readonly role: UserRole
  /** Refused where whoever asks has used up his time; what it takes is counted as his. */
  readonly timed: (work: () => Reply) => Reply
}
export type Answers = {
  readonly [Name in ConfigRouteName]: (asked: Asked<Name>, context: RouteContext) => Reply | Promise<Reply>
}
