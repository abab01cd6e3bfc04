/** What is thrown where nobody catches it: in an attempt it ends that one alone, anywhere else the process. */
import { plainText } from '@lvsm/base'
import { endAttempt, messageOf } from './attempt.ts'

/** Each defect is written down once, and so many of them: strangers may bring them about as often as they like. */
const MOST_TOLD = 16

export const stackOf = (error: unknown): string => (error instanceof Error ? `${error.stack}` : messageOf(error))

export function guard(end: (error: unknown) => void): void {
  const told = new Set<string>()
  process.on('uncaughtException', (error: unknown) => {
    if (!endAttempt(error)) return end(error)
    const stack = stackOf(error)
    // Without what differs from one time to the next.
    const place = stack.split('\n')[1] ?? messageOf(error)
    if (told.has(place) || told.size >= MOST_TOLD) return
    told.add(place)
    process.stderr.write(
      plainText(`lvsm-prober: a check ended by a defect of this process; please report this:\n${stack}\n`),
    )
  })
}
