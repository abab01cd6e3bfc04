import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeFrame, type Exit, FrameReader, kinds, readExit, type Request } from './frames.ts'
import { LabError } from './paths.ts'

export type Address = { readonly port: number } | { readonly path: string }

export interface Listener {
  readonly stdout?: (bytes: Buffer) => void
  readonly stderr?: (bytes: Buffer) => void
}

export interface Session {
  /** The command's end; rejects when the lab goes away before it. */
  readonly done: Promise<Exit>
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
        else if (frame.kind === kinds.exit) exit = readExit(frame)
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
}

/** The longest verb starts a cluster with coordinators: a minute on a machine of its own, twenty where a dozen others work beside it. */
const ANSWER_MS = 1_800_000

/** Hangs up when the lab is silent for so long: a guest that hangs must not hang who waits for it. */
export async function answered<Value>(
  session: Session,
  awaited: Promise<Value>,
  what: string,
  patienceMs = ANSWER_MS,
): Promise<Value> {
  const over = new AbortController()
  const silence = sleep(patienceMs, undefined, { signal: over.signal }).then(() => {
    throw new LabError(
      `the lab did not answer "${what}" in ${patienceMs / 1000} s`,
      'is its QEMU still at work? Begin anew',
    )
  })
  try {
    return await Promise.race([awaited, silence])
  } catch (error) {
    session.done.catch(() => {})
    session.close()
    throw error
  } finally {
    silence.catch(() => {})
    over.abort()
  }
}

/** A verb and its whole answer. Throws LabError when none comes. */
export async function ask(address: Address, token: string, verb: readonly string[]): Promise<Answer> {
  const parts: Buffer[] = []
  const keep = (bytes: Buffer) => parts.push(Buffer.from(bytes))
  const session = converse(address, { token, verb }, { stdout: keep, stderr: keep })
  const exit = await answered(session, session.done, verb.join(' '))
  return { ...exit, text: Buffer.concat(parts).toString() }
}
