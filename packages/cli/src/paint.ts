/** Colour for eyes: only on a terminal, never with NO_COLOR; the words say the same without it. */
import { styleText } from 'node:util'

export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong'
export type Paint = (tone: Tone, text: string) => string

const STYLES = { good: 'green', warn: 'yellow', bad: 'red', dim: 'dim', strong: 'bold' } as const

export const paintFor =
  (stream: NodeJS.WriteStream): Paint =>
  (tone, text) =>
    text === '' ? text : styleText(STYLES[tone], text, { stream })

export const plain: Paint = (_tone, text) => text
