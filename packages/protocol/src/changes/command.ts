/**
 * Changes of the cluster's configuration, and what operators want for a while, as they travel: from who asks to a coordinator,
 * and through the log. A document travels as the plain data of its file. What of it makes sense is for `changes` to say.
 */
import * as z from 'zod'
import { LONGEST_NAME } from '../http/routes.ts'

/** What can be added, set and removed. */
export const NOUN_NAMES = [
  'cluster',
  'timing',
  'key',
  'node',
  'link',
  'group',
  'vip',
  'gateway',
  'pool',
  'service',
  'check',
  'server',
  'override',
  'receiver',
] as const
export type Noun = (typeof NOUN_NAMES)[number]

const name = z.string().max(LONGEST_NAME)
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Plain data, whatever it is. */
export const plainData: z.ZodType<unknown> = z.json()
const noun = z.enum(NOUN_NAMES)
/** Which one: `{ service: 'http', server: 'rs1' }`. */
const which = z.record(name, name).readonly()
/** Keys as the file has them; null takes a key out, so that its default holds. */
const values = z.record(name, plainData).readonly()
/** The newest meaning that it has: the version of the model. */
const model = count

/** Also if it leaves a service without realserver, or a group without director; false by default. */
const force = z.boolean().exactOptional()

const add = z.strictObject({ verb: z.literal('add'), noun, which, values, model, force })
const set = z.strictObject({ verb: z.literal('set'), noun, which, values, model, force })
const remove = z.strictObject({ verb: z.literal('remove'), noun, which, model, force })
/** The whole document: the plain data of a file. */
const apply = z.strictObject({ verb: z.literal('apply'), file: plainData, model })
/** The document of that revision becomes the newest. */
const rollback = z.strictObject({ verb: z.literal('rollback'), revision: count, model })
export const CONFIG_COMMANDS = { add, set, remove, apply, rollback } as const
export const configCommand = z.discriminatedUnion('verb', [add, set, remove, apply, rollback])
export type ConfigCommand = z.infer<typeof configCommand>

/**
 * `drain`: it takes no new connections, those that it has go on. `stop`: it serves nobody; of a group: nobody owns it.
 * `standby`: the director owns nothing. `silence`: nobody is told that such alerts fire.
 */
export const INTENT_WORDS = ['drain', 'stop', 'standby', 'silence'] as const
export type Intent = (typeof INTENT_WORDS)[number]
export const subject = z.discriminatedUnion('kind', [
  /** `service` null: wherever the node serves. */
  z.strictObject({ kind: z.literal('server'), node: name, service: name.nullable() }),
  z.strictObject({ kind: z.literal('group'), group: name }),
  z.strictObject({ kind: z.literal('node'), node: name }),
  /** `CODE`, `label=value`, several with commas between them, or `*`. */
  z.strictObject({ kind: z.literal('alerts'), match: name }),
])
export type Subject = z.infer<typeof subject>

export const intentCommand = z.strictObject({
  model,
  /** `enable`: what was wanted of it is over. */
  verb: z.enum([...INTENT_WORDS, 'enable']),
  subject,
  /** Milliseconds after which it is over by itself. */
  forMs: count.nullable(),
  /**
   * Of a drain: milliseconds after which it becomes a stop. Of a stop: for so long established connections may go on before they are cut
   * off; without it for three seconds.
   */
  deadlineMs: count.exactOptional(),
  comment: z.string().max(1000),
  force,
})
export type IntentCommand = z.infer<typeof intentCommand>
