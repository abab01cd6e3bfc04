/** How something is: a shape with a colour, and the word. */
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { asOfBefore, type Said, type Tone } from '../core/tones.ts'

/** Is what the page shows old? Then nothing on it is good. */
export const Stale = createContext(false)

/** Each tone has a shape of its own: they differ without colour. */
const SHAPES: Readonly<Record<Tone, string>> = {
  good: 'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.7 5.2-4.4 5-2.9-2.6.9-1 1.9 1.7 3.5-4 1 .9Z',
  warn: 'M8 1 .6 14.5h14.8L8 1Zm-.7 5h1.4v4.4H7.3V6Zm0 5.6h1.4V13H7.3v-1.4Z',
  bad: 'M4.9 1h6.2L15 4.9v6.2L11.1 15H4.9L1 11.1V4.9L4.9 1Zm.7 3.6-1 1L7 8l-2.4 2.4 1 1L8 9l2.4 2.4 1-1L9 8l2.4-2.4-1-1L8 7 5.6 4.6Z',
  off: 'M2 2h12v12H2V2Zm3.2 2.6v6.8h1.9V4.6H5.2Zm3.7 0v6.8h1.9V4.6H8.900Z',
  unknown:
    'M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm0 1.4a5.6 5.6 0 1 1 0 11.2A5.6 5.6 0 0 1 8 2.4ZM7.2 10.8h1.6v1.6H7.2v-1.6ZM5.3 6.4C5.3 4.9 6.4 4 8 4s2.7.9 2.7 2.3c0 1.7-1.9 1.9-1.9 3.4H7.2c0-2.2 1.9-2.3 1.9-3.3 0-.6-.4-1-1.1-1s-1.1.4-1.1 1H5.3Z',
}

export function Shape({ tone }: { tone: Tone }) {
  return (
    <svg class={`shape ${tone}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path fill="currentColor" fill-rule="evenodd" d={SHAPES[tone]} />
    </svg>
  )
}

export function Word({ said }: { said: Said }) {
  const shown = useContext(Stale) ? asOfBefore(said) : said
  return (
    <span class={`said ${shown.tone}`}>
      <Shape tone={shown.tone} />
      <span>{shown.text}</span>
    </span>
  )
}
