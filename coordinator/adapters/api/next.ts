/** Waiting for a revision, for whoever follows the configuration. */
import type { State } from '@lvsm/changes'
import type { Configuration } from '../../configuration.ts'

/** Shorter than anybody waits for an answer: an answer that brings nothing new shows that there is somebody. */
const LONGEST_MS = 20_000

/**
 * What this coordinator has, once its revision is above `after`; after `longestMs` what it has then. Null: it has none yet.
 * It need not be the newest of the cluster: who follows asks again.
 */
export function nextState(configuration: Configuration, after: number, longestMs = LONGEST_MS): Promise<State | null> {
  const isNews = (state: State | null): boolean => state !== null && state.config.revision > after
  if (isNews(configuration.known())) return Promise.resolve(configuration.known())
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      leave()
      resolve(configuration.known())
    }
    const timer = setTimeout(end, longestMs)
    const leave = configuration.follow((state) => isNews(state) && end())
  })
}
