/** What a receiver of alerts logs in with: a file of this node, read when it is needed. It stands in no message, and in no log. */
import { doubtSecret } from '../process/trust.ts'
import { readTrusted } from './adapters/files.ts'

const LONGEST = 4096

type Keys = Readonly<Record<string, unknown>>
export type WithPassword = { readonly ok: true; readonly keys: Keys } | { readonly ok: false; readonly reason: string }

/** The keys as they are, where no file is named. Of the file the first line counts. */
export function withPassword({ 'password-file': path, ...keys }: Keys): WithPassword {
  if (typeof path !== 'string') return { ok: true, keys }
  const read = readTrusted(path, LONGEST, doubtSecret)
  if ('error' in read) return { ok: false, reason: `the password cannot be read: ${path}: ${read.error}` }
  const [doubt] = read.doubts
  if (doubt) return { ok: false, reason: `the password is not believed: ${doubt.message}` }
  const [password = ''] = read.text.split(/\r?\n/)
  if (password === '') return { ok: false, reason: `there is no password in the first line of ${path}` }
  return { ok: true, keys: { ...keys, password } }
}
