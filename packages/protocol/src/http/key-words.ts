/** Heartbeat keys that are being changed, in the words of `lvsm status` and of the console. */
import type { KeyChange } from './status.ts'

/** Below it stands its `hint`. */
export const keyChangeText = ({ text, waiting }: KeyChange): string =>
  waiting.length === 0 ? text : `${text}; not there yet: ${waiting.join(', ')}`
