/** Alerts for eyes. */
import type { AlertReport, AlertsReport } from '@lvsm/protocol'
import { spanText } from '@lvsm/base'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'

const toldText = ({ told }: AlertReport): string =>
  told
    .map(({ receiver, what, ageMs }) => `${receiver}: ${what}${ageMs === null ? '' : ` ${spanText(ageMs)} ago`}`)
    .join(', ')

export function alertsText({ node, receivers, alerts }: AlertsReport, paint: Paint): string {
  if (receivers.length === 0)
    return `Nobody is told of anything: there are no receivers. lvsm receiver add NAME type=webhook url=… adds one.\n`
  const rows = receivers.map(({ name, type, sender, fault }) => [
    name,
    type,
    sender ?? paint('warn', 'nobody'),
    fault === null ? paint('good', 'well') : paint('bad', fault),
  ])
  const head = table(['receiver', 'type', 'told by', `as ${node} knows`], rows, paint)
  if (alerts.length === 0) return `${head}\n\nNothing is wrong.\n`
  const blocks = alerts.map((alert) => {
    const { code, object, severity, summary, since, ended, silenced } = alert
    const colour = severity === 'critical' ? 'bad' : 'warn'
    return [
      `${paint(ended === null ? colour : 'dim', alert.state)}  ${severity}  ${code}  ${object}: ${summary}`,
      `  since ${since}${ended === null ? '' : `, over at ${ended}`}`,
      ...(alert.told.length === 0 ? [] : [`  told: ${toldText(alert)}`]),
      ...(silenced === null ? [] : [`  silenced ${silenced}`]),
    ].join('\n')
  })
  return `${head}\n\n${blocks.join('\n')}\n`
}
