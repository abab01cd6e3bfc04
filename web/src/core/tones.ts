/** How something is, for eyes: a word, with a tone that has a colour and a shape. */

/** From the worst to the best: `unknown` is worse than `off`, which an operator wanted. */
export const TONES = ['bad', 'unknown', 'warn', 'off', 'good'] as const
export type Tone = (typeof TONES)[number]

export interface Said {
  readonly tone: Tone
  readonly text: string
}
export const say = (tone: Tone, text: string): Said => ({ tone, text })

/** Of nothing at all: unknown. */
export const worst = (tones: Iterable<Tone>): Tone => {
  const all = new Set(tones)
  return TONES.find((tone) => all.has(tone)) ?? 'unknown'
}

/** As long as the coordinator is not heard, nothing is as it is shown. */
export const asOfBefore = ({ tone, text }: Said): Said =>
  tone === 'unknown' ? { tone, text } : say('unknown', `was: ${text}`)
