/** What `lvsm doctor` says to eyes. */
import type { DoctorReport, Finding, ToldByAgent } from '@lvsm/protocol'
import type { Paint, Tone } from '../paint.ts'
import { table } from '../table.ts'
import type { Check } from './core/check.ts'

const TONES: Readonly<Record<Finding['severity'], Tone>> = { critical: 'bad', warning: 'warn', info: 'dim' }
const KEPT =
  'settings hold until the next boot: write them to /etc/sysctl.d as well where lvsm does not look after them'

/** `director of 10.11.0.10; realserver for 10.11.0.20`. */
function partText({ director, vips, aliases, tunnelled, gateways }: DoctorReport['part']): string {
  const parts = [
    ...(director ? [`director${vips.length > 0 ? ` of ${vips.join(', ')}` : ''}`] : []),
    ...(aliases.length > 0 ? [`realserver for ${aliases.join(', ')}${tunnelled ? ' by a tunnel' : ''}`] : []),
    ...gateways.map((gateway) => `realserver behind NAT gateway ${gateway}`),
  ]
  return parts.length === 0 ? 'neither director nor realserver, as far as it shows' : parts.join('; ')
}

function findingText(
  { check, severity, object, message, evidence, mend, fixes }: Finding,
  fix: boolean,
  paint: Paint,
): string {
  const lines = [
    `${paint(TONES[severity], severity.padEnd(8))}  ${message} ${paint('dim', `(${check}: ${object})`)}`,
    ...evidence.map((line) => `    seen: ${line}`),
    `    → ${mend}`,
    ...(fix ? [] : fixes.map((line) => `    --fix: ${line}`)),
  ]
  return lines.join('\n')
}

function toldText({ code, severity, message, evidence, hint }: ToldByAgent, paint: Paint): string {
  const lines = [
    `${paint(TONES[severity], severity.padEnd(8))}  its agent says: ${message} ${paint('dim', `(${code})`)}`,
    ...(evidence === undefined ? [] : [`    seen: ${evidence}`]),
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ]
  return lines.join('\n')
}

const plural = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`

export function doctorText(report: DoctorReport, fix: boolean, paint: Paint): string {
  const { node, kernel, part, checks, findings, agent, gaps, fixed } = report
  const wrong = findings.filter(({ severity }) => severity !== 'info').length + (agent?.length ?? 0)
  const head = `${node ?? 'this machine, in no cluster'} (kernel ${kernel}): ${partText(part)}`
  const told =
    wrong === 0
      ? paint('good', 'nothing wrong was found')
      : paint('bad', plural(wrong, 'thing is wrong', 'things are wrong'))
  return `${[
    head,
    `${told}; ${plural(checks, 'check', 'checks')}`,
    ...fixed.map(({ what, was, is, failed }) =>
      failed === null
        ? `  changed  ${what}: ${was} → ${is}`
        : `  ${paint('bad', 'failed')}   ${what}: ${was} → ${is}: ${failed}`,
    ),
    ...(fixed.some(({ failed }) => failed === null) ? [`  ${KEPT}`] : []),
    ...findings.map((one) => findingText(one, fix, paint)),
    ...(agent ?? []).map((one) => toldText(one, paint)),
    ...gaps.map(({ what, why }) => `${paint('warn', 'not seen')}  ${what}: ${why} (run it as root)`),
  ].join('\n')}\n`
}

type Told = Pick<Check, 'name' | 'rows' | 'title'>

export const listText = (checks: readonly Told[], paint: Paint): string =>
  `${table(
    ['check', 'row', 'what it is'],
    checks.map(({ name, rows, title }) => [name, rows.join(', '), title]),
    paint,
  )}\n`

export const checkText = ({ name, rows, title, symptom, why, mend }: Omit<Check, 'look'>, paint: Paint): string =>
  `${[
    `${paint('strong', name)}: ${title} (row ${rows.join(', ')} of the traps)`,
    `  shows   ${symptom}`,
    `  because ${why}`,
    `  → ${mend}`,
  ].join('\n')}\n`
