/** Servers of this machine to ask, good ones and bad ones, on an address that no other test has. */
import { createServer, type Server, type Socket } from 'node:net'
import type { ProbeFound, ProbeJob } from '@lvsm/protocol'
import { type Authority, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { attempt } from './attempt.ts'
import { PROBES } from './probes/index.ts'

export const OWN = '127.77.0.2'

interface Told {
  readonly ok: boolean | null
  readonly reason: string
}
interface Explained extends Told {
  readonly found: ProbeFound
  /** `word text`, of each step. */
  readonly steps: readonly string[]
}
export const ask = (
  probe: keyof typeof PROBES,
  port: number,
  keys: ProbeJob['keys'] = {},
  timeoutMs = 2000,
): Promise<Told> =>
  new Promise((resolve) =>
    attempt(PROBES[probe], { id: 1, probe, keys, address: OWN, port, source: '127.0.0.1', timeoutMs }, (ok, reason) =>
      resolve({ ok, reason }),
    ),
  )

/** With each step. */
export const explained = (
  probe: keyof typeof PROBES,
  port: number,
  keys: ProbeJob['keys'] = {},
  virtual = { address: '10.11.0.10', port: 80 },
): Promise<Explained> =>
  new Promise((resolve) => {
    const job = { id: 1, probe, keys, address: OWN, port, source: null, timeoutMs: 5000, virtual, explain: true }
    attempt(PROBES[probe], job, (ok, reason, found) =>
      resolve({ ok, reason, found, steps: (found.steps ?? []).map(({ what, text }) => `${what} ${text}`) }),
    )
  })

interface Listener extends Pick<Server, 'close' | 'address'> {
  listen(port: number, host: string, ready: () => void): unknown
}

/** What listens, and is ended with `end`. */
export class Servers {
  readonly #all: Listener[] = []
  readonly #sockets = new Set<Socket>()

  async listen(
    server: Listener & { on(event: 'connection', heard: (socket: Socket) => void): unknown },
  ): Promise<number> {
    this.#all.push(server)
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve) => server.listen(0, OWN, resolve))
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }
  /** One that does with each connection what it is told. */
  raw(serve: (socket: Socket) => void): Promise<number> {
    return this.listen(createServer(serve))
  }
  end(): void {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#all.splice(0)) server.close()
  }
}

export interface Identity {
  readonly key: string
  readonly cert: string
}
export interface Certificates {
  readonly authority: Authority
  /** For web.example, and the address. */
  readonly good: Identity
  readonly over: Identity
  /** Of an authority that is called the same. */
  readonly strange: Identity
}

const DAY_MS = 86_400_000
export async function makeCertificates(now: number): Promise<Certificates> {
  const life = { notBefore: new Date(now - 20 * DAY_MS), notAfter: new Date(now + 20 * DAY_MS) }
  const names = { dns: ['web.example'], addresses: [OWN] }
  const signed = async (authority: Authority, notAfter = life.notAfter): Promise<Identity> => {
    const { privateKey, publicKey } = makeKeyPair()
    const subject = { name: 'web', publicKey, names, life: { ...life, notAfter } }
    return { key: privateKey, cert: await signCertificate(authority, subject) }
  }
  const authority = await makeAuthority('lab')
  return {
    authority,
    good: await signed(authority),
    over: await signed(authority, new Date(now - DAY_MS)),
    strange: await signed(await makeAuthority('lab')),
  }
}
