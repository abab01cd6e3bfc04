/** What real servers said to a check: bytes of each of their turns, as they were heard once (test/fixtures/servers; test/soak/servers.test.ts records them). */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import * as z from 'zod'
import { OWN } from '../../agent/prober/fixture.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/servers')
const dialogue = z.object({
  /** `well`, `full`. */
  state: z.string(),
  ok: z.boolean(),
  reason: z.string(),
  /** Hexadecimal digits; the first is what it said before it heard anything. */
  said: z.array(z.string()),
})
const recording = z.object({ server: z.string(), type: z.string(), dialogues: z.array(dialogue) })
export type Dialogue = Readonly<z.infer<typeof dialogue>>
export type Recording = Readonly<z.infer<typeof recording>>

export const recordings = (): Recording[] =>
  readdirSync(FOLDER).map((name) => recording.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8'))))
export const record = (found: Recording): void =>
  writeFileSync(join(FOLDER, `${found.type}.json`), `${JSON.stringify(found, null, 2)}\n`)

export interface Tap {
  readonly port: number
  /** What the server said in each of its turns, to whoever came last. */
  said(): string[]
  close(): void
}
/** Between a check and a server; it changes nothing. */
export async function tap(to: number): Promise<Tap> {
  let turns: Buffer[] = []
  const server = createServer((client) => {
    turns = [Buffer.alloc(0)]
    const own = turns
    const behind = connect(to, OWN)
    client.on('data', (bytes) => {
      own.push(Buffer.alloc(0))
      behind.write(bytes)
    })
    behind.on('data', (bytes) => {
      own.push(Buffer.concat([own.pop() ?? Buffer.alloc(0), bytes]))
      client.write(bytes)
    })
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('end', () => other.end())
    }
  })
  const port = await new Promise<number>((resolve) =>
    server.listen(0, OWN, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    }),
  )
  return { port, said: () => turns.map((bytes) => bytes.toString('hex')), close: () => void server.close() }
}
