import { spawn } from 'node:child_process'

export interface Outcome {
  readonly code: number
  readonly text: string
}

/** Runs a tool to its end, with its output and errors in one text. */
export function command(argv: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0] as string, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
    const parts: Buffer[] = []
    child.stdout.on('data', (bytes: Buffer) => parts.push(bytes))
    child.stderr.on('data', (bytes: Buffer) => parts.push(bytes))
    child.stdin.on('error', () => {})
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, text: Buffer.concat(parts).toString() }))
    child.stdin.end(input)
  })
}
