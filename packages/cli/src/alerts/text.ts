/** Alerts for eyes. */
import { type AlertReport, type AlertsReport, type HistoryEvent, listedTroubles, type Status } from '@lvsm/protocol'
import { spanText } from '@lvsm/base'
import type { Paint } from '../paint.ts'
import { table } from '../table.ts'
import { troubleLine } from '../trouble-text.ts'

const toldText = ({ told }: AlertReport): string =>
  told
    .map(({ receiver, what, ageMs }) => `${receiver}: ${what}${ageMs === null ? '' : ` ${spanText(ageMs)} ago`}`)
    .join(', ')

/** `status`: where nobody is to be told, agents keep no alerts, and what it lists is what is wrong; `events`: what says since when. */
export function alertsText(
  { node, receivers, alerts }: AlertsReport,
  paint: Paint,
  status: Status | null = null,
  events: readonly HistoryEvent[] = [],
): string {
  const rows = receivers.map(({ name, type, sender, fault }) => [
    name,
    type,
    sender ?? paint('warn', 'nobody'),
    fault === null ? paint('good', 'well') : paint('bad', fault),
  ])
  const head =
    receivers.length === 0
      ? `Nobody is told of anything: there are no receivers. lvsm receiver add NAME type=webhook url=… adds one.`
      : table(['receiver', 'type', 'told by', `as ${node} knows`], rows, paint)
  if (alerts.length === 0 && status !== null) return `${head}\n\n${untoldText(status, events, paint)}`
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

function untoldText(status: Status, events: readonly HistoryEvent[], paint: Paint): string {
  const causes = listedTroubles(status, events).filter(
    ({ severity, pastMs }) => severity !== 'info' && pastMs === undefined,
  )
  if (causes.length === 0) return 'Nothing is wrong.\n'
  return causes.map((one) => `${troubleLine(one, paint, status)}\n`).join('')
}
