/**
 * To the local syslog daemon, where no journal keeps the log: beside standard error, which may lead nowhere. A call never waits; what finds no
 * room is dropped and counted. Where standard error is a terminal or a pipe somebody reads it, or hands it on: nothing is said twice.
 */
import { existsSync, fstatSync, statSync } from 'node:fs'
import { isatty } from 'node:tty'
import { unixDatagrams } from '@lvsm/kernel'
import { encodeSyslog, type LocalTime, type LogTags } from '@lvsm/protocol'
import type { TaggedLog } from './journal.ts'

export const SYSLOG_SOCKET = '/dev/log'
const JOURNAL_SOCKET = '/run/systemd/journal/socket'
const INFO: LogTags = { severity: 'info' }

/** Is there a syslog daemon, no journal, and nobody who reads that descriptor? */
export function wantsSyslog(fd: number, path = SYSLOG_SOCKET, journal = JOURNAL_SOCKET): boolean {
  if (existsSync(journal)) return false
  try {
    if (!statSync(path).isSocket() || isatty(fd)) return false
    const kind = fstatSync(fd)
    return !kind.isFIFO() && !kind.isSocket()
  } catch (error) {
    // A descriptor that is closed leads nowhere.
    return (error as NodeJS.ErrnoException).code === 'EBADF'
  }
}

const localTime = (now: Date): LocalTime => ({
  month: now.getMonth(),
  day: now.getDate(),
  hours: now.getHours(),
  minutes: now.getMinutes(),
  seconds: now.getSeconds(),
})

/** Each line goes to both. */
export function withSyslog(
  identifier: string,
  log: TaggedLog,
  path = SYSLOG_SOCKET,
  clock = (): Date => new Date(),
): TaggedLog {
  const begins = `${identifier}: `
  let open: ReturnType<typeof unixDatagrams> | null = null
  let lost = 0
  const send = (text: string, tags: LogTags): boolean => {
    try {
      open ??= unixDatagrams(path)
      return open(encodeSyslog({ identifier, pid: process.pid, at: localTime(clock()) }, text, tags)) === 0
    } catch {
      return false
    }
  }
  return {
    write(line, tags = INFO) {
      log.write(line, tags)
      if (
        lost > 0 &&
        send(`${lost} lines of this log were lost here: syslog did not take them`, { severity: 'warning' })
      )
        lost = 0
      if (!send(line.startsWith(begins) ? line.slice(begins.length) : line, tags)) lost += 1
    },
  }
}
