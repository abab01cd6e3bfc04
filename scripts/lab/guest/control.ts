import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server, type Socket } from 'node:net'
import { encodeFrame, FrameReader, kinds, readRequest, type Request } from '../frames.ts'
import { ordinary } from './command.ts'
import type { Verb } from './verbs.ts'

/** Milliseconds for which a command's output is awaited after its end, when a child of its own keeps the pipe. */
const patience = 300

export interface Doing {
  readonly verbs: ReadonlyMap<string, Verb>
  readonly env: Readonly<Record<string, string>>
  readonly nodes: readonly string[]
  /** Undefined: any caller who reaches the socket. */
  readonly token: string | undefined
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Runs a verb; the answer has the guest's monotonic milliseconds around it. */
export async function perform(verbs: ReadonlyMap<string, Verb>, words: readonly string[]) {
  const began = now()
  const verb = verbs.get(words[0] ?? '')
  try {
    if (!verb) throw new RangeError(`no verb is called ${words[0] ?? '""'}; there are ${[...verbs.keys()].join(', ')}`)
    const text = await verb(words.slice(1))
    return { code: 0, text: `${text}\n`, began, ended: now() }
  } catch (error) {
    const code = error instanceof RangeError ? 2 : 1
    return { code, text: `lab ${words.join(' ')}: ${(error as Error).message}\n`, began, ended: now() }
  }
}

const quoted = (words: readonly string[]): string => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')

function argvOf(request: Request, nodes: readonly string[]): string[] {
  let argv = [...(request.argv ?? [])]
  if (request.terminal) {
    const { rows, columns } = request.terminal
    argv = ['script', '-qfec', `stty rows ${rows} cols ${columns}; exec ${quoted(argv)}`, '/dev/null']
  }
  if (request.node !== undefined) {
    if (!nodes.includes(request.node))
      throw new RangeError(`no node is called ${request.node}; there are ${nodes.join(', ')}`)
    argv = ['ip', 'netns', 'exec', request.node, ...argv]
  }
  return argv
}

/** The command's output as frames, no faster than the reader takes them. */
function forward(socket: Socket, { stdout, stderr }: ChildProcess, heard: () => void): void {
  for (const [stream, kind] of [
    [stdout, kinds.stdout],
    [stderr, kinds.stderr],
  ] as const) {
    stream?.on('data', (bytes: Buffer) => {
      heard()
      if (!socket.write(encodeFrame(kind, bytes))) {
        stream.pause()
        socket.once('drain', () => stream.resume())
      }
    })
  }
}

/** The command with everything that it started. */
function hitGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid && child.exitCode === null) process.kill(-child.pid, signal)
  } catch {
    // It ended in between.
  }
}

function execute(socket: Socket, request: Request, doing: Doing): (kind: number, bytes: Buffer) => void {
  const finish = (code: number, signal?: string) =>
    socket.end(encodeFrame(kinds.exit, JSON.stringify({ code, ...(signal ? { signal } : {}) })))
  const argv = argvOf(request, doing.nodes)
  const child = spawn(argv[0] as string, argv.slice(1), {
    detached: true,
    stdio: [request.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: { ...doing.env, ...request.env, ...(request.node ? { LAB_NODE: request.node } : {}) },
    ...(request.cwd ? { cwd: request.cwd } : {}),
  })
  ordinary(child)
  let heard = Date.now()
  let ended = false
  forward(socket, child, () => {
    heard = Date.now()
  })
  child.stdin?.on('error', () => {})
  child.once('error', (error) => {
    socket.write(encodeFrame(kinds.stderr, `${request.argv?.[0]}: ${error.message}\n`))
    finish(127)
    ended = true
  })
  child.once('exit', (code, signal) => {
    const result = () => {
      if (ended) return
      ended = true
      clearInterval(timer)
      finish(code ?? 128, signal ?? undefined)
    }
    heard = Date.now()
    const timer = setInterval(
      () => Date.now() - heard > patience && !child.stdout?.isPaused() && result(),
      patience / 3,
    )
    child.once('close', result)
  })
  const hit = (signal: NodeJS.Signals) => hitGroup(child, signal)
  socket.once('close', () => {
    hit('SIGTERM')
    setTimeout(() => hit('SIGKILL'), 1000).unref()
  })
  return (kind, bytes) => {
    if (kind === kinds.stdin) child.stdin?.write(bytes)
    else if (kind === kinds.end) child.stdin?.end()
    else if (kind === kinds.signal) hit(bytes.toString() as NodeJS.Signals)
  }
}

async function answer(socket: Socket, words: readonly string[], doing: Doing): Promise<void> {
  const { text, ...exit } = await perform(doing.verbs, words)
  socket.write(encodeFrame(exit.code === 0 ? kinds.stdout : kinds.stderr, text))
  socket.end(encodeFrame(kinds.exit, JSON.stringify(exit)))
}

/** Serves commands and verbs, one per connection. */
export function listenOn(doing: Doing): Server {
  return createServer((socket) => {
    const reader = new FrameReader()
    let follow: ((kind: number, bytes: Buffer) => void) | undefined
    let open = false
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      try {
        for (const frame of reader.push(bytes)) {
          if (open) {
            follow?.(frame.kind, frame.bytes)
            continue
          }
          const request = readRequest(frame)
          if (doing.token !== undefined && request.token !== doing.token) return socket.destroy()
          open = true
          if (request.verb) void answer(socket, request.verb, doing)
          else follow = execute(socket, request, doing)
        }
      } catch (error) {
        socket.write(encodeFrame(kinds.stderr, `lab: ${(error as Error).message}\n`))
        socket.end(encodeFrame(kinds.exit, JSON.stringify({ code: 2 })))
      }
      return undefined
    })
  })
}
