import { type Reply, refusedWith } from '../../api/reply.ts'

/** Whoever guesses waits. */
export const tooMany = (waitMs: number): Reply => {
  const seconds = Math.ceil(waitMs / 1000)
  const hint = `try again in ${seconds} s`
  const refusal = { code: 'too-many-tries', message: 'too many tries have failed lately', hint }
  return { ...refusedWith(429, [refusal]), headers: { 'retry-after': String(seconds) } }
}
