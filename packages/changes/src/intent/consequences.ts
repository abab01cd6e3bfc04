/**
 * What nobody would serve any more, by one command: refused unless it is forced, since one wrong name is enough for it. A whole
 * document (`apply`) says the weight of each server itself, and a rollback is the way out of a bad change, which nothing may
 * bar: both are warned. The stop of a group asks for just this, and no service of a stopped group is emptied by what comes after.
 * A service that its backups (sorry servers) would serve is not empty: for that they are there. It is said.
 */
import { listed, type Refusal, type Warning } from '@lvsm/base'
import {
  type Config,
  type ConfigGroup,
  type ConfigService,
  destKey,
  forwarding,
  inTableOf,
  LEAVING_MS,
  refusesAtZero,
} from '@lvsm/model'
import type { Fact, Facts, Subject } from '@lvsm/protocol'
import { intentOnServer, isOnStandby, isStopped } from './facts.ts'

/** A configuration, and what operators want beside it. */
export interface Situation {
  readonly config: Config
  readonly facts: Facts
}
type Served = 'servers' | 'backups' | 'nobody'

/** Of established connections: at once, or when they have had time to end. */
type Cut = 'connections-cut' | 'connections-end'

/** What is so, and was not before. */
interface Loss {
  readonly code: 'no-server-left' | 'backups-alone' | 'no-director-left' | 'service-gone' | Cut
  readonly field: string
  readonly now: string
  readonly would: string
}

/** From the table of at least one director that may own the group: a server on a director is in no other one's table. */
function servedBy({ facts }: Situation, service: ConfigService, group: ConfigGroup | undefined): Served {
  const serves = ({ node, weight }: ConfigService['realservers'][number]): boolean =>
    weight > 0 && intentOnServer(facts, service.name, node) === 'serve'
  if (service.realservers.some((one) => one.backup !== true && !forwarding(one.forward).onDirector && serves(one)))
    return 'servers'
  const directors = group?.directors ?? []
  const ready = directors.filter((one) => !isOnStandby(facts, one))
  const left = (ready.length > 0 ? ready : directors).flatMap((one) =>
    inTableOf(service, one).realservers.filter(serves),
  )
  if (left.length === 0) return 'nobody'
  return left.some(({ backup }) => backup !== true) ? 'servers' : 'backups'
}

/** Of services that somebody may own. */
function servedIn(situation: Situation, of: (service: ConfigService) => boolean): ReadonlyMap<string, Served> {
  const groups = new Map(situation.config.groups.map((group) => [group.name, group]))
  return new Map(
    situation.config.services
      .filter((one) => of(one) && !isStopped(situation.facts, one.group))
      .map((one) => [one.name, servedBy(situation, one, groups.get(one.group))]),
  )
}

const lostGroups = ({ facts, config: { groups } }: Situation): ReadonlySet<string> =>
  new Set(
    groups
      .filter(({ name, directors }) => !isStopped(facts, name) && directors.every((one) => isOnStandby(facts, one)))
      .map(({ name }) => name),
  )

/** `before` is asked only where somebody is worse off than usual. What is new was served by nobody, and is emptied by nobody. */
export function lossOf(before: () => Situation, after: Situation): Loss[] {
  const worse = [...servedIn(after, () => true)].filter(([, served]) => served !== 'servers')
  const lost = lostGroups(after)
  if (worse.length === 0 && lost.size === 0) return []
  const situation = before()
  const names = new Set(worse.map(([name]) => name))
  const were = servedIn(situation, ({ name }) => names.has(name))
  const groups = lostGroups(situation)
  return [
    ...worse.flatMap(([name, served]) => {
      const was = were.get(name) ?? served
      if (was === served || was === 'nobody') return []
      return served === 'nobody' ? [emptied(name)] : [onBackups(name)]
    }),
    ...[...lost].filter((name) => !groups.has(name)).map(ownerless),
  ]
}

/** Of these services, which are no more: those that clients were served by. Whoever removes one has named it, so it is said, not refused. */
export function goneOf(before: Situation, names: readonly string[]): Loss[] {
  const were = servedIn(before, ({ name }) => names.includes(name))
  return [...were].flatMap(([name, served]) => (served === 'nobody' ? [] : [gone(name)]))
}

/**
 * Of services that are still there: who leaves their tables while he takes connections. One that was stopped before is left alone, and one that was
 * drained has less to end.
 */
export function cutOf({ config, facts }: Situation, after: Config): Loss[] {
  const stay = new Map(after.services.map((service) => [service.name, service]))
  const cut = config.services.flatMap(({ name, realservers }) => {
    const now = stay.get(name)
    if (!now) return []
    const keys = new Set(now.realservers.map(destKey))
    return realservers
      .filter((one) => !keys.has(destKey(one)))
      .filter(({ node, weight }) => weight > 0 && intentOnServer(facts, name, node) === 'serve')
      .map(({ node }) => ({ name, node, code: refusesAtZero(now) ? 'connections-cut' : 'connections-end' }) as const)
  })
  return (['connections-cut', 'connections-end'] as const).flatMap((code) => cutSo(code, cut))
}
function cutSo(
  code: Cut,
  all: readonly { readonly name: string; readonly node: string; readonly code: Cut }[],
): Loss[] {
  const cut = all.filter((one) => one.code === code)
  const [first] = cut
  if (!first) return []
  const [nodes, services] = [cut.map(({ node }) => node), cut.map(({ name }) => name)].map((some) =>
    listed([...new Set(some)], MOST_NAMED),
  )
  const what = code === 'connections-cut' ? 'are cut off' : `go on for ${LEAVING_MS / 60_000} min at most`
  const now = `established connections to ${nodes} ${what} (services: ${services})`
  return [{ code, field: `services.${first.name}`, now, would: '' }]
}
const MOST_NAMED = 5

const gone = (name: string): Loss => ({
  code: 'service-gone',
  field: `services.${name}`,
  now: `service "${name}" is no more, and had realservers that took new connections: its clients are refused`,
  would: '',
})
const emptied = (name: string): Loss => ({
  code: 'no-server-left',
  field: `services.${name}`,
  now: `service "${name}" has no realserver left that takes new connections`,
  would: `service "${name}" would have no realserver left that takes new connections`,
})
const onBackups = (name: string): Loss => ({
  code: 'backups-alone',
  field: `services.${name}`,
  now: `service "${name}" is served by its backups alone`,
  would: '',
})
const ownerless = (name: string): Loss => ({
  code: 'no-director-left',
  field: `groups.${name}`,
  now: `all directors of group "${name}" are under maintenance: nobody answers for its addresses`,
  would: `all directors of group "${name}" would be under maintenance: nobody would answer for its addresses`,
})

const WAYS_BACK: Readonly<Record<Loss['code'], string>> = {
  'no-server-left': 'enable one of its realservers, or stop its group, so that clients are refused at once',
  'service-gone':
    'if it was the wrong one: lvsm config rollback REVISION, to the one before this; lvsm config history has it',
  'connections-cut':
    'the next time let them end first: lvsm drain SERVER, and remove it when none is established any more (lvsm server list)',
  'connections-end':
    'they take no new ones meanwhile; lvsm status tells how many are left. To cut them off when it is removed already: lvsm config rollback REVISION, to the one before this, then lvsm server remove NAME --now',
  'backups-alone': 'it is so until one of its other realservers is enabled, or has a weight',
  'no-director-left': 'end the maintenance of one of them: lvsm standby off NODE',
}
const WAYS_OUT: Readonly<Record<Loss['code'], string>> = {
  'no-server-left': 'enable or add another of its realservers first; if it is meant: --force (in the API: force: true)',
  'backups-alone': '',
  'service-gone': '',
  ...{ 'connections-cut': '', 'connections-end': '' },
  'no-director-left':
    'end the maintenance of another one first (lvsm standby off NODE); if it is meant: --force (in the API: force: true), or stop the group',
}

export const warningsOf = (losses: readonly Loss[]): Warning[] =>
  losses.map(({ code, field, now }) => {
    const severity = code === 'connections-end' ? 'info' : 'warning'
    return { severity, code, field, message: now, hint: WAYS_BACK[code] }
  })

/** Of what is refused without `force`. */
export const refusalsOf = (losses: readonly Loss[]): Refusal[] =>
  losses
    .filter(({ would }) => would !== '')
    .map(({ code, field, would }) => ({ code, field, message: would, hint: WAYS_OUT[code] }))

/** Facts about what the configuration does not have now: they do nothing until it is there again, or somebody ends them. */
export const idleFacts = (facts: Facts, config: Config): Fact[] =>
  facts.list.filter(({ subject }) => !isThere(subject, config))

function isThere(subject: Subject, { groups, services }: Config): boolean {
  if (subject.kind === 'alerts') return true
  if (subject.kind === 'group') return groups.some(({ name }) => name === subject.group)
  if (subject.kind === 'node') return groups.some(({ directors }) => directors.includes(subject.node))
  return services.some(
    ({ name, realservers }) =>
      (subject.service === null || subject.service === name) && realservers.some(({ node }) => node === subject.node),
  )
}
