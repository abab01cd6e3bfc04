/**
 * Who else could have written what root is about to believe? As OpenSSH looks at its key files (sshd_config(5),
 * StrictModes): every directory on the way, every symbolic link, and the file itself.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const MOST_LINKS = 40
const STICKY = 0o1000

/** A sentence about the place, and what mends it. */
export interface Doubt {
  readonly message: string
  readonly hint: string
}

/** Root's group is root. */
const othersWrite = ({ mode, gid }: Stats): boolean => (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0)
const foreign = ({ uid }: Stats): boolean => uid !== 0 && uid !== process.geteuid?.()

/** For a shell. */
export const quoted = (path: string): string =>
  /^[\w./@%+,:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`

function doubtOwner(path: string, what: string, stats: Stats): Doubt[] {
  if (!foreign(stats)) return []
  const message = `${what} ${path} belongs to user ${stats.uid}, who could change it`
  return [{ message, hint: `chown -h root:root ${quoted(path)}` }]
}

/** In a directory like /tmp others may make what they want, but nothing of what is not theirs can they move or remove. */
function doubtDirectory(path: string, stats: Stats): Doubt[] {
  const owner = doubtOwner(path, 'the directory', stats)
  if (owner.length > 0 || !othersWrite(stats) || (stats.mode & STICKY) !== 0) return owner
  return [
    { message: `others may write into the directory ${path}`, hint: `chmod go-w ${quoted(path)}, or use another one` },
  ]
}

/** Everything on the way to what `path` names, links followed; `file` is where they lead. Throws where nothing is there. */
export function doubtWay(path: string): {
  readonly doubts: readonly Doubt[]
  readonly file: string
  readonly stats: Stats
} {
  const doubts: Doubt[] = []
  const rest = resolve(path).split('/').filter(Boolean)
  let at = '/'
  let stats = lstatSync(at)
  for (let links = 0; ; ) {
    if (stats.isDirectory() && rest.length > 0) doubts.push(...doubtDirectory(at, stats))
    const name = rest.shift()
    if (name === undefined) return { doubts: unique(doubts), file: at, stats }
    const next = name === '..' ? dirname(at) : join(at, name)
    const found = lstatSync(next)
    if (found.isSymbolicLink()) {
      if (++links > MOST_LINKS) throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' })
      doubts.push(...doubtOwner(next, 'the symbolic link', found))
      const target = readlinkSync(next)
      rest.unshift(...target.split('/').filter((part) => part !== '' && part !== '.'))
      if (target.startsWith('/')) at = '/'
      stats = lstatSync(at)
    } else [at, stats] = [next, found]
  }
}

const unique = (doubts: readonly Doubt[]): readonly Doubt[] => [
  ...new Map(doubts.map((doubt) => [doubt.message, doubt])).values(),
]

/** A file that only root, or who this process is, may write. */
export function doubtFile(path: string): readonly Doubt[] {
  const { doubts, file, stats } = doubtWay(path)
  const owner = doubtOwner(file, 'the file', stats)
  const written: Doubt[] = othersWrite(stats)
    ? [{ message: `others may write ${file} (mode ${modeOf(stats)})`, hint: `chmod go-w ${quoted(file)}` }]
    : []
  return [...doubts, ...owner, ...(owner.length > 0 ? [] : written)]
}

/** A file that nobody else may even read. */
export function doubtSecret(path: string): readonly Doubt[] {
  const { file, stats } = doubtWay(path)
  if (!isOpen(stats) || foreign(stats)) return doubtFile(path)
  const { doubts } = doubtWay(path)
  const message = `others may use the secret in ${file} (mode ${modeOf(stats)})`
  return [
    ...doubts,
    { message, hint: `chmod 600 ${quoted(file)}; if others could read it, give the cluster a new key` },
  ]
}

/** May others read it, or write it? */
export const isOpen = ({ mode }: Stats): boolean => (mode & 0o077) !== 0

/** A directory in which this process keeps what it must be able to believe. */
export function doubtOwnDirectory(path: string): readonly Doubt[] {
  const { doubts, file, stats } = doubtWay(path)
  if (!stats.isDirectory()) return [...doubts, { message: `${file} is no directory`, hint: 'name another one' }]
  const owner = doubtOwner(file, 'the directory', stats)
  if (owner.length > 0 || !othersWrite(stats)) return [...doubts, ...owner]
  return [
    ...doubts,
    { message: `others may write into ${file} (mode ${modeOf(stats)})`, hint: `chmod 750 ${quoted(file)}` },
  ]
}

const modeOf = ({ mode }: Stats): string => (mode & 0o7777).toString(8).padStart(4, '0')
