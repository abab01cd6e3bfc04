/** Receivers by a name that has many addresses, or none: one that is there is found, and nobody waits longer than he may. */
import dns from 'node:dns'
import { createServer as createHttp } from 'node:http'
import type { ReceiverType } from '@lvsm/model'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { attempt } from '../attempt.ts'
import { OWN, Servers } from '../fixture.ts'
import { DELIVERIES } from './index.ts'

const servers = new Servers()
afterEach(() => {
  vi.restoreAllMocks()
  servers.end()
})

type Answer = (error: NodeJS.ErrnoException | null, found: readonly dns.LookupAddress[]) => void
/** What the name `many.example` means. */
function named(...addresses: readonly string[]): void {
  const lookup = (name: string, _: unknown, done: Answer): void =>
    queueMicrotask(() =>
      done(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      ),
    )
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup)
}
function unnamed(code: string): void {
  const lookup = (name: string, _: unknown, done: Answer): void =>
    queueMicrotask(() => done(Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code, hostname: name }), []))
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup)
}

const tell = (
  type: ReceiverType,
  port: number,
  timeoutMs: number,
): Promise<{ ok: boolean | null; reason: string; tookMs: number }> =>
  new Promise((resolve) => {
    const began = performance.now()
    const mail = { server: 'many.example', port, from: 'a@b.example', to: ['c@d.example'], subject: 's', text: 't' }
    const keys = type === 'webhook' ? { url: `http://many.example:${port}/`, body: '{}' } : { ...mail, id: '1' }
    const job = { id: 1, probe: `alert-${type}`, keys, address: '', port: 0, source: null, timeoutMs }
    attempt(DELIVERIES[`alert-${type}`], job, (ok, reason) =>
      resolve({ ok, reason, tookMs: performance.now() - began }),
    )
  })
const others = (count: number): string[] => Array.from({ length: count }, (_, at) => `127.77.1.${at + 1}`)

const receivers: Readonly<Record<'webhook' | 'mail', () => Promise<number>>> = {
  webhook: () => servers.listen(createHttp((_, response) => response.writeHead(204).end())),
  mail: () =>
    servers.raw((socket) => {
      socket.write('220 sink\r\n')
      socket.on('data', (bytes) => {
        const text = bytes.toString()
        if (text.includes('\r\n.\r\n')) socket.write('250 kept\r\n')
        else socket.write(text.startsWith('DATA') ? '354 go on\r\n' : '250 fine\r\n')
      })
    }),
}

describe.each(['webhook', 'mail'] as const)('a %s receiver', (type) => {
  it('of twenty addresses is told at the one where somebody listens', async () => {
    const port = await receivers[type]()
    named(...others(19), OWN)
    expect(await tell(type, port, 10_000)).toMatchObject({ ok: true })
    named(OWN, ...others(19))
    expect(await tell(type, port, 10_000)).toMatchObject({ ok: true })
  })
  it('of twenty addresses where nobody listens fails, with the reason', async () => {
    named(...others(20))
    expect(await tell(type, 1, 10_000)).toMatchObject({
      ok: false,
      reason: 'connection refused: nothing listens there, or a packet filter rejects it (at none of 20 addresses)',
    })
  })
  it('of twenty addresses that answer nothing is given up in time', async () => {
    // Reserved for documents (RFC 5737): nobody is there, whether it is said or not.
    named(...Array.from({ length: 20 }, (_, at) => `192.0.2.${at + 1}`))
    const { ok, tookMs } = await tell(type, 9, 1000)
    expect(ok).toBe(false)
    expect(tookMs).toBeLessThan(4000)
  })
  it('whose name is not known, or has no address (ENOTFOUND, too), fails and says so', async () => {
    unnamed('ENOTFOUND')
    expect(await tell(type, 9, 5000)).toMatchObject({ ok: false, reason: 'no name server knows the name many.example' })
    unnamed('EAI_AGAIN')
    expect(await tell(type, 9, 5000)).toMatchObject({ ok: false, reason: 'no name server answers for many.example' })
  })
})
