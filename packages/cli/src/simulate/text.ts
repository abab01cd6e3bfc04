/** A simulation for eyes: what was asked, before and after, and what `lvsm status` would say then. */
import type { Paint } from '../paint.ts'
import { TONE_OF } from '../status-text.ts'
import { table } from '../table.ts'
import type { Change, Simulation } from './simulate.ts'

export function simulationText({ supposed, now, later, groups, services, said }: Simulation, paint: Paint): string {
  const failing = supposed.failed.map(
    ({ node, service }) => `${node} failed${service === null ? '' : ` in ${service}`}`,
  )
  const what = [...supposed.dead.map((node) => `${node} died`), ...failing].join(' and ')
  const head = `${paint('strong', `If ${what} now`)}: ${paint(TONE_OF[now], now)} → ${paint(TONE_OF[later], later)}`
  const parts = [
    head,
    ...section('group', 'owner', groups, paint),
    ...section('service', 'serving', services, paint),
    ...(said.length === 0
      ? []
      : [`${paint('strong', 'THEN lvsm status WOULD SAY')}\n${said.map((one) => `  ${one}`).join('\n')}`]),
  ]
  return `${parts.join('\n\n')}\n`
}

function section(noun: string, column: string, changes: readonly Change[], paint: Paint): string[] {
  if (changes.length === 0) return []
  const rows = changes.map(({ name, before, after, why }) => [
    name,
    before,
    after === before ? paint('dim', 'as now') : paint('warn', after),
    why,
  ])
  return [`${paint('strong', `${noun.toUpperCase()}S`)}\n${table([noun, `${column} now`, 'then', 'why'], rows, paint)}`]
}
