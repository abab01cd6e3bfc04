/** The process of `servers.ts`, started and ended. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'

const said = z.object({ address: z.string(), ports: z.record(z.string(), z.int()), authority: z.string() })
export type Serving = z.infer<typeof said> & { end(): void }

export async function serversUp(): Promise<Serving> {
  const program = fileURLToPath(new URL('servers.ts', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve, reject) => {
    let heard = ''
    child.stdout.on('data', (bytes: Buffer) => {
      heard += String(bytes)
      if (heard.includes('\n')) resolve(heard)
    })
    child.once('exit', (code) => reject(new Error(`the servers ended with exit code ${code}`)))
  })
  return { ...said.parse(JSON.parse(line)), end: () => void child.kill() }
}
