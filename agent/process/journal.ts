/**
 * A daemon's log where the journal of systemd keeps it: what has fields goes to the journal's own socket, all else to standard error with its
 * priority before each line (sd-daemon(3)). Where standard error leads elsewhere, fields stand behind the text.
 */
import { fstatSync } from 'node:fs'
import { unixDatagrams } from '@lvsm/kernel'
import { encodeJournal, isTagged, type LogTags, priorityOf, tagWords } from '@lvsm/protocol'
import type { Log } from './log.ts'

const SOCKET = '/run/systemd/journal/socket'
const INFO: LogTags = { severity: 'info' }

export interface TaggedLog {
  write(line: string, tags?: LogTags): void
}

/** Does this descriptor lead to the journal? systemd says which one does (systemd.exec, JOURNAL_STREAM). */
export function isJournal(fd: number, stream: string | undefined): boolean {
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}

/** `send`: to the journal's socket; false: it did not take it. */
export function taggedLog(identifier: string, log: Log, send: ((bytes: Uint8Array) => boolean) | null): TaggedLog {
  const begins = `${identifier}: `
  return {
    write(line, tags = INFO) {
      const text = line.startsWith(begins) ? line.slice(begins.length) : line
      if (send === null) log.write(`${line}${tagWords(tags)}`)
      else if (!isTagged(tags) || !send(encodeJournal(identifier, text, tags)))
        log.write(`${line}${tagWords(tags)}`.replace(/^/gm, `<${priorityOf(tags)}>`))
    },
  }
}

/** Opened when something is to be sent: a process that ends at once needs none. */
export function toJournal(path = SOCKET): (bytes: Uint8Array) => boolean {
  let open: ReturnType<typeof unixDatagrams> | null = null
  return (bytes) => {
    try {
      open ??= unixDatagrams(path)
      return open(bytes) === 0
    } catch {
      return false
    }
  }
}
