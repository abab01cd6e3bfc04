/** A database that is there: who may use it, whose it is, and whether it is whole, before anything is written. */
import { closeSync, existsSync, fsyncSync, lstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Refusal } from '@lvsm/base'
import { describeError } from '../../../agent/process/files.ts'
import { doubtOwnDirectory, doubtSecret } from '../../../agent/process/trust.ts'
import { Damage, examine, refuseStranger } from './examine.ts'
import type { Found } from './job.ts'
import { Mark, markOf } from './mark.ts'
import { codeOf, openDatabase, type Sqlite } from './schema.ts'
import { failedOf, type Open } from './session.ts'

type Checked = ({ readonly kind: 'opened'; readonly found: Found } & Open) | Refused
interface Refused {
  readonly kind: 'refused'
  readonly refusal: Refusal
}

const refused = (code: string, message: string, hint: string): Refused => ({
  kind: 'refused',
  refusal: { code, message, hint },
})
const anew = (path: string): string =>
  `move ${path}* away and let this coordinator join the cluster anew; where there is no other coordinator, restore a backup`

export function openChecked(path: string, pages: number | null): Checked {
  const stranger = refuseFile(path)
  if (stranger) return stranger
  let database: Sqlite | null = null
  try {
    database = openDatabase(path)
    const checked = check(database, path)
    if (checked.kind === 'refused') database.close()
    else if (pages !== null) database.pragma(`max_page_count = ${pages}`)
    return checked
  } catch (error) {
    database?.close()
    return refuseError(error, path)
  }
}

function check(database: Sqlite, path: string): Checked {
  const refusal = refuseStranger(database, path)
  if (refusal) return { kind: 'refused', refusal }
  const { meta, found } = examine(database)
  if (!existsSync(markOf(path))) throw new Damage(`the count of what was acknowledged: ${markOf(path)} is not there`)
  const mark = new Mark(path, meta.identity)
  const acknowledged = mark.get()
  if (acknowledged === null || acknowledged > meta.written) {
    mark.close()
    if (acknowledged === null) throw new Damage(`the count of what was acknowledged: ${markOf(path)}`)
    const lost = `${path} ends with write ${meta.written}, and write ${acknowledged} was acknowledged: it is an old copy, or its end was lost`
    return refused('store-behind', lost, anew(path))
  }
  settle(path)
  mark.set(meta.written)
  return { kind: 'opened', found, database, mark, meta }
}

/** What a process wrote that was killed before the disk had it is read all the same, and will be promised from now on. */
function settle(path: string): void {
  // Never the database itself: closing a second descriptor of it would give up its lock (POSIX).
  const log = `${path}-wal`
  if (!existsSync(log)) return
  const fd = openSync(log, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

function refuseFile(path: string): Refused | null {
  try {
    if (!lstatSync(path).isFile()) return refused('store-strange', `${path} is no regular file`, 'name another one')
    const [doubt] = [...doubtOwnDirectory(dirname(path)), ...doubtSecret(path)]
    if (doubt) return refused('store-exposed', doubt.message, doubt.hint)
  } catch (error) {
    const hint =
      'begin a cluster or join one first; where there was a database, look for the file system that is not mounted'
    return refused('store-missing', `${path}: ${describeError(error)}`, hint)
  }
  if (!existsSync(failedOf(path))) return null
  const message = `the disk failed under ${path} (${failedOf(path)} is there): what it holds cannot be relied on`
  return refused('store-failed', message, `replace the disk; ${anew(path)}`)
}

function refuseError(error: unknown, path: string): Refused {
  const code = codeOf(error)
  if (code === 'SQLITE_BUSY')
    return refused('store-in-use', `another process uses ${path}`, 'stop it first: fuser -v shows it')
  if (error instanceof Damage) return refused('store-damaged', `${path} is damaged: ${error.message}`, anew(path))
  const said = describeError(error)
  if (/^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(code))
    return refused('store-damaged', `${path} is damaged: ${said}`, anew(path))
  if (code === '' && !(error as NodeJS.ErrnoException).syscall) throw error
  return refused(
    'store-unreadable',
    `${path} cannot be read: ${said}${code && ` (${code})`}`,
    'look at the disk: dmesg',
  )
}
