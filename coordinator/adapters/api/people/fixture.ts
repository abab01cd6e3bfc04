/** For the tests of this room: the port for people on the loopback, over a configuration in memory, and clients of it. */
import { request } from 'node:https'
import type { IncomingHttpHeaders } from 'node:http'
import type { Trouble } from '@lvsm/base'
import type { UserRole } from '@lvsm/protocol'
import { makeAuthority, makeTokenId, makeTokenSecret, tokenDigest } from '@lvsm/trust'
import { onTestFinished } from 'vitest'
import { knownBy, MemoryConfiguration } from '../../../../test/kit/configuration.ts'
import { encodeApiToken } from '../api-token.ts'
import { BUSY, Passwords } from '../passwords.ts'
import { openPeople, type PeopleSetting } from './people.ts'

export const HOST = '127.0.0.1'
export const AUTHORITY = await makeAuthority('lab')
export const DIGITS = '9b'.repeat(32)

export interface Heard {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly value: unknown
}
export interface Asking {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}
export interface TestPeople {
  readonly configuration: MemoryConfiguration
  readonly port: number
  readonly said: string[]
  readonly troubles: Map<string, Trouble>
  readonly crashes: unknown[]
  readonly counts: Map<string, number>
  /** Milliseconds of its wall clock. */
  now: number
  /** And of its monotonic one. */
  ticks: number
  ask(method: string, path: string, asking?: Asking): Promise<Heard>
  close(): Promise<void>
}

/** Its certificate is believed as a browser does it: the authority, the address, the dates of this machine's clock. */
export async function startPeople(setting: Partial<PeopleSetting> = {}): Promise<TestPeople> {
  const configuration = new MemoryConfiguration()
  const said: string[] = []
  const troubles = new Map<string, Trouble>()
  const crashes: unknown[] = []
  const counts = new Map<string, number>()
  const clock = { now: Date.now(), ticks: 0 }
  const opened = await openPeople({
    configuration,
    authority: AUTHORITY,
    listen: [{ host: HOST, port: 0 }],
    console: new Map(),
    names: { node: 'dir1', hosts: ['dir1.example.org', 'localhost', HOST, '::1', 'no name'] },
    wallClock: () => clock.now,
    agreedClock: () => clock.now,
    heartbeatKeys: () => [{ id: 1, file: '/etc/lvsm/key', digits: DIGITS }],
    told: {
      say: (text) => void said.push(text),
      count: (counter) => void counts.set(counter, (counts.get(counter) ?? 0) + 1),
      trouble: (about, trouble) => (trouble ? troubles.set(about, trouble) : troubles.delete(about)),
    },
    host: knownBy(
      configuration,
      (line) => said.push(line),
      () => clock.ticks,
    ),
    crashed: (error) => void crashes.push(error),
    clock: () => clock.ticks,
    ...setting,
  })
  if (!opened.ok) throw new Error(opened.refusal.message)
  onTestFinished(() => opened.close())
  const port = opened.endpoints[0]?.port ?? 0
  return Object.assign(clock, {
    configuration,
    port,
    said,
    troubles,
    crashes,
    counts,
    ask: (method: string, path: string, asking?: Asking) => askPort(port, method, path, asking),
    close: () => opened.close(),
  })
}

export function askPort(
  port: number,
  method: string,
  path: string,
  { headers = {}, body }: Asking = {},
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const options = { host: HOST, port, method, path, headers, agent: false, ca: AUTHORITY.certificate } as const
    const outgoing = request(options, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => (text += String(chunk)))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const value: unknown = text === '' ? null : JSON.parse(text)
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, value })
      })
    })
    outgoing.on('error', reject)
    outgoing.end(typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body))
  })
}

export const TOKEN_ID = '0123abcd'
/** A token that the configuration has from now on: what a machine shows of it. */
export async function tokenOf({ configuration, now }: TestPeople, more: object = {}) {
  const secret = makeTokenSecret()
  const terms = { id: TOKEN_ID, uses: 1, until: now + 3_600_000, node: null, roles: [], ...more }
  const digest = tokenDigest(secret)
  const entry = { kind: 'token', author: 'alice', at: now, digest, ...terms } as const
  const written = await configuration.write(entry)
  if (written.kind !== 'done' || written.outcome.kind !== 'token') throw new Error(JSON.stringify(written))
  return { id: terms.id, secret }
}

export const PASSWORD = 'correct horse'
const passwords = new Passwords({ n: 16, r: 1, p: 1 })
const BY = { author: 'root', at: 1 } as const
/** Log in as `name` with `PASSWORD`. */
export async function withUser({ configuration }: TestPeople, name: string, role: UserRole): Promise<void> {
  await configuration.write({ kind: 'user-add', ...BY, name, role })
  const password = await passwords.hash(PASSWORD)
  if (password === BUSY) throw new Error('busy')
  await configuration.write({ kind: 'user-set', ...BY, name, password })
}
/** The header of a script with that role. */
export async function withToken({ configuration }: TestPeople, role: UserRole, more: object = {}) {
  const [id, secret] = [makeTokenId(), makeTokenSecret()]
  const terms = { id, name: `ci-${role}`, role, digest: tokenDigest(secret), until: null, ...more }
  await configuration.write({ kind: 'api-token', ...BY, ...terms })
  return { authorization: `Bearer ${encodeApiToken(id, secret)}` }
}

export const originOf = ({ port }: TestPeople): string => `https://${HOST}:${port}`
/** The cookie, as a browser sends it back; and what was answered. */
export async function logIn(people: TestPeople, user: string, password = PASSWORD, headers: Asking['headers'] = {}) {
  const heard = await people.ask('POST', '/v1/login', { body: { user, password }, headers })
  const [set = ''] = heard.headers['set-cookie'] ?? []
  return { heard, set, cookie: set.split(';')[0] ?? '' }
}
export const weightChange = (weight: number) => ({
  change: {
    command: {
      verb: 'set',
      noun: 'server',
      which: { service: 'http', server: 'rs1' },
      values: { weight },
      model: 1,
    },
  },
  base: null,
})
/** Says each time whether the count is still the one of the time before. */
export function staying(count: () => number): () => boolean {
  let before = -1
  return () => {
    const was = before
    before = count()
    return was === before
  }
}
