/** What this node reports to the coordinators: what it is and does, and its own tables; what it says of others, it says to directors. */
import { plainTrouble, type Trouble, VERSION } from '@lvsm/base'
import { MODEL_VERSION } from '@lvsm/changes'
import type { ConfigService } from '@lvsm/model'
import {
  cut,
  cutHint,
  type DestinationReport,
  type LeaseStatus,
  LONGEST_EVIDENCE,
  LONGEST_HINT,
  LONGEST_OBJECT,
  MOST_TROUBLES,
  type OwnReport,
  SEVERITIES,
} from '@lvsm/protocol'
import { reachedPings } from '../check/pings.ts'
import { leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { blindHere, readyHere } from '../willing.ts'
import { allEstablished } from '../synchronised.ts'
import { toReport } from '../history/history.ts'
import type { Saying } from './sentence.ts'
import { ownedGroups, ownTable, ownedServices } from './status.ts'

/** Letters of one; whoever reads it cuts it there, too. */
const SENTENCE = 240

export function ownReport(state: NodeState, { state: what, reason }: Saying, present: readonly Trouble[]): OwnReport {
  const status = leaseStatus(state)
  const counters = Object.entries({ ...status?.counters, ...state.counters }).filter(([, count]) => count > 0)
  return {
    boot: state.boot,
    self: {
      revision: state.config?.revision ?? 0,
      state: what,
      reason,
      standby: status?.standby ?? false,
      ...(state.word ? { word: state.word } : {}),
      versions: { 'lvsm-agent': VERSION },
      model: MODEL_VERSION,
    },
    lease: status && leaseOf(status),
    troubles: worst(present).map(shortened),
    pings: reachedPings(state.pings),
    ready: Object.fromEntries([...readyHere(state)].map(([group, why]) => [group, cut(why, SENTENCE)])),
    dark: Object.fromEntries(state.published.dark),
    shut: Object.fromEntries([...state.published.shut].map(([group, why]) => [group, cut(why, SENTENCE)])),
    blind: blindHere(state),
    counters: Object.fromEntries(counters),
    established: allEstablished(state),
    rates: state.rates.latest,
    tables: tablesOf(state),
    events: toReport(state),
  }
}

const shortened = (trouble: Trouble): Trouble => {
  const { message, hint, object, evidence } = trouble
  return plainTrouble({
    ...trouble,
    message: cut(message, SENTENCE),
    ...(hint === undefined ? {} : { hint: cutHint(hint, LONGEST_HINT) }),
    ...(object === undefined ? {} : { object: cut(object, LONGEST_OBJECT) }),
    ...(evidence === undefined ? {} : { evidence: cut(evidence, LONGEST_EVIDENCE) }),
  })
}

/** The same as before, as long as nobody looked at the kernel, or noticed anything: a large table is gone over no oftener than it is looked at. */
function tablesOf(state: NodeState): OwnReport['tables'] {
  const { published, kernel } = state
  const groups = [...ownedGroups(state)].toSorted().join(' ')
  const last = published.tables
  if (last && last.observed === kernel.observed && last.groups === groups) return last.tables
  const tables = Object.fromEntries(ownedServices(state).map((service) => [service.name, tableOf(state, service)]))
  published.tables = { observed: kernel.observed, groups, tables }
  return tables
}

const tableOf = (state: NodeState, service: ConfigService): DestinationReport[] =>
  ownTable(state, service).map((one) => ({ ...one, reason: cut(one.reason, SENTENCE) }))

/** As many as are read. */
const worst = (troubles: readonly Trouble[]): readonly Trouble[] =>
  troubles
    .toSorted((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity))
    .slice(0, MOST_TROUBLES)

const leaseOf = ({ quorum, quarantineMs, epoch, groups, peers }: LeaseStatus): OwnReport['lease'] => ({
  quorum,
  ...(quarantineMs > 0 ? { votesInMs: Math.ceil(quarantineMs) } : {}),
  ...(epoch === undefined ? {} : { epoch }),
  groups: groups.map(({ name, role, owner, number, leftMs, reason }) => ({
    name,
    role,
    owner,
    number,
    leftMs: role === 'owner' ? Math.max(0, Math.round(leftMs)) : 0,
    reason: cut(reason, SENTENCE),
  })),
  peers: peers.map(({ name, life, standby }) => ({ name, life, standby })),
})
