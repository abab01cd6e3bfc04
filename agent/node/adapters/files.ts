/** Files of the reconciler: configuration, secrets, and its record of what is its own. */
import { type OwnedRecord, readRecord } from '@lvsm/plan'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Refusal, Trouble } from '@lvsm/base'
import { type Config, SHORTEST_SECRET } from '@lvsm/model'

const WAYS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'this is a directory',
}
const why = (error: unknown): string => WAYS[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message

export function readText(path: string): { readonly text: string } | { readonly error: string } {
  try {
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    return { error: why(error) }
  }
}

/** Secrets that stand in files of their own; relative names are beside the configuration file. */
export function readSecrets(
  config: Config,
  configPath: string,
): { readonly secrets: ReadonlyMap<number, string>; readonly refusals: readonly Refusal[] } {
  const secrets = new Map<number, string>()
  const refusals: Refusal[] = []
  config.keys.forEach(({ id, file }, at) => {
    if (file === null) return
    const path = resolve(dirname(configPath), file)
    const read = readText(path)
    const field = `keys[${at}].file`
    if ('error' in read)
      return void refusals.push({
        code: 'no-secret-file',
        field,
        message: `${path}: ${read.error}`,
        hint: `make one with: openssl rand -hex 32 > ${path}; chmod 600 ${path}`,
      })
    const secret = read.text.trim().toLowerCase()
    if (/^(?:[0-9a-f]{2})+$/.test(secret) && secret.length / 2 >= SHORTEST_SECRET) secrets.set(id, secret)
    else
      refusals.push({
        code: 'bad-secret',
        field,
        message: `${path} does not hold at least ${SHORTEST_SECRET} bytes as hexadecimal digits`,
        hint: `make one with: openssl rand -hex 32 > ${path}`,
      })
  })
  return { secrets, refusals }
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Of the record's format. The head is its name, the version, the checksum of the lines below, and room for more words. */
const RECORD_VERSION = 1
const HEAD = /^lvsm-owned (\d+) (\S+)(?: .*)?$/

/** Where a record of a version that is not understood goes before a new one is written; null when it is understood. */
function asideOf(path: string, text: string): string | null {
  const version = HEAD.exec(text.split('\n', 1)[0] ?? '')?.[1]
  return version === undefined || Number(version) === RECORD_VERSION ? null : `${path}.version-${version}`
}

/**
 * A missing, half-written or foreign file is an empty record: then nothing is ours to remove. `strange`: so is one of a
 * version that is not understood, but it is not lost.
 */
export function loadRecord(path: string): { readonly record: OwnedRecord; readonly strange: Trouble | null } {
  const nothing = { record: readRecord(''), strange: null }
  const read = readText(path)
  if ('error' in read) return nothing
  const aside = asideOf(path, read.text)
  if (aside !== null) {
    const message = `${path} is of a version that this lvsm-agent does not understand: it takes nothing in the IPVS table for its own`
    const hint = `entries that leave the configuration now will stay (ipvsadm -Ln); the file is kept as ${aside}`
    return { ...nothing, strange: { code: 'record-version', severity: 'warning', message, hint } }
  }
  const [head = '', ...lines] = read.text.split('\n')
  const text = lines.join('\n')
  return HEAD.exec(head)?.[2] === checksum(text) ? { record: readRecord(text), strange: null } : nothing
}

/** Whole or not at all; what this version would write over without understanding it is put aside. The error as a sentence, or null. */
export function saveRecord(path: string, text: string): string | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    const before = readText(path)
    const aside = 'text' in before ? asideOf(path, before.text) : null
    if (aside !== null) renameSync(path, aside)
    writeFileSync(`${path}.new`, `lvsm-owned ${RECORD_VERSION} ${checksum(text)}\n${text}`, {
      mode: 0o600,
      flush: true,
    })
    renameSync(`${path}.new`, path)
    return null
  } catch (error) {
    return why(error)
  }
}
