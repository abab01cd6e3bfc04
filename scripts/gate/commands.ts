/** Runs one tool of the gate as a process group of its own, with a time limit, and keeps what it said. */
import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..')

export interface Ended {
  /** 0 when all was well; 124 when the time was over. */
  readonly code: number
  readonly text: string
  readonly seconds: number
}

export interface Wanted {
  readonly argv: readonly string[]
  readonly timeoutMs: number
  readonly env?: Readonly<Record<string, string>>
  /** Sees each line as it comes. */
  readonly onLine?: (line: string) => void
}

/** Tools come from node_modules, and Node is the one that runs this: never what else is on the machine. */
const path = [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter)

const running = new Set<number>()
/** A group of its own, so that a time-out also ends what the tool has started. */
const end = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended by itself.
  }
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    for (const pid of running) end(pid, 'SIGTERM')
    process.exitCode = 130
    setTimeout(() => process.exit(130), 5000).unref()
  })
}

/** Never rejects. */
export function run({ argv, timeoutMs, env = {}, onLine }: Wanted): Promise<Ended> {
  const began = performance.now()
  const [file = '', ...rest] = argv
  return new Promise((resolve) => {
    const child = spawn(file, rest, {
      cwd: ROOT,
      env: { ...process.env, PATH: path, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const pid = child.pid
    if (pid !== undefined) running.add(pid)
    let text = ''
    let late = false
    const done = (code: number): void => {
      clearTimeout(timer)
      if (pid !== undefined) running.delete(pid)
      if (late) text += `\nended after ${timeoutMs / 1000} s: the time was over\n`
      resolve({ code: late ? 124 : code, text, seconds: (performance.now() - began) / 1000 })
    }
    const timer = setTimeout(() => {
      late = true
      if (pid === undefined) return
      end(pid, 'SIGTERM')
      setTimeout(() => end(pid, 'SIGKILL'), 5000).unref()
    }, timeoutMs)
    const lines = onLine && lineReader(onLine)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => {
        text += chunk
        lines?.(chunk)
      })
    }
    child.on('error', (error) => {
      text += `${file}: ${error.message}\n`
      done(127)
    })
    child.on('close', (code) => done(code ?? 1))
  })
}

function lineReader(onLine: (line: string) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) onLine(line)
  }
}
