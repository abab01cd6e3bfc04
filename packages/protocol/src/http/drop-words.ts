/** What the answering node did not believe, or did not understand, in the words of `lvsm status` and of the console. */
import { counterOf, isDrop } from '../counters.ts'
import type { Status } from './status.ts'

/** They come with every restart of a node, or by its other link, and say nothing of now. */
const ORDINARY: ReadonlySet<string> = new Set(['drop-copy', 'drop-not-for-me', 'drop-retired-incarnation'])

export const droppedTitle = ({ node }: Pick<Status, 'node'>): string => `DROPPED by ${node} since its processes started`

/** A line for each reason; an older agent counts none. */
export const droppedLines = (counters: Status['counters'] = {}): string[] =>
  Object.entries(counters)
    .filter(([name, count]) => isDrop(name) && !ORDINARY.has(name) && count > 0)
    .map(([name, count]) => {
      const counter = counterOf(name)
      const [one, many] = counter?.unit ?? ['message', 'messages']
      return `${count} ${count === 1 ? one : many}: ${counter?.help ?? name.slice('drop-'.length)}`
    })
