/** Where the commands write: results to standard output, progress and errors to standard error. */
import { EXITS } from '@lvsm/protocol'
import { type Paint, paintFor } from './paint.ts'

export interface Terminal {
  readonly out: NodeJS.WriteStream
  readonly paint: Paint
  print(text: string): void
  complain(text: string): void
}

export function terminal(): Terminal {
  const complain = (text: string): void => void process.stderr.write(text)
  process.stderr.on('error', () => undefined)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `lvsm events | head` closes the pipe early: that is the reader's right, not a fault.
    if (error.code === 'EPIPE') process.exit(EXITS.ok.code)
    complain(`lvsm: cannot write: ${error.message}\n  → look at what changed with lvsm status\n`)
    process.exit(EXITS.unwritten.code)
  })
  return {
    out: process.stdout,
    paint: paintFor(process.stdout),
    print: (text) => void process.stdout.write(text),
    complain,
  }
}

/** Says on standard error that something still goes on, once it has lasted a second. */
export async function withProgress<Value>(what: string, work: Promise<Value>): Promise<Value> {
  const began = performance.now()
  const seconds = (): string => ((performance.now() - began) / 1000).toFixed(0)
  const screen = process.stderr.isTTY === true
  let shown = false
  const timer = setInterval(() => {
    if (shown && !screen) return
    shown = true
    process.stderr.write(screen ? `\r${what} … ${seconds()} s` : `${what} …\n`)
  }, 1000)
  try {
    return await work
  } finally {
    clearInterval(timer)
    if (shown && screen) process.stderr.write('\r\u001b[K')
  }
}
