/** A copy of a coordinator's database with its keys: an answer that is no JSON, and is given on the unix socket alone, to administrators. */
import * as z from 'zod'

export const BACKUP = { method: 'POST', path: '/v1/backup' } as const
/** JSON, in the answer that has the file as its body. */
export const BACKUP_HEADER = 'lvsm-backup'

const head = z.object({
  cluster: z.string(),
  /** Of the configuration; what was committed meanwhile may be in it too. */
  revision: z.int().min(0),
  /** Of the body, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type BackupHead = Readonly<z.infer<typeof head>>

export const encodeBackupHead = (value: BackupHead): string => JSON.stringify(value)
/** Null: it is none. Never throws. */
export function decodeBackupHead(text: string): BackupHead | null {
  try {
    const read = head.safeParse(JSON.parse(text))
    return read.success ? read.data : null
  } catch {
    return null
  }
}
