/** Files of the reconciler: configuration, secrets, and its record of what is its own. */
import { type OwnedRecord, readRecord } from '@lvsm/plan'
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Refusal, Trouble } from '@lvsm/base'
import { type Config, LONGEST_SECRET, SHORTEST_SECRET, whyWeak } from '@lvsm/model'
import { describeError, isThere, readRegular, replaceFile } from '../../process/files.ts'
import { type Doubt, doubtSecret, isOpen, quoted } from '../../process/trust.ts'

/** Of a key; that of a record. */
const LARGEST_KEY = 64 * 1024
const LARGEST_RECORD = 64 * 1024 * 1024

export type TextRead =
  | {
      readonly text: string
      /** Who else could have written it, or whatever else `doubt` looks for. */
      readonly doubts: readonly Doubt[]
      /** Others may read it, or write it. */
      readonly isOpen: boolean
    }
  | { readonly error: string; readonly missing: boolean }

/** Never blocks, and reads no more than `most` bytes. */
export function readTrusted(path: string, most: number, doubt: (path: string) => readonly Doubt[]): TextRead {
  const read = readRegular(path, most, true)
  if (!read.ok) return { error: read.reason, missing: read.code === 'ENOENT' }
  try {
    return { text: read.bytes.toString('utf8'), doubts: doubt(path), isOpen: isOpen(read.stats) }
  } catch (error) {
    return { error: describeError(error), missing: false }
  }
}

export const distrust = ({ message, hint }: Doubt): Refusal => ({ code: 'untrusted-file', message, hint })

export interface Secrets {
  readonly secrets: ReadonlyMap<number, string>
  readonly refusals: readonly Refusal[]
  /** Keys that others may know; and where not strict, what would have been refused. */
  readonly doubts: readonly Refusal[]
}

/** Secrets that stand in files of their own; relative names are beside the configuration file. What stands in them is in no message. */
export function readSecrets(config: Config, configPath: string, strict: boolean): Secrets {
  const secrets = new Map<number, string>()
  const refusals: Refusal[] = []
  const doubts: Refusal[] = []
  config.keys.forEach(({ id, file }, at) => {
    if (file === null) return
    const path = resolve(dirname(configPath), file)
    const field = `keys[${at}].file`
    const read = readTrusted(path, LARGEST_KEY, doubtSecret)
    if ('error' in read) return void refusals.push({ ...unreadableKey(path, read), field })
    for (const doubt of read.doubts.map(distrust)) (strict ? refusals : doubts).push({ ...doubt, field })
    const secret = read.text.trim().toLowerCase()
    const bytes = secret.length / 2
    if (!/^(?:[0-9a-f]{2})+$/.test(secret) || bytes < SHORTEST_SECRET || bytes > LONGEST_SECRET)
      return void refusals.push({ ...noKey(path), field })
    secrets.set(id, secret)
    const weak = whyWeak(secret)
    if (weak !== null) doubts.push({ ...knownKey(path, weak), field })
  })
  return { secrets, refusals, doubts }
}

const COPY = 'copy the key file of another node of this cluster there'

/** A hint makes a file only where there is none, and never writes over one (`set -C`). */
function unreadableKey(path: string, { error, missing }: Extract<TextRead, { error: string }>): Refusal {
  const make = `on the first node make one: (umask 077; set -C; openssl rand -hex 32 > ${quoted(path)})`
  const hint = missing && !isThere(path) ? `${COPY}; ${make}` : 'name the key file of this cluster'
  return { code: 'no-secret-file', message: `${path}: ${error}`, hint }
}

/** Works, whoever else knows it. */
const knownKey = (path: string, weak: string): Refusal => ({
  code: 'known-key',
  message: `the secret in ${path} ${weak}: anybody may know it`,
  hint: 'give the cluster a new key',
})

const noKey = (path: string): Refusal => ({
  code: 'bad-secret',
  message: `${path} does not hold ${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes as hexadecimal digits`,
  hint: `is it a key file? If so, ${COPY}; a new key would cut this node off from the others`,
})

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Of the record's format. The head is its name, the version, the checksum of the lines below, and room for more words. */
const RECORD_VERSION = 1
const HEAD = /^lvsm-owned (\d+) (\S+)(?: .*)?$/

/** Where a record of a version that is not understood goes before a new one is written; null when it is understood. */
function asideOf(path: string, text: string): string | null {
  const version = HEAD.exec(text.split('\n', 1)[0] ?? '')?.[1]
  return version === undefined || Number(version) === RECORD_VERSION ? null : `${path}.version-${version}`
}

/** `trouble`: a record that is there and cannot be used; it is kept aside when a new one is written. */
export interface Loaded {
  readonly record: OwnedRecord
  readonly trouble: Trouble | null
}

/** A missing, half-written, damaged or foreign file is an empty record: then nothing is ours to remove. */
export function loadRecord(path: string): Loaded {
  const nothing = readRecord('')
  const read = readRegular(path, LARGEST_RECORD, false)
  if (!read.ok) return { record: nothing, trouble: read.code === 'ENOENT' ? null : unusable(path, read.reason) }
  const whole = read.bytes.toString('utf8')
  const aside = asideOf(path, whole)
  if (aside !== null) {
    const why = 'is of a version that this lvsm-agent does not understand'
    return { record: nothing, trouble: { ...unusable(path, why, aside), code: 'record-version' } }
  }
  const text = contentOf(whole)
  return text === null
    ? { record: nothing, trouble: unusable(path, 'is damaged', damagedPath(path)) }
    : { record: readRecord(text), trouble: null }
}

/** Null where the checksum is not that of the content. */
function contentOf(whole: string): string | null {
  const [head = '', ...lines] = whole.split('\n')
  const text = lines.join('\n')
  return HEAD.exec(head)?.[2] === checksum(text) ? text : null
}

const damagedPath = (path: string): string => `${path}.damaged`

function unusable(path: string, why: string, aside?: string): Trouble {
  const message = `${path} ${why}: this lvsm-agent takes nothing in the IPVS table for its own but what its configuration names`
  const kept = aside === undefined ? '' : `; the file is kept as ${aside}`
  const hint = `entries that left the configuration before will stay: look with ipvsadm -Ln, and take them out by hand${kept}`
  return { code: 'record-damaged', severity: 'warning', message, hint }
}

/** Whole or not at all; what this version would write over without understanding it is put aside. The error as a sentence, or null. */
export function saveRecord(path: string, text: string): string | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    const before = readRegular(path, LARGEST_RECORD, false)
    const whole = before.ok ? before.bytes.toString('utf8') : ''
    const aside = asideOf(path, whole) ?? (before.ok && contentOf(whole) === null ? damagedPath(path) : null)
    if (aside !== null) renameSync(path, aside)
    replaceFile(path, `lvsm-owned ${RECORD_VERSION} ${checksum(text)}\n${text}`)
    return null
  } catch (error) {
    return describeError(error)
  }
}
