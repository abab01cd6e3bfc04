/** Which keys a version knows, in one word: two that differ in it may say the same otherwise. */
import { digest64 } from '@lvsm/base'
import * as z from 'zod'
import { configSchema } from './schema.ts'

let known: string | null = null
export const schemaDigest = (): string =>
  (known ??= digest64(JSON.stringify(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }))))
