/** `lvsm alert list` and `test`: what an agent knows of alerts, and whether a receiver takes one. */
import { type Exit, isUnsaid } from '@lvsm/protocol'
import { exchange } from '../agents.ts'
import { clusterStatus } from '../cluster.ts'
import { eventsSoon, type Session } from '../commands.ts'
import { asQuestion } from '../failure.ts'
import { type Format, render } from '../output.ts'
import { withProgress } from '../terminal.ts'
import { alertsText } from './text.ts'

const QUERY_TIMEOUT_MS = 5000
/** A receiver has its own time, a minute at most. */
const TEST_TIMEOUT_MS = 70_000

export async function listAlerts(session: Session, format: Format): Promise<Exit> {
  const { socketPaths, terminal } = session
  const report = await exchange(socketPaths, { route: 'alerts', body: null, timeoutMs: QUERY_TIMEOUT_MS })
  const isUntold = report.receivers.length === 0 && format === 'table'
  const status = isUntold ? await clusterStatus(session) : null
  const events = status && isUnsaid(status) ? await eventsSoon(session) : []
  terminal.print(render(report, format, (it) => alertsText(it, terminal.paint, status, events)))
  return 'ok'
}

export async function testReceiver(
  { socketPaths, terminal }: Session,
  receiver: string,
  { output, on }: { readonly output: Format; readonly on?: string },
): Promise<Exit> {
  const body = { receiver, ...(on === undefined ? {} : { on }) }
  const work = exchange(socketPaths, { route: 'testAlert', body, timeoutMs: TEST_TIMEOUT_MS })
  const report = await withProgress(`waiting for ${receiver}`, asQuestion(work))
  terminal.print(
    render(report, output, ({ node, ok, reason }) => {
      const word = ok ? terminal.paint('good', 'took it') : terminal.paint('bad', 'did not take it')
      return `${receiver} ${word}: ${reason}  (told by ${node})\n`
    }),
  )
  return report.ok ? 'ok' : 'failing'
}
