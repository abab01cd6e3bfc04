/**
 * What a receiver of alerts logs in with, headers that a check or a webhook is asked with, and the certificate with its key that a check shows:
 * files of one directory of this node, read when they are needed. The configuration names them; what stands in them stands in no message, and in no log.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
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
type Read = { readonly ok: true; readonly text: string } | Extract<WithSecrets, { ok: false }>

export class SecretFiles {
  readonly #directory: string
  readonly #known = new Map<string, { readonly at: number; readonly read: Read }>()

  constructor(directory = SECRETS_DIRECTORY) {
    this.#directory = directory
  }

  /** The keys as they are, where no file is named; else with what stands in it in the place of its name. `now`: milliseconds, of any clock. */
  with(keys: Keys, now: number): WithSecrets {
    const { 'password-file': password, 'headers-file': headers, 'client-certificate-file': certificate, ...rest } = keys
    const all: Record<string, unknown> = { ...rest }
    if (typeof password === 'string') {
      const read = this.#text('the password', password, now)
      if (!read.ok) return read
      const [line = ''] = read.text.split(END_OF_LINE)
      if (line === '') return failed(`there is no password in the first line of ${this.#path(password)}`)
      all['password'] = line
    }
    if (typeof headers === 'string') {
      const read = this.#text('the file of headers', headers, now)
      if (!read.ok) return read
      const written = read.text.split(END_OF_LINE)
      const lines = written.filter((line) => line.trim() !== '')
      const wrong = written.findIndex((line) => line.trim() !== '' && !isHeader(line))
      if (wrong >= 0) return failed(`line ${wrong + 1} of ${this.#path(headers)} ${NO_HEADER}`)
      if (lines.length === 0) return failed(`there is no header in ${this.#path(headers)}: write NAME: VALUE`)
      if (lines.length > MOST_HEADERS)
        return failed(`there are ${lines.length} headers in ${this.#path(headers)}: ${MOST_HEADERS} at most are sent`)
      all['secret-headers'] = lines
    }
    if (typeof certificate === 'string') {
      const read = this.#text('the certificate that is to be shown', certificate, now, doubtPair)
      if (!read.ok) return read
      all['client-certificate'] = read.text
    }
    return { ok: true, keys: all }
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
  /** `doubt`: what is wrong with the text; asked once for each reading. */
  #text(what: string, name: string, now: number, doubt: Doubt = () => null): Read {
    const known = this.#known.get(`${what} ${name}`)
    if (known && now - known.at < FRESH_MS && now >= known.at) return known.read
    const found = this.#read(what, name)
    const wrong = found.ok ? doubt(found.text, this.#path(name)) : null
    const read = wrong === null ? found : failed(wrong)
    if (this.#known.size >= MOST_KNOWN) this.#known.clear()
    this.#known.set(`${what} ${name}`, { at: now, read })
    return read
  }
  #read(what: string, name: string): Read {
    if (!isSecretName(name)) return failed(`${what} is not read: ${this.#directory} has no file of such a name`)
    const path = this.#path(name)
    const read = readTrusted(path, LONGEST, doubtSecret)
    if ('error' in read) return failed(`${what} cannot be read: ${path}: ${read.error}`)
    const [doubt] = read.doubts
    if (doubt) return failed(`${what} is not believed: ${doubt.message}`)
    return { ok: true, text: read.text }
  }
}
const END_OF_LINE = /\r?\n/
const PARTS = [
  { what: 'certificate', begins: /^-----BEGIN CERTIFICATE-----/m },
  { what: 'key that is not encrypted', begins: /^-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/m },
] as const
/** As OpenSSL writes one that is encrypted in the old way. */
const ENCRYPTED = /^Proc-Type: 4,ENCRYPTED/m
type Doubt = (text: string, path: string) => string | null
function doubtPair(text: string, path: string): string | null {
  const lacks = PARTS.find(({ begins }) => !begins.test(text)) ?? (ENCRYPTED.test(text) ? PARTS[1] : undefined)
  if (lacks) return `there is no ${lacks.what} in ${path}: write certificate and key, in PEM`
  try {
    return new X509Certificate(text).checkPrivateKey(createPrivateKey(text))
      ? null
      : `certificate and key in ${path} do not belong together: the key is of another certificate`
  } catch (error) {
    return `certificate and key in ${path} cannot be read: ${String(error)}`
  }
}
const NO_HEADER =
  'is no header that a request may have: write NAME: VALUE; the host, and what frames a request, are not written there'
const failed = (reason: string): Extract<WithSecrets, { ok: false }> => ({ ok: false, reason })
