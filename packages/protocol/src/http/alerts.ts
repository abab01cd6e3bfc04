/** What an agent says of alerts: what is wrong in the cluster, who is told of it, and whether that works. */
import { plainLine } from '@lvsm/base'
import * as z from 'zod'
import { severityWord } from './status.ts'

const text = z.string().transform(plainLine)

const alert = z.object({
  code: text,
  object: text,
  severity: severityWord,
  summary: text,
  /** `pending`: it has not lasted long enough; `ending`: it is over when it stays so; an older `lvsm` shows what it does not know as it is. */
  state: text,
  /** ISO 8601. */
  since: text,
  ended: text.nullable(),
  fingerprint: text,
  /** Who silenced it, until when and why; null: nobody. */
  silenced: text.nullable(),
  told: z.array(z.object({ receiver: text, what: text, ageMs: z.number().nullable() })).readonly(),
})
const receiver = z.object({
  name: text,
  type: text,
  /** Which node tells it now; null: none that is heard. */
  sender: text.nullable(),
  /** Why the last attempts of the node that answers failed; null: none failed. */
  fault: text.nullable(),
})
export const alertsReport = z.object({
  node: text,
  revision: z.number(),
  receivers: z.array(receiver).readonly(),
  alerts: z.array(alert).readonly(),
})
export type AlertReport = z.infer<typeof alert>
export type AlertsReport = z.infer<typeof alertsReport>

export const testAlertReport = z.object({ node: text, receiver: text, ok: z.boolean(), reason: text })
export type TestAlertReport = z.infer<typeof testAlertReport>
