/** What people write beside a change: it is shown to everybody, on terminals too, and stays for ever. */
import { harmless } from '@lvsm/model'
import type { Refusal } from '@lvsm/base'

/** So many hexadecimal digits in a row may be a key. */
const KEY = /[0-9a-fA-F]{16,}/
/** As `git log --oneline` has a commit. */
const SHORT = 12

/** Why it cannot stay with the change, or null. `longest`: characters. */
export function refuseText(comment: string, longest: number): Refusal | null {
  if (comment.length <= longest && comment === harmless(comment, longest)) return null
  const [digits] = KEY.exec(comment) ?? []
  const wrong = { code: 'bad-comment', field: 'comment' }
  if (comment.length > longest)
    return { ...wrong, message: `the comment has ${comment.length} characters`, hint: `write at most ${longest}` }
  if (digits !== undefined)
    return {
      ...wrong,
      message: `the comment has ${digits.length} hexadecimal digits in a row, which may be a key, and everybody would see it`,
      hint: `leave a key out; of a commit, or a digest, the first ${SHORT} digits are enough: ${digits.length === 40 ? digits.slice(0, SHORT) : 'as git log --oneline has them'}`,
    }
  return { ...wrong, message: 'the comment has characters that a terminal obeys', hint: 'write it on one line' }
}
