/** The lease process's unix socket: connects, and connects again. A lease process whose version is not understood is none. */
import {
  FrameSplitter,
  type FromLease,
  type Spoken,
  type ToLease,
  VERSIONS,
  ageOfSpeaker,
  frame,
  fromLeaseCodec,
  read,
  toLeaseCodec,
} from '@lvsm/protocol'
import { createConnection, type Socket } from 'node:net'
import type { LeaseEvents, LeaseProcess } from '../ports.ts'

const RETRY_MS = 250
/** A frozen lease process must not fill this one's memory. */
const LONGEST_BACKLOG = 1024 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not run (no socket)',
  ECONNREFUSED: 'it does not run (nobody listens)',
  EACCES: 'permission denied',
}

/** Why it cannot be talked to; null when it can. */
function strangeness(hello: Spoken): string | null {
  const age = ageOfSpeaker(hello, VERSIONS.ipc)
  if (age === 'known') return null
  const { oldest, newest } = VERSIONS.ipc
  const known = oldest === newest ? `${newest}` : `${oldest} to ${newest}`
  return `it is too ${age === 'newer' ? 'new' : 'old'}: it speaks version ${hello.version} of their socket, this lvsm-agent understands ${known}; install the same version of both, and start both again`
}

/** Null for what was counted instead. */
function understood(bytes: Uint8Array, events: LeaseEvents): FromLease | null {
  const found = read(fromLeaseCodec, bytes)
  if (found.ok) return found.value
  events.count(`drop-from-lease-${found.reason}`)
  return null
}

export function connectLease(path: string, events: LeaseEvents): LeaseProcess {
  let socket: Socket | null = null
  let closed = false
  let up = false
  let reason = 'it ended the connection'

  function connect(): void {
    if (closed) return
    const splitter = new FrameSplitter()
    const next = createConnection(path)
    socket = next
    next.on('error', (error: NodeJS.ErrnoException) => {
      reason = REASONS[error.code ?? ''] ?? error.message
    })
    next.on('data', (chunk) => {
      const frames = splitter.push(chunk)
      if (!frames) {
        reason = 'what it says is not understood: is it another version?'
        next.destroy()
        return
      }
      for (const bytes of frames) {
        const word = understood(bytes, events)
        if (!word) continue
        const strange = word.kind === 'hello' ? strangeness(word) : null
        if (strange !== null) {
          reason = strange
          next.destroy()
          return
        }
        if (word.kind === 'hello' && !up) {
          up = true
          events.up(word)
        }
        events.heard(word)
      }
    })
    next.on('close', () => {
      if (closed) return
      events.down(reason)
      up = false
      reason = 'it ended the connection'
      setTimeout(connect, RETRY_MS)
    })
  }
  connect()

  return {
    tell(word: ToLease) {
      if (!socket || !up || socket.writableLength > LONGEST_BACKLOG) return false
      socket.write(frame(toLeaseCodec, word))
      return true
    },
    close() {
      closed = true
      socket?.destroy()
    },
  }
}
