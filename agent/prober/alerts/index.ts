/** Every way to tell a receiver, by the model's types of receivers. */
import type { ReceiverType } from '@lvsm/model'
import type { Ask } from '../attempt.ts'
import { tellMail } from './mail.ts'
import { tellProgram } from './program.ts'
import { tellWebhook } from './webhook.ts'

export const DELIVERIES: Readonly<Record<`alert-${ReceiverType}`, Ask>> = {
  'alert-webhook': tellWebhook,
  'alert-mail': tellMail,
  'alert-exec': tellProgram,
  'alert-mon': tellProgram,
}
