/** The lease process's unix socket: connects, and connects again. */
import { createConnection, type Socket } from 'node:net'
import { decode, FrameSplitter, frame, fromLeaseCodec, type ToLease, toLeaseCodec } from '@lvsm/wire'
import type { LeaseEvents, LeaseProcess } from '../ports.ts'

const RETRY_MS = 250
/** A frozen lease process must not fill this one's memory. */
const LONGEST_BACKLOG = 1024 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not run (no socket)',
  ECONNREFUSED: 'it does not run (nobody listens)',
  EACCES: 'permission denied',
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
        const word = decode(fromLeaseCodec, bytes)
        if (!word) continue
        if (word.kind === 'hello' && !up) {
          up = true
          events.up()
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
