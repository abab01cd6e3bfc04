/**
 * Servers whose answers were cut, turned, repeated and mixed with bytes by chance, over real connections to the real `lvsm-prober`: each
 * question has one answer in time, the process goes on, and its memory has bounds.
 */
import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createSecureServer as createSecureHttp2, createServer as createHttp2 } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { seededRandom } from '@lvsm/base'
import type { ProbeKind } from '@lvsm/model'
import { Prober } from '../../agent/node/adapters/prober.ts'
import { makeCertificates, OWN, Servers } from '../../agent/prober/fixture.ts'

const EACH = 700
const AT_ONCE = 25
/** More than one answer of each that is asked at once may have, and what a process grows by without any reason. */
const MOST_MB = 96

const random = seededRandom(Number(process.env['LVSM_FUZZ_SEED'] ?? 1))
const below = (most: number): number => Math.floor(random.next() * most)

/** A piece of what a real server said. Null: the connection ends here. */
function spoiled(bytes: Buffer): Buffer | null {
  const [at, kind] = [below(bytes.length + 1), below(12)]
  switch (kind) {
    case 0:
      return null
    case 1:
      return bytes.subarray(0, at)
    case 2: {
      const turned = Buffer.from(bytes)
      for (let times = 0; times < 1 + below(8); times++) turned[below(turned.length)] = below(256)
      return turned
    }
    case 3:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(Array.from({ length: below(400) }, () => below(256)))])
    case 4:
      return Buffer.concat(Array.from({ length: 1 + below(2000) }, () => bytes))
    case 5:
      return Buffer.concat([bytes.subarray(at), bytes.subarray(0, at)])
    default:
      return bytes
  }
}

const servers = new Servers()
/** Between the prober and a real server. */
function between(port: number): Promise<number> {
  const sockets: Socket[] = []
  const server: Server = createServer((near) => {
    const far = connect(port, OWN)
    sockets.push(near, far)
    near.on('data', (bytes) => void (far.writable && far.write(bytes)))
    far.on('data', (bytes: Buffer) => {
      const said = spoiled(bytes)
      if (said === null) near.destroy()
      else if (near.writable) near.write(said)
    })
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined)
      one.on('close', () => other.destroy())
    }
  })
  return servers.listen(server)
}

const said: string[] = []
const prober = new Prober({
  clock: () => performance.now(),
  trouble: (found) => void said.push(found?.message ?? 'over'),
  unable: () => undefined,
  say: (text) => void said.push(text),
})
afterAll(() => {
  prober.close()
  servers.end()
})

interface Kind {
  readonly probe: ProbeKind
  readonly keys: Readonly<Record<string, unknown>>
  readonly port: number
}
let kinds: readonly Kind[] = []
beforeAll(async () => {
  const { good } = await makeCertificates(Date.now())
  const page = 'all is well here\n'.repeat(300)
  const serve = (_: unknown, response: { end(text: string): unknown }): void => void response.end(page)
  const [plain, secure, plain2, secure2] = [
    await servers.listen(createHttp(serve)),
    await servers.listen(createHttps(good, serve)),
    await servers.listen(createHttp2(serve)),
    await servers.listen(createSecureHttp2(good, serve)),
  ]
  const body = { body: 'well here', 'body-digest': '0'.repeat(64) }
  kinds = [
    { probe: 'http', keys: body, port: await between(plain) },
    { probe: 'http', keys: { ...body, http2: true }, port: await between(plain2) },
    { probe: 'https', keys: { ...body, verify: false }, port: await between(secure) },
    { probe: 'https', keys: { ...body, verify: false, http2: true }, port: await between(secure2) },
    { probe: 'tls', keys: { verify: false }, port: await between(secure) },
    { probe: 'grpc', keys: {}, port: await between(plain2) },
  ]
})

let number = 0
const ask = ({ probe, keys, port }: Kind): Promise<readonly [boolean | null, string]> =>
  new Promise((resolve) => {
    const job = { probe, keys, address: OWN, port, source: null, timeoutMs: 400, explain: number % 10 === 0 }
    number += 1
    const virtual = { address: '10.11.0.10', port: 80 }
    prober.check(`${number}`, { ...job, virtual }, (ok, reason) => resolve([ok, reason]))
  })

const pidsOf = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
const isProber = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('prober')
const memoryOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

it('thousands of strange answers of HTTP, HTTP/2 and TLS end with a verdict each, and the process goes on within its bounds', async () => {
  for (const kind of kinds) await ask(kind)
  const [pid = 0] = pidsOf().filter(isProber)
  const before = memoryOf(pid)
  const verdicts = new Map<boolean | null, number>()
  const reasons = new Set<string>()
  const defects: string[] = []
  const waiting = kinds.flatMap((kind) => Array.from({ length: EACH }, () => kind))
  const work = async (): Promise<void> => {
    for (let kind = waiting.pop(); kind; kind = waiting.pop()) {
      const [ok, reason] = await ask(kind)
      // That word is about this machine, and right; the server is asked once more.
      if (ok === null && reason.startsWith('this machine was too busy')) {
        waiting.push(kind)
        continue
      }
      verdicts.set(ok, (verdicts.get(ok) ?? 0) + 1)
      reasons.add(reason)
      if (ok === null) defects.push(`${kind.probe} ${JSON.stringify(kind.keys)}: ${reason}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  expect(defects, 'whatever a server says, it is a word about the server').toEqual([])
  expect([said, pidsOf().filter(isProber)]).toEqual([[], [pid]])
  expect(verdicts.get(false)).toBeGreaterThan(1000)
  expect(verdicts.get(true), 'some get through').toBeGreaterThan(10)
  expect(reasons.size, 'they fail in many ways').toBeGreaterThan(15)
  expect(memoryOf(pid) - before).toBeLessThan(MOST_MB)
})
