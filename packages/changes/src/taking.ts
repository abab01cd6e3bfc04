/** Whether a director could take a group, in the same words wherever it is told: by what everybody sees of it, and by its own word. */
import type { NodeReport, TakerReport } from '@lvsm/protocol'

export type CouldTake = Omit<TakerReport, 'node' | 'voters'>

/** What keeps it from that, whatever it says itself; null: nothing. */
export function barOf({
  name,
  state,
  standby,
  reason,
}: Pick<NodeReport, 'name' | 'state' | 'standby' | 'reason'>): string | null {
  if (state === 'dead' || state === 'late') return reason
  return standby ? `under maintenance; lvsm standby off ${name} ends it` : null
}

/** Its word: why it could not, '' where it could; null: it did not say, and `silent` is why. */
export const byItsWord = (word: string | null, silent = 'its agent did not say'): CouldTake =>
  word === null ? { could: null, reason: silent } : { could: word === '', reason: word }

/** By group, as a director says it of itself. */
export interface Unserved {
  /** A service of which it knows no realserver. */
  readonly dark?: Readonly<Record<string, string>>
  /** By what no client of a service would get through there. */
  readonly shut?: Readonly<Record<string, string>>
}
/** Why a director takes a group from no owner that serves, though it takes it where there is none; null: it does. */
export function notByOrder({ dark = {}, shut = {} }: Unserved, group: string): string | null {
  const why = Object.hasOwn(shut, group) ? shut[group] : undefined
  if (why !== undefined) return why
  const service = Object.hasOwn(dark, group) ? dark[group] : undefined
  return service === undefined ? null : `knows no realserver of service ${service}`
}
