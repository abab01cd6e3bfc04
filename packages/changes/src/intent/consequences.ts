/** What nobody would serve any more: worth a warning before it is so, and no reason to refuse what was asked for. */
import type { Warning } from '@lvsm/base'
import type { Config } from '@lvsm/model'
import type { Fact, Facts, Subject } from '@lvsm/protocol'
import { intentOnServer, isOnStandby, isStopped } from './facts.ts'

const deadServices = (facts: Facts, { services }: Config): ReadonlySet<string> =>
  new Set(
    services
      .filter(({ name, realservers }) =>
        realservers.every(({ node, weight }) => weight === 0 || intentOnServer(facts, name, node) !== 'serve'),
      )
      .map(({ name }) => name),
  )

const lostGroups = (facts: Facts, { groups }: Config): ReadonlySet<string> =>
  new Set(
    groups
      .filter(({ name, directors }) => !isStopped(facts, name) && directors.every((one) => isOnStandby(facts, one)))
      .map(({ name }) => name),
  )

/** Of what was not so before. */
export function troubledBy(before: Facts, after: Facts, config: Config): Warning[] {
  const [dead, lost] = [deadServices(before, config), lostGroups(before, config)]
  const services = [...deadServices(after, config)].filter((name) => !dead.has(name))
  const groups = [...lostGroups(after, config)].filter((name) => !lost.has(name))
  return [
    ...services.map(
      (name): Warning => ({
        severity: 'warning',
        code: 'no-server-left',
        field: `services.${name}`,
        message: `service "${name}" has no realserver left that takes new connections`,
        hint: 'enable one of its realservers, or stop its group, so that clients are refused at once',
      }),
    ),
    ...groups.map(
      (name): Warning => ({
        severity: 'warning',
        code: 'no-director-left',
        field: `groups.${name}`,
        message: `all directors of group "${name}" are on standby: nobody answers for its addresses`,
        hint: 'take one of them off standby',
      }),
    ),
  ]
}

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
