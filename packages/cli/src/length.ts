import { parseDuration } from '@lvsm/model'
import { Failure } from './failure.ts'

/** Durations of the command line, as those of the configuration. Milliseconds. */
export function lengthOf(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const ms = parseDuration(text)
  if (ms === null)
    throw new Failure('usage', `${option}: ${JSON.stringify(text)} is no duration`, 'for example 90s, 30m, 2h, 1d')
  return ms
}
