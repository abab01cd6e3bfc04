/** What a receiver is given, by its type: the process without rights carries it there, and knows nothing of what it is. */
import type { Config, ConfigReceiver } from '@lvsm/model'
import { digest64 } from '@lvsm/base'
import { troubleKind } from '@lvsm/protocol'
import { fingerprintOf, type Labels, labelsOf } from './labels.ts'
import type { Alert, Details } from './alert.ts'

/** One alert, as it is told. Times: ISO 8601. */
export interface Told {
  readonly status: 'firing' | 'resolved'
  readonly labels: Labels
  readonly summary: string
  /** What comes of it, and what to do; not there: what its kind says holds. */
  readonly details?: Details
  readonly startsAt: string
  /** Null: it lasts. */
  readonly endsAt: string | null
  readonly startedMs: number
  /** Names of the nodes that it is about: mon's group of hosts. Not there, or none: no node in particular. */
  readonly hosts?: readonly string[]
  readonly isTest?: boolean
  /** Which time it is told, where it was told before; not there: for the first time. Equal on every node. */
  readonly again?: string
}

export const toldOf = (
  config: Config,
  { code, object, severity, summary, details, startedMs, ended }: Omit<Alert, 'told' | 'since' | 'goneAt' | 'key'>,
  iso: (wallMs: number) => string,
): Told => ({
  status: ended ? 'resolved' : 'firing',
  labels: labelsOf(config, { code, object, severity }),
  summary,
  details,
  startsAt: iso(startedMs),
  endsAt: ended ? iso(ended.wallMs) : null,
  startedMs,
  hosts: hostsOf(config, object),
})
/** The node; those that serve a service; those that may own a group. */
function hostsOf({ services, groups }: Config, object: string): string[] {
  const [kind, name] = object.split(' ', 2)
  if (kind === 'node' && name !== undefined) return [name]
  const group = groups.find((one) => kind === 'group' && one.name === name)
  const service = services.find((one) => kind === 'service' && one.name === name)
  return [...new Set(group?.directors ?? service?.realservers.map(({ node }) => node) ?? [])]
}

/** As Go writes a time that is none: what Alertmanager says of what lasts. */
const NO_TIME = '0001-01-01T00:00:00Z'

const annotationsOf = ({ summary, details, labels, isTest }: Told): Record<string, string> => {
  const kind = isTest === true ? null : troubleKind(labels['alertname'] ?? '')
  return { summary, ...(kind ? { means: kind.means, next: kind.next } : {}), ...details }
}
const alertOf = (told: Told): object => ({
  status: told.status,
  labels: told.labels,
  annotations: annotationsOf(told),
  startsAt: told.startsAt,
  endsAt: told.endsAt ?? NO_TIME,
  generatorURL: '',
  fingerprint: fingerprintOf(told.labels),
})

/** What all of them have alike. */
function common(all: readonly Record<string, string>[]): Record<string, string> {
  const [first = {}, ...rest] = all
  return Object.fromEntries(Object.entries(first).filter(([key, value]) => rest.every((one) => one[key] === value)))
}

/** As many as a job of the process that carries them has room for. */
const MOST_LISTED = 60
/**
 * The body that Alertmanager sends to its webhook receivers, version 4 (prometheus.io, Alertmanager configuration, webhook_config). What
 * the cluster has is one group, and as there its body has all that lasts of it, so that it is resolved when nothing of it lasts any more.
 */
export function webhookBody(
  receiver: string,
  cluster: string,
  due: readonly Told[],
  lasting: readonly Told[] = [],
): string {
  const all = [...due, ...lasting]
  const listed = all.slice(0, MOST_LISTED)
  // Nobody tells that a test is over: what is open by the group of the cluster must not stay so for it.
  const groupLabels = { ...(due.every(({ isTest }) => isTest === true) ? { alertname: 'test' } : {}), cluster }
  const pairs = Object.entries(groupLabels).map(([label, value]) => `${label}="${value}"`)
  return JSON.stringify({
    version: '4',
    groupKey: `{}:{${pairs.join(', ')}}`,
    truncatedAlerts: all.length - listed.length,
    status: all.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver,
    groupLabels,
    commonLabels: common(listed.map(({ labels }) => ({ ...labels }))),
    commonAnnotations: common(listed.map(annotationsOf)),
    externalURL: '',
    alerts: listed.map(alertOf),
  })
}

const WORDS = { firing: 'FIRING', resolved: 'over' } as const
const aboutOf = ({ labels }: Told): string =>
  (['service', 'group', 'node', 'receiver', 'link', 'object'] as const)
    .filter((key) => labels[key] !== undefined)
    .map((key) => (key === 'object' ? `${labels[key]}` : `${key} ${labels[key]}`))
    .join(', ')

function mailOf(cluster: string, all: readonly Told[]): { readonly subject: string; readonly text: string } {
  const [first] = all
  const firing = all.filter(({ status }) => status === 'firing').length
  const subject =
    all.length === 1 && first
      ? `[${cluster}] ${WORDS[first.status]}: ${first.labels['alertname']} ${aboutOf(first)}`
      : `[${cluster}] ${firing} firing, ${all.length - firing} over`
  const parts = all.map((told) => {
    const { means, next } = annotationsOf(told)
    const lasts = told.status === 'firing'
    return [
      `${WORDS[told.status]}  ${told.labels['severity']}  ${told.labels['alertname']}  ${aboutOf(told)}`,
      `  ${told.summary}`,
      // Of what is over neither is true any more.
      ...(means === undefined || !lasts ? [] : [`  so: ${means}`]),
      ...(next === undefined || !lasts ? [] : [`  do: ${next}`]),
      `  since ${told.startsAt}${told.endsAt === null ? '' : `, over at ${told.endsAt}`}`,
    ].join('\n')
  })
  return { subject, text: `${parts.join('\n\n')}\n` }
}

/** The argument vector and the standard input of mon's alert scripts (mon(8), ALERT PROGRAMS): `-u` when it is over. */
function monOf(command: readonly string[], cluster: string, told: Told) {
  const { labels, summary, status, startedMs } = told
  const [program = '', ...more] = command
  const group = labels['group'] ?? cluster
  const service = labels['service'] ?? labels['alertname'] ?? ''
  const named = told.hosts ?? []
  const hosts = named.length > 0 ? named.join(' ') : (labels['node'] ?? cluster)
  const flags = ['-s', service, '-g', group, '-h', hosts, '-t', String(Math.floor(startedMs / 1000))]
  const { means, next } = annotationsOf(told)
  return {
    argv: [program, ...flags, ...(status === 'resolved' ? ['-u'] : []), ...more],
    input: [summary, ...[means, next].filter((line) => line !== undefined), ''].join('\n'),
    variables: {
      MON_ALERTTYPE: status === 'resolved' ? 'up' : 'failure',
      ...{ MON_GROUP: group, MON_SERVICE: service, MON_LAST_SUMMARY: summary },
    },
  }
}

const variablesOf = ({ status, labels, summary, startsAt }: Told): Record<string, string> => ({
  LVSM_STATUS: status,
  ...Object.fromEntries(Object.entries(labels).map(([key, value]) => [`LVSM_${key.toUpperCase()}`, value])),
  LVSM_SUMMARY: summary,
  LVSM_SINCE: startsAt,
  LVSM_FINGERPRINT: fingerprintOf(labels),
})

/** How many of the things that a mail tells of it is put in one thread with: a header has an end. */
const MOST_REFERENCES = 10
/** What is told of one thing is one thread, which begins with its first mail; what is told a second time is the same mail. */
function threadOf(all: readonly Told[]): { readonly id: string; readonly references: readonly string[] } {
  const firsts = all.map(({ labels, startedMs }) => `${fingerprintOf(labels)}.${startedMs}.firing`)
  const ids = all.map(({ labels, startedMs, status, again }) =>
    [fingerprintOf(labels), startedMs, status, ...(again === undefined ? [] : [again])].join('.'),
  )
  const [only = ''] = ids
  const id = ids.length === 1 ? only : `${digest64(ids.join(' '))}.${ids.length}`
  return { id, references: firsts.filter((one) => one !== id).slice(0, MOST_REFERENCES) }
}

/** At once; a program hears of one after the other. */
export const mostAtOnce = ({ type }: ConfigReceiver): number => (type === 'exec' || type === 'mon' ? 1 : 40)

/** Is it given what lasts, beside what is due? */
export const hearsWhatLasts = ({ type }: ConfigReceiver): boolean => type === 'webhook'

/** The keys of the job. `lasting`: what the receiver knows, of those that `hearsWhatLasts`. */
export function deliveryOf(
  { name, type, keys }: ConfigReceiver,
  cluster: string,
  all: readonly Told[],
  lasting: readonly Told[] = [],
): Record<string, unknown> {
  const [first] = all
  const command = Array.isArray(keys['command']) ? keys['command'].map(String) : []
  if (type === 'webhook') return { ...keys, body: webhookBody(name, cluster, all, lasting) }
  if (type === 'mail') {
    return { ...keys, ...mailOf(cluster, all), ...threadOf(all) }
  }
  if (!first) return {}
  if (type === 'mon') return monOf(command, cluster, first)
  return { argv: command, input: `${JSON.stringify(alertOf(first))}\n`, variables: variablesOf(first) }
}
