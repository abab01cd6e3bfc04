/** Files of the reconciler: configuration, secrets, and its record of what is its own. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Refusal } from '@lvsm/base'
import { type Config, SHORTEST_SECRET } from '@lvsm/model'
import { type OwnedRecord, readRecord } from '../core/index.ts'

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

/** A missing, half-written or foreign file is an empty record: then nothing is ours to remove. */
export function loadRecord(path: string): OwnedRecord {
  const read = readText(path)
  if ('error' in read) return readRecord('')
  const [head = '', ...lines] = read.text.split('\n')
  const text = lines.join('\n')
  return head === `lvsm-owned 1 ${checksum(text)}` ? readRecord(text) : readRecord('')
}

/** Whole or not at all. The error as a sentence, or null. */
export function saveRecord(path: string, text: string): string | null {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    writeFileSync(`${path}.new`, `lvsm-owned 1 ${checksum(text)}\n${text}`, { mode: 0o600, flush: true })
    renameSync(`${path}.new`, path)
    return null
  } catch (error) {
    return why(error)
  }
}
