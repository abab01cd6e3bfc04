import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { tool } from '../paths.ts'

/** Static, and so started in a tenth of the time of a dynamic program, which counts under emulation. */
export const busybox = tool('busybox')

export interface Outcome {
  readonly code: number
  readonly text: string
}

/** The lab's own program runs before the others, so that a fault happens when it is said; what it starts does not. */
export function ordinary(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) setPriority(child.pid, 0)
  } catch {
    // It has ended already.
  }
}

/** Runs a tool to its end, with its output and errors in one text. */
export function command(argv: readonly string[], input = '', env?: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] as string, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], ...(env ? { env } : {}) })
    const parts: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => parts.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => parts.push(bytes))
    child.stdin.on('error', () => {})
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, text: Buffer.concat(parts).toString() }))
    child.stdin.end(input)
  })
}
