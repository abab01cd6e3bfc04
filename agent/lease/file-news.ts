/** What became of the state files of the last start that could not be used, for people. */
import type { CounterName } from '@lvsm/protocol'
import type { Trouble } from '@lvsm/base'

/** What was lost is written anew soon; whether the disk is sick, only people can find out. */
const SHOWN_MS = 3_600_000
const HINT =
  'nothing has to be done about the file, it is written anew; look for a sick disk (journalctl -k, smartctl). This line goes an hour after the start'

export interface Files {
  /** Of another version, and damaged ones, a sentence of each. */
  readonly strange: readonly string[]
  readonly damaged: readonly string[]
}
export interface FileNewsPorts {
  count(name: CounterName): void
  say(text: string): void
  /** Null: it is over. */
  trouble(trouble: Trouble | null): void
}

/** The timer is the caller's to stop; undefined: all could be used. */
export function tellFiles({ strange, damaged }: Files, ports: FileNewsPorts): NodeJS.Timeout | undefined {
  const sentences = [...strange, ...damaged]
  if (sentences.length === 0) return undefined
  for (const sentence of sentences) ports.say(sentence)
  for (const _ of strange) ports.count('file-version')
  for (const _ of damaged) ports.count('file-damaged')
  ports.trouble({ code: 'file-lost', severity: 'warning', message: sentences.join('; '), hint: HINT })
  return setTimeout(() => ports.trouble(null), SHOWN_MS)
}
