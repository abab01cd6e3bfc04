/** Who is told of troubles: as the file writes it, and complete. */
import * as z from 'zod'
import { parseDuration } from './duration.ts'
import { certificates, secretName } from './tables/check-keys.ts'

interface ReceiverRow {
  /** Keys that it must have, and others of its own. */
  readonly needs: readonly string[]
  readonly may: readonly string[]
  readonly hint: string
}
const PROGRAM = { needs: ['command'], may: [], hint: 'write command: [/usr/local/bin/page, ops]' } as const
export const RECEIVERS = {
  /** An HTTP POST of what Alertmanager sends its webhook receivers (version 4). */
  webhook: {
    needs: ['url'],
    may: ['user', 'password-file', 'headers-file', 'ca'],
    hint: 'write url: https://HOST/PATH',
  },
  /** SMTP to a server that takes it from this node. */
  mail: {
    needs: ['to', 'from'],
    may: ['server', 'port', 'tls', 'ca', 'user', 'password-file'],
    hint: 'write to: [ops@example.org] and from: lvsm@example.org',
  },
  /** A program, once for each alert. */
  exec: PROGRAM,
  /** An alert script of mon, as it is. */
  mon: PROGRAM,
} as const satisfies Readonly<Record<string, ReceiverRow>>
export type ReceiverType = keyof typeof RECEIVERS
export const RECEIVER_TYPES = Object.keys(RECEIVERS) as [ReceiverType, ...ReceiverType[]]
/** Keys that some types have and others have not. */
export const OWN_KEYS: readonly string[] = [
  ...new Set(Object.values(RECEIVERS).flatMap(({ needs, may }) => [...needs, ...may])),
]

const MOST = { list: 64, recipients: 32, words: 64 } as const
const LONGEST = { url: 2048, address: 254, word: 4096 } as const

type Fields = { readonly name: z.ZodString; readonly port: z.ZodType<number>; readonly duration: z.ZodString }
export const receiverOf = ({ name, port, duration }: Fields) => {
  const names = z.array(name).min(1).max(MOST.list)
  return z.strictObject({
    name,
    type: z.enum(RECEIVER_TYPES),
    url: z.string().max(LONGEST.url).optional(),
    to: z.array(z.string().max(LONGEST.address)).min(1).max(MOST.recipients).optional(),
    from: z.string().max(LONGEST.address).optional(),
    /** Not there: this node itself. */
    server: z.string().max(LONGEST.address).optional(),
    port: port.optional(),
    /** Nothing is said to a server that cannot be believed by its certificate. */
    tls: z.boolean().optional(),
    /** Who must have signed its certificate; without it, whomever the system of the node trusts. */
    ca: certificates.optional(),
    /** Who logs in there, with what stands in a file of each node that may tell. */
    user: z.string().min(1).max(LONGEST.address).optional(),
    'password-file': secretName.optional(),
    /** What else a webhook is asked with: a token of its own. */
    'headers-file': secretName.optional(),
    command: z.array(z.string().max(LONGEST.word)).min(1).max(MOST.words).optional(),
    /** Of this severity and worse. */
    severity: z.enum(['warning', 'critical']).optional(),
    troubles: names.optional(),
    groups: names.optional(),
    services: names.optional(),
    nodes: names.optional(),
    /** Only of what has lasted so long: whom to call when nobody heeds the others. */
    after: duration.optional(),
    /** What lasts is told again so often; 0s: never. */
    repeat: duration.optional(),
    /** Is it told as well when it is over? */
    resolved: z.boolean().optional(),
    timeout: duration.optional(),
  })
}
export type WrittenReceiver = z.infer<ReturnType<typeof receiverOf>>

export interface ConfigReceiver {
  readonly name: string
  readonly type: ReceiverType
  /** What is of its type alone, complete. */
  readonly keys: Readonly<Record<string, unknown>>
  readonly severity: 'warning' | 'critical'
  /** Null: all. */
  readonly troubles: readonly string[] | null
  /** What an alert is about must be in one of those that are said. Null in all three: whatever it is about. */
  readonly groups: readonly string[] | null
  readonly services: readonly string[] | null
  readonly nodes: readonly string[] | null
  readonly afterMs: number
  /** 0: never. */
  readonly repeatMs: number
  readonly resolved: boolean
  readonly timeoutMs: number
}

export const DEFAULT_RECEIVER = { repeatMs: 4 * 3_600_000, timeoutMs: 10_000, server: '127.0.0.1', port: 25 } as const
/** A repetition without end is no help, and a receiver that is waited for any longer keeps the others' alerts waiting. */
export const RECEIVER_LIMITS = { leastRepeatMs: 60_000, leastTimeoutMs: 100, longestTimeoutMs: 60_000 } as const

const msOf = (text: string | undefined, usual: number): number =>
  (text === undefined ? null : parseDuration(text)) ?? usual

export function completeReceiver(written: WrittenReceiver): ConfigReceiver {
  const {
    name,
    type,
    severity = 'warning',
    troubles,
    groups,
    services,
    nodes,
    after,
    repeat,
    resolved,
    timeout,
  } = written
  const { needs, may }: ReceiverRow = RECEIVERS[type]
  const own = [...needs, ...may]
  const said = Object.entries(written).filter(([key, value]) => own.includes(key) && value !== undefined)
  const usual = type === 'mail' ? { server: DEFAULT_RECEIVER.server, port: DEFAULT_RECEIVER.port } : {}
  return {
    name,
    type,
    keys: { ...usual, ...Object.fromEntries(said) },
    severity,
    ...{ troubles: troubles ?? null, groups: groups ?? null, services: services ?? null, nodes: nodes ?? null },
    afterMs: msOf(after, 0),
    repeatMs: msOf(repeat, DEFAULT_RECEIVER.repeatMs),
    resolved: resolved ?? true,
    timeoutMs: msOf(timeout, DEFAULT_RECEIVER.timeoutMs),
  }
}
