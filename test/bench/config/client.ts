/** One client that writes again and again over one connection, and how long each took. */
import { Agent, request, type RequestOptions } from 'node:http'

export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  readonly #options: RequestOptions

  constructor(options: RequestOptions) {
    this.#options = { ...options, agent: this.#agent, method: 'POST' }
  }

  /** The status, and the body of an answer that is no JSON as null. Rejects where nobody answers. */
  post(path: string, body: object): Promise<{ status: number; body: unknown }> {
    const text = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    return new Promise((resolve, reject) => {
      const outgoing = request({ ...this.#options, path, headers }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: parsed(Buffer.concat(chunks)) }))
      })
      outgoing.on('error', reject)
      outgoing.end(text)
    })
  }
  end(): void {
    this.#agent.destroy()
  }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return null
  }
}

/** Milliseconds of each, one after the other; the first tenth warms up and is not in it. */
export async function timed(count: number, write: (at: number) => Promise<void>): Promise<number[]> {
  const times: number[] = []
  const warm = Math.ceil(count / 10)
  for (let at = 0; at < count + warm; at++) {
    const began = performance.now()
    await write(at)
    if (at >= warm) times.push(performance.now() - began)
  }
  return times
}

export function percentile(times: readonly number[], part: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
