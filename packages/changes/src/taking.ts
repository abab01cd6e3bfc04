/** Whether a director could take a group, in the same words wherever it is told: by what everybody sees of it, and by its own word. */
import type { NodeReport, TakerReport } from '@lvsm/protocol'

export type CouldTake = Omit<TakerReport, 'node' | 'voters'>

/** What keeps it from that, whatever it says itself; null: nothing. */
export function barOf({ state, standby, reason }: Pick<NodeReport, 'state' | 'standby' | 'reason'>): string | null {
  if (state === 'dead' || state === 'late') return reason
  return standby ? 'under maintenance (standby)' : null
}

/** Its word: why it could not, '' where it could; null: it did not say, and `silent` is why. */
export const byItsWord = (word: string | null, silent = 'its agent did not say'): CouldTake =>
  word === null ? { could: null, reason: silent } : { could: word === '', reason: word }

/** Why a director takes a group from no owner that serves, though it takes it where there is none. */
export const noneKnown = (service: string): string => `knows no realserver of service ${service}`
