/** Whom a director would have in its table if checks said otherwise: by the very rule of its core. */
import { type Candidate, choose, NOBODY_CHOSEN } from '@lvsm/health'
import { destKey } from '@lvsm/model'
import type { RealserverReport, Refill, ServiceReport } from '@lvsm/protocol'

export const refill: Refill = (before, after) => {
  const { quorum = 1, hysteresis = 0, keepLast = true, maxEjection = 100, panic = 0 } = after
  const [known, members] = [before.realservers.filter(isChosen), after.realservers.filter(isChosen)]
  const serving = new Set(known.filter(({ weight }) => weight > 0).map(destKey))
  const standsIn = known.some(({ backup, weight }) => backup === true && weight > 0)
  const last = { ...NOBODY_CHOSEN, serving, taking: serving, standsIn, quorate: !standsIn }
  const rule = { quorum, hysteresis, keepLast, maxEjection, panic }
  const chosen = choose(members.map(candidateOf), last, rule)
  const isAnybodyWell = members.some((one) => one.healthy === true && chosen.taking.has(destKey(one)))
  const rows = after.realservers.map((one): RealserverReport => {
    if (!isChosen(one)) return one
    const { kept, configured = 1, ...row } = one
    const key = destKey(one)
    const weight = !chosen.taking.has(key) ? 0 : one.weight > 0 ? one.weight : configured
    const isKept = one.healthy === false && weight > 0
    const keeps = !isKept ? undefined : chosen.panics === true ? 'panic' : (kept ?? (isAnybodyWell ? 'cap' : 'last'))
    if (weight === one.weight && keeps === kept) return one
    const known = one.configured === undefined ? {} : { configured }
    return { ...row, ...known, weight, ...(keeps === undefined ? {} : { kept: keeps }) }
  })
  return { ...after, realservers: rows }
}

/** Who is drained, or has no weight by the configuration, is left as it is. */
const isChosen = ({ state, configured = 1 }: RealserverReport): boolean => state === undefined && configured > 0

function candidateOf(row: ServiceReport['realservers'][number]): Candidate {
  const { configured = 1, backup = false, reason } = row
  // Whom nobody asks is taken for well: its director learns nothing of it.
  const isUnasked = row.basis === 'no-check' || (row.healthy === null && row.weight > 0)
  const healthy = isUnasked ? true : row.healthy
  const held = healthy === true && row.weight === 0 && !backup
  return {
    id: destKey(row),
    health: { healthy, against: 0, reason },
    weight: row.weight || configured,
    configured,
    backup,
    held,
  }
}
