import { connect, type Socket } from 'node:net'
import { encodeFrame, type Exit, FrameReader, kinds, type Request } from './frames.ts'

export type Address = { readonly port: number } | { readonly path: string }

export interface Listener {
  readonly stdout?: (bytes: Buffer) => void
  readonly stderr?: (bytes: Buffer) => void
}

export interface Session {
  /** The command's end; rejects when the lab goes away before it. */
  readonly done: Promise<Exit & { began?: number; ended?: number }>
  write(bytes: Buffer): void
  end(): void
  signal(name: string): void
  /** Hangs up: the command inside is ended. */
  close(): void
}

/** One command or verb inside the lab. */
export function converse(address: Address, request: Request, listener: Listener = {}): Session {
  const socket: Socket = 'port' in address ? connect(address.port, '127.0.0.1') : connect(address.path)
  socket.setNoDelay(true)
  const reader = new FrameReader()
  const done = new Promise<Exit>((resolve, reject) => {
    let exit: Exit | undefined
    socket.write(encodeFrame(kinds.request, JSON.stringify(request)))
    socket.on('data', (bytes) => {
      for (const frame of reader.push(bytes)) {
        if (frame.kind === kinds.stdout) listener.stdout?.(frame.bytes)
        else if (frame.kind === kinds.stderr) listener.stderr?.(frame.bytes)
        else if (frame.kind === kinds.exit) exit = JSON.parse(frame.bytes.toString()) as Exit
      }
    })
    socket.on('error', reject)
    socket.on('close', () => (exit ? resolve(exit) : reject(new Error('the lab went away'))))
  })
  const send = (kind: (typeof kinds)[keyof typeof kinds], bytes: Uint8Array | string = '') => {
    if (!socket.destroyed) socket.write(encodeFrame(kind, bytes))
  }
  return {
    done,
    write: (bytes) => send(kinds.stdin, bytes),
    end: () => send(kinds.end),
    signal: (name) => send(kinds.signal, name),
    close: () => socket.destroy(),
  }
}

export interface Answer extends Exit {
  readonly text: string
  /** Milliseconds of the guest's monotonic clock, around a verb's effect. */
  readonly began?: number
  readonly ended?: number
}

/** A verb and its whole answer. */
export async function ask(address: Address, token: string, verb: readonly string[]): Promise<Answer> {
  const parts: Buffer[] = []
  const keep = (bytes: Buffer) => parts.push(Buffer.from(bytes))
  const exit = await converse(address, { token, verb }, { stdout: keep, stderr: keep }).done
  return { ...exit, text: Buffer.concat(parts).toString() }
}
