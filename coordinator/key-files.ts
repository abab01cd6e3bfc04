/** Secrets of the heartbeat that the first document names by their files: machines that join get them from a coordinator. */
import { dirname, resolve } from 'node:path'
import type { Refusal } from '@lvsm/base'
import { LONGEST_SECRET, SHORTEST_SECRET, type Config } from '@lvsm/model'
import type { KeyFile } from '@lvsm/protocol'
import { readRegular } from '../agent/process/files.ts'
import { doubtSecret } from '../agent/process/trust.ts'

/** Bytes: an agent reads as many. */
const LONGEST_FILE = 64 * 1024

export type FoundKeys =
  | { readonly ok: true; readonly keys: readonly KeyFile[] }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }

/** Relative names are beside the configuration file, as for an agent. What stands in the files is in no message. */
export function readKeyFiles({ keys }: Pick<Config, 'keys'>, configFile: string): FoundKeys {
  const found: KeyFile[] = []
  const refusals: Refusal[] = []
  keys.forEach(({ id, file }, at) => {
    if (file === null) return
    const read = readKey(resolve(dirname(configFile), file))
    if ('digits' in read) found.push({ id, file, digits: read.digits })
    else refusals.push({ ...read, field: `keys[${at}].file` })
  })
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, keys: found }
}

export const SECRET_WORDS = `${SHORTEST_SECRET} to ${LONGEST_SECRET} bytes as hexadecimal digits`
export const isSecret = (digits: string): boolean =>
  /^(?:[0-9a-f]{2})+$/.test(digits) && digits.length >= 2 * SHORTEST_SECRET && digits.length <= 2 * LONGEST_SECRET

function readKey(path: string): { readonly digits: string } | Refusal {
  const read = readRegular(path, LONGEST_FILE, true)
  if (!read.ok)
    return {
      code: 'no-secret-file',
      message: `${path}: ${read.reason}`,
      hint: `make one there: (umask 077; set -C; openssl rand -hex 32 > FILE)`,
    }
  const [doubt] = doubtSecret(path)
  if (doubt) return { code: 'untrusted-file', ...doubt }
  const digits = read.bytes.toString().trim().toLowerCase()
  if (isSecret(digits)) return { digits }
  return {
    code: 'no-key',
    message: `${path} does not hold ${SECRET_WORDS}`,
    hint: 'openssl rand -hex 32 makes such a key',
  }
}
