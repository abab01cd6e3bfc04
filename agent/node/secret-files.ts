/**
 * What a receiver of alerts logs in with, and headers that a check or a webhook is asked with: files of one directory of this node, read when
 * they are needed. The configuration names them; what stands in them stands in no message, and in no log.
 */
import { join } from 'node:path'
import { isHeader, isSecretName, MOST_HEADERS, SECRETS_DIRECTORY } from '@lvsm/model'
import { doubtSecret } from '../process/trust.ts'
import { readTrusted } from './adapters/files.ts'

const LONGEST = 16 * 1024
/** A check that comes every second needs no look at the disk each time. */
const FRESH_MS = 2000
const MOST_KNOWN = 256

type Keys = Readonly<Record<string, unknown>>
export type WithSecrets = { readonly ok: true; readonly keys: Keys } | { readonly ok: false; readonly reason: string }
type Lines = { readonly ok: true; readonly lines: readonly string[] } | Extract<WithSecrets, { ok: false }>

export class SecretFiles {
  readonly #directory: string
  readonly #known = new Map<string, { readonly at: number; readonly read: Lines }>()

  constructor(directory = SECRETS_DIRECTORY) {
    this.#directory = directory
  }

  /** The keys as they are, where no file is named; else with what stands in it in the place of its name. `now`: milliseconds, of any clock. */
  with({ 'password-file': password, 'headers-file': headers, ...keys }: Keys, now: number): WithSecrets {
    const all: Record<string, unknown> = { ...keys }
    if (typeof password === 'string') {
      const read = this.#lines('the password', password, now)
      if (!read.ok) return read
      const [line = ''] = read.lines
      if (line === '') return failed(`there is no password in the first line of ${this.#path(password)}`)
      all['password'] = line
    }
    if (typeof headers === 'string') {
      const read = this.#lines('the file of headers', headers, now)
      if (!read.ok) return read
      const lines = read.lines.filter((line) => line.trim() !== '')
      const wrong = read.lines.findIndex((line) => line.trim() !== '' && !isHeader(line))
      if (wrong >= 0) return failed(`line ${wrong + 1} of ${this.#path(headers)} ${NO_HEADER}`)
      if (lines.length === 0) return failed(`there is no header in ${this.#path(headers)}: write NAME: VALUE`)
      if (lines.length > MOST_HEADERS)
        return failed(`there are ${lines.length} headers in ${this.#path(headers)}: ${MOST_HEADERS} at most are sent`)
      all['secret-headers'] = lines
    }
    return { ok: true, keys: all }
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
  #lines(what: string, name: string, now: number): Lines {
    const known = this.#known.get(name)
    if (known && now - known.at < FRESH_MS && now >= known.at) return known.read
    const read = this.#read(what, name)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(name, { at: now, read })
    return read
  }
  #read(what: string, name: string): Lines {
    if (!isSecretName(name)) return failed(`${what} is not read: ${this.#directory} has no file of such a name`)
    const path = this.#path(name)
    const read = readTrusted(path, LONGEST, doubtSecret)
    if ('error' in read) return failed(`${what} cannot be read: ${path}: ${read.error}`)
    const [doubt] = read.doubts
    if (doubt) return failed(`${what} is not believed: ${doubt.message}`)
    return { ok: true, lines: read.text.split(/\r?\n/) }
  }
}
const NO_HEADER =
  'is no header that a request may have: write NAME: VALUE; the host, and what frames a request, are not written there'
const failed = (reason: string): Extract<WithSecrets, { ok: false }> => ({ ok: false, reason })
