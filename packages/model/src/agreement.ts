/** What nodes must have alike in their configurations, as digests that they tell each other. */
import { canonicalAddress, digest64 } from '@lvsm/base'
import { unusualPacing } from './pacing.ts'
import type { Config, ConfigGroup, ConfigService } from './config.ts'
import { linesOf } from './lines.ts'
import { isOther, OF_OTHER, type Other, otherSubject } from './parts.ts'
import { portsText } from './ports.ts'
import { schemaDigest } from './schema-digest.ts'
import { specOf, specText, timeoutsText } from './service-spec.ts'

/** Digest of the list of a group's addresses, whatever their order: the address is the lock, so prefix and interface do not count. */
export const addressDigest = (group: ConfigGroup): string =>
  digest64(
    group.addresses
      .map((entry) => canonicalAddress(entry.address))
      .sort()
      .join(' '),
  )

/**
 * What all nodes must agree on: without the same voters, directors and addresses a quorum means nothing; voters count on the
 * lease durations of all others, and directors compare how many ping nodes they reach.
 */
const OF_OWNERSHIP = ['voters', 'directors', 'addresses', 'ping nodes', 'timing'] as const
/** What clients get, whoever owns a group. An older agent does not say it: then it is taken for the same. */
const OF_SERVING = ['services', 'schedulers', 'realservers', 'checks'] as const
export type Subject = (typeof OF_OWNERSHIP)[number] | (typeof OF_SERVING)[number] | Other
const FOR_VOTES: ReadonlySet<Subject> = new Set(OF_OWNERSHIP)
export const isForVotes = (subject: Subject): boolean => FOR_VOTES.has(subject)
/** A digest for each; `schema`: of all keys that this version knows. */
export type Agreement = Readonly<Record<Exclude<Subject, Other> | 'schema', string> & Partial<Record<Other, string>>>

const known = new WeakMap<Config, Agreement>()
/** Asked for with every word of a node, so it is worked out once for each configuration (one never changes). */
export function agreementDigests(config: Config): Agreement {
  const digests = known.get(config) ?? digestsOf(config)
  known.set(config, digests)
  return digests
}

function digestsOf(config: Config): Agreement {
  return { ...namedDigests(config), ...otherDigests(config), schema: schemaDigest() }
}

/** Of all that the named ones leave out, whatever it is. */
function otherDigests(config: Config): Partial<Record<Other, string>> {
  const texts = new Map<Other, string[]>(OF_OTHER.map((subject) => [subject, []]))
  for (const { field, object, value } of linesOf(config))
    if (isOther(field)) texts.get(otherSubject(field))?.push(JSON.stringify([field, object, value]))
  return Object.fromEntries(OF_OTHER.map((subject) => [subject, digest64((texts.get(subject) ?? []).join('\n'))]))
}

function namedDigests({ nodes, groups, services, timing, ipvsTimeouts }: Config) {
  const voters = nodes.filter(({ voter }) => voter).map(({ name }) => name)
  const digest = (value: unknown): string => digest64(JSON.stringify(value))
  const each = (part: (service: ConfigService) => unknown): string =>
    digest(services.toSorted(byName).map((service) => [service.name, part(service)]))
  return {
    voters: digest(voters.sort()),
    directors: digest(groups.map(({ name, directors }) => [name, directors])),
    addresses: digest(groups.map((group) => [group.name, addressDigest(group)])),
    'ping nodes': digest(groups.map(({ name, ping }) => [name, [...ping].sort()])),
    timing: digest(Object.entries(timing).sort(byFirst)),
    services: each(({ group, address, port, protocol, ports }) => [
      ...[group, address, port, protocol],
      ...(ports ? [portsText(ports)] : []),
    ]),
    // What an older version does not know is not there where it is not said: then both say the same.
    schedulers: digest([
      ...services.toSorted(byName).map((service) => [service.name, schedulingOf(service)]),
      ...(timeoutsText(ipvsTimeouts) === '' ? [] : [timeoutsText(ipvsTimeouts)]),
    ]),
    realservers: each(({ realservers }) =>
      realservers
        .map(({ node, address, port, forward, weight, upper, lower, tunnel, tunnelPort, placement, backup }) =>
          // Where nothing of it is said the text is that of versions that know nothing of it.
          [
            ...[node, address, port, forward, weight],
            ...(upper === undefined ? [] : [upper, lower ?? 0]),
            ...(tunnel === undefined ? [] : [tunnel]),
            ...(tunnelPort === undefined ? [] : [tunnelPort]),
            ...(placement === undefined ? [] : [placement]),
            ...(backup ? ['backup'] : []),
          ].join(' '),
        )
        .sort(),
    ),
    checks: each(({ check, quorum, hysteresis }) => {
      const { type, intervalMs, timeoutMs, fall, rise, keepLast, ownView, via, track, keys, port, pacing } = check
      const own = Object.entries(keys).sort(byFirst)
      // An older agent knows none: what is as usual makes no difference between the two.
      const unusual = unusualPacing(pacing, intervalMs)
      const later = [
        ...(port === null ? [] : [port]),
        ...(ownView ? ['own view'] : []),
        ...(via === undefined ? [] : [`via ${via}`]),
        ...(track === undefined ? [] : [`track ${track}`]),
        ...(unusual.length === 0 ? [] : [unusual]),
        ...(quorum > 1 ? [`quorum ${quorum} ${hysteresis}`] : []),
      ]
      return [type, intervalMs, timeoutMs, fall, rise, keepLast, own, ...later]
    }),
  }
}
const schedulingOf = (service: ConfigService): readonly unknown[] => {
  const { scheduler, schedulerFlags, onePacket, persistence, helper } = service
  return [
    ...[scheduler, schedulerFlags],
    ...(onePacket || persistence !== null ? [specText(specOf(service))] : []),
    ...(helper === undefined ? [] : [`helper ${helper}`]),
  ]
}
const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name < other.name ? -1 : 1
const byFirst = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1

/** Without these two agree on, no vote of the one counts for the other; what the other one did not say is no agreement. */
export const disagreements = (one: Partial<Agreement>, other: Partial<Agreement>): Subject[] =>
  OF_OWNERSHIP.filter((subject) => one[subject] !== other[subject])

/** Are the two comparable in it? An older agent does not say it; of one that knows other keys, what it leaves out says nothing. */
export const isComparable = (subject: Subject, one: Partial<Agreement>, other: Partial<Agreement>): boolean =>
  one[subject] !== undefined && other[subject] !== undefined && (!OTHERS.has(subject) || one.schema === other.schema)
const OTHERS: ReadonlySet<Subject> = new Set(OF_OTHER)

/** All that two do not agree on. */
export const differences = (one: Partial<Agreement>, other: Partial<Agreement>): Subject[] => [
  ...disagreements(one, other),
  ...[...OF_SERVING, ...OF_OTHER].filter(
    (subject) => isComparable(subject, one, other) && one[subject] !== other[subject],
  ),
]
