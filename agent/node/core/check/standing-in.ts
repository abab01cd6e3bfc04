/** Services that are served by their backups, or are below their quorum: told when it begins, while it lasts, and when it is over. */
import type { Trouble } from '@lvsm/base'
import { type ConfigService, destKey } from '@lvsm/model'
import { note } from '../history/history.ts'
import type { NodeState } from '../state.ts'
import { healthOf } from './sight.ts'
import { membersOf } from './members.ts'
import { saidWeight } from './said-weight.ts'

/** `1 of 3 realservers is healthy (weight 1, quorum 2)`. */
function quorumText(state: NodeState, service: ConfigService): string {
  const own = membersOf(state, service).filter(([, { realserver }]) => !realserver.backup)
  const healthy = own.filter(([, member]) => member.intent === 'serve' && healthOf(member).healthy === true)
  const weight = healthy.reduce((sum, [, member]) => sum + saidWeight(member), 0)
  const are = healthy.length === 1 ? 'is' : 'are'
  return `${healthy.length} of ${own.length} realservers ${are} healthy and wanted (weight ${weight}, quorum ${service.quorum}${service.hysteresis > 0 ? ` ± ${service.hysteresis}` : ''})`
}

const backupsOf = ({ checks }: NodeState, { name, realservers }: ConfigService): string =>
  realservers
    .filter((one) => one.backup && checks.pools.get(name)?.serving.has(destKey(one)) === true)
    .map(({ node }) => node)
    .join(', ')

/** What changed since it was told last. True when anything did. */
export function noteStandingIn(state: NodeState): boolean {
  const { checks, view } = state
  const services = view?.services ?? []
  const before = checks.stoodIn
  checks.stoodIn = new Set(services.flatMap(({ name }) => (checks.pools.get(name)?.standsIn ? [name] : [])))
  const changed = services.filter(({ name }) => before.has(name) !== checks.stoodIn.has(name))
  for (const service of changed) {
    const begins = checks.stoodIn.has(service.name)
    const why = quorumText(state, service)
    const reason = begins
      ? `service ${service.name} is served by its backup ${backupsOf(state, service)}: ${why}`
      : `service ${service.name} is served by its realservers again: ${why}`
    const kind = begins ? 'backup' : 'recovered'
    note(state, { group: service.group, service: service.name, kind, number: 0, reason })
  }
  return changed.length > 0
}

export const quorumTroubles = (state: NodeState): Trouble[] =>
  (state.view?.services ?? []).flatMap((service): Trouble[] => {
    const pool = state.checks.pools.get(service.name)
    const object = `service ${service.name}`
    const hint = `look at its realservers: lvsm explain ${service.name}`
    if (pool?.standsIn === true) {
      const message = `${object} is served by its backup ${backupsOf(state, service)}: ${quorumText(state, service)}`
      return [{ code: 'backup-serves', severity: 'warning', object, message, hint }]
    }
    if (pool?.quorate !== false || service.quorum === 1) return []
    const message = `${object} is below its quorum: ${quorumText(state, service)}`
    return [{ code: 'below-quorum', severity: 'warning', object, message, hint }]
  })
