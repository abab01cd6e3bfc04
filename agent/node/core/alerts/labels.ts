/** What an alert is about, as labels: what receivers and silences go by, and what it is known by elsewhere. */
import { digest64 } from '@lvsm/base'
import type { Config, ConfigReceiver } from '@lvsm/model'
import type { CauseReport } from '@lvsm/protocol'

export type Labels = Readonly<Record<string, string>>
type About = Pick<CauseReport, 'code' | 'object' | 'severity'>

/** What objects of troubles begin with, where that is a label of its own. */
const KINDS = ['node', 'group', 'service', 'receiver', 'link'] as const

export function labelsOf(
  { cluster, services }: Pick<Config, 'cluster' | 'services'>,
  { code, object, severity }: About,
): Labels {
  const [kind = '', name = '', ...rest] = object.split(' ')
  const about = rest.length === 0 && name !== '' && KINDS.some((one) => one === kind) ? { [kind]: name } : { object }
  const group = kind === 'service' ? services.find((one) => one.name === name)?.group : undefined
  return { alertname: code, cluster, ...about, ...(group === undefined ? {} : { group }), severity }
}

/** Equal for the same thing at any time and on every node: how bad it is may change meanwhile. As Alertmanager makes its own, of other labels. */
export const fingerprintOf = (labels: Labels): string =>
  digest64(
    Object.entries(labels)
      .filter(([label]) => label !== 'severity')
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map((pair) => pair.join('\u{ff}'))
      .join('\u{ff}'),
  )

/** Does a receiver want to hear of it? */
export function isWanted({ severity, troubles, groups, services, nodes }: ConfigReceiver, labels: Labels): boolean {
  if (severity === 'critical' && labels['severity'] !== 'critical') return false
  if (troubles !== null && !troubles.includes(labels['alertname'] ?? '')) return false
  const scopes = [
    [groups, labels['group']],
    [services, labels['service']],
    [nodes, labels['node']],
  ] as const
  const said = scopes.filter(([names]) => names !== null)
  return said.length === 0 || said.some(([names, name]) => name !== undefined && names?.includes(name) === true)
}

/** `below-quorum`, `node=dir1`, `group=web,severity=warning`; `*`: all. All parts must match. */
export const isMatched = (match: string, labels: Labels): boolean =>
  match === '*' ||
  match.split(',').every((part) => {
    const at = part.indexOf('=')
    return at < 0 ? labels['alertname'] === part : labels[part.slice(0, at)] === part.slice(at + 1)
  })
