/** Secrets of the heartbeat, for a coordinator that gives them to machines that join: on the unix socket alone, from root. */
import * as z from 'zod'
import { keyFile } from '../key-files.ts'
import { type ApiRoute, noQuery } from './api-route.ts'

/** Bytes: more keys than a configuration has, each as long as may be. */
export const LONGEST_SECRETS = 1 << 20
/** `id`, `file`: as the configuration names them. */
const key = z.strictObject(keyFile.shape)
const secretsReport = z.object({
  outcome: z.literal('done'),
  /** Those that it knew otherwise, or not at all. */
  taken: z.array(keyFile.shape.id).readonly(),
  /** Those of the configuration that it does not have even so. */
  missing: z.array(z.object({ id: keyFile.shape.id, file: keyFile.shape.file })).readonly(),
})
export type SecretsReport = Readonly<z.infer<typeof secretsReport>>

export const SECRETS = {
  method: 'POST',
  path: '/v1/heartbeat-secrets',
  query: noQuery,
  body: z.strictObject({ keys: z.array(key).max(256).readonly() }),
  response: secretsReport,
  role: 'admin',
} as const satisfies ApiRoute

/** Null for an answer that is none of this route. */
export function readSecretsReport(body: unknown): SecretsReport | null {
  const read = secretsReport.safeParse(body)
  return read.success ? read.data : null
}
