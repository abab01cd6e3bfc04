/** Questions to the coordinators' port for people, of a machine that has nothing but a token yet. */
import { JOIN_ROUTES, readConfigRefused, type TokenText } from '@lvsm/protocol'
import { fingerprintOf } from '@lvsm/trust'
import { request, type RequestOptions } from 'node:https'
import type * as z from 'zod'
import { NotJoined } from './refusals.ts'

type Name = keyof typeof JOIN_ROUTES
type Report<N extends Name> = z.output<(typeof JOIN_ROUTES)[N]['response']>
export interface Address {
  readonly host: string
  readonly port: number
}
/** Bytes. */
const LONGEST = 4 << 20
const PATIENCE_MS = 30_000
/** Of OpenSSL: the certificate is new, and made anew in time, so that one of the two clocks is wrong. */
const OUT_OF_TIME: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED'])
const SAFE = 'joining again with the same token is safe'

interface Heard {
  readonly status: number
  readonly text: string
}
function exchange(options: RequestOptions, body: string | null): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const headers =
      body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const outgoing = request({ ...options, headers, agent: false, timeout: PATIENCE_MS }, (incoming) => {
      const chunks: Buffer[] = []
      let size = 0
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > LONGEST) outgoing.destroy(new Error('the answer is too long'))
        else chunks.push(chunk)
      })
      incoming.on('error', reject)
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${PATIENCE_MS / 1000} s`)))
    outgoing.on('error', reject)
    outgoing.end(body ?? undefined)
  })
}

/** This coordinator cannot do it now, or was not reached: another one may, and asking twice is asking once. */
class NotHere extends NotJoined {}

/** A coordinator that has shown that it is of the cluster that the token names. */
class Door {
  readonly address: Address
  readonly authority: string
  private constructor(address: Address, authority: string) {
    this.address = address
    this.authority = authority
  }

  /** The authority is asked for first, without any trust, and believed only when its key is the one of the token. */
  static async open(address: Address, pin: string): Promise<Door> {
    const { method, path } = JOIN_ROUTES.authority
    const heard = await exchange({ ...address, method, path, rejectUnauthorized: false }, null)
    const { authority } = reportOf('authority', heard)
    if (printOf(authority) !== pin) throw new NotJoined('wrong-cluster', `${address.host}:${address.port}`)
    return new Door(address, authority)
  }

  async ask<N extends Name>(name: N, body: unknown): Promise<Report<N>> {
    const { method, path } = JOIN_ROUTES[name]
    // The certificate has to be of this very address: every node of the cluster has one of the same authority.
    const secure = { ca: this.authority, rejectUnauthorized: true, minVersion: 'TLSv1.3' } as const
    const heard = await exchange({ ...this.address, ...secure, method, path }, JSON.stringify(body)).catch(
      (error: NodeJS.ErrnoException) => {
        const detail = `${this.address.host}:${this.address.port}: ${error.message}`
        if (OUT_OF_TIME.has(error.code ?? '')) throw new NotJoined('clock-off', detail)
        throw new NotHere('no-coordinator', detail, SAFE)
      },
    )
    return reportOf(name, heard)
  }
}

/** The coordinators that a token names: the one that answers, and, where it cannot any more, those that are left. */
export class Doors {
  readonly #token: Pick<TokenText, 'to' | 'pin'>
  #door: Door
  private constructor(token: Pick<TokenText, 'to' | 'pin'>, door: Door) {
    this.#token = token
    this.#door = door
  }

  /** The first that answers; each that does not is named where none does. */
  static async open(token: Pick<TokenText, 'to' | 'pin'>): Promise<Doors> {
    const reasons: string[] = []
    for (const address of token.to) {
      const door = await opened(address, token.pin, reasons)
      if (door) return new Doors(token, door)
    }
    throw new NotJoined('no-coordinator', reasons.join('; '))
  }

  /** Of the one that answered last. */
  get address(): Address {
    return this.#door.address
  }

  /** Each of them at most once: why not is what the first one said that was reached. */
  async ask<N extends Name>(name: N, body: unknown): Promise<Report<N>> {
    const asked = this.#door
    let why: NotHere
    try {
      return await asked.ask(name, body)
    } catch (error) {
      if (!(error instanceof NotHere)) throw error
      why = error
    }
    for (const address of this.#token.to.filter((one) => !isSame(one, asked.address))) {
      const door = await opened(address, this.#token.pin, [])
      if (!door) continue
      try {
        const report = await door.ask(name, body)
        this.#door = door
        return report
      } catch (error) {
        if (!(error instanceof NotHere)) throw error
        if (why.code === 'no-coordinator') why = error
      }
    }
    throw why
  }
}
const isSame = (one: Address, other: Address): boolean => one.host === other.host && one.port === other.port

/** Null, with a reason more: nobody answers there. Throws where somebody else does. */
async function opened(address: Address, pin: string, reasons: string[]): Promise<Door | null> {
  try {
    return await Door.open(address, pin)
  } catch (error) {
    if (error instanceof NotJoined && error.exit === 'refused') throw error
    reasons.push(`${address.host}:${address.port}: ${(error as Error).message}`)
    return null
  }
}

/** The next step of each refusal comes with it. */
function reportOf<N extends Name>(name: N, { status, text }: Heard): Report<N> {
  const body = parsed(text)
  if (status === 200) {
    const schema: z.ZodType = JOIN_ROUTES[name].response
    const read = schema.safeParse(body)
    if (read.success) return read.data as Report<N>
  }
  const [first, ...more] = readConfigRefused(body)?.refusals ?? []
  if (!first) throw new NotJoined('other-version', `status ${status}, and no answer that is known here`)
  const also = more.map(({ message }) => `; ${message}`).join('')
  // No leader, no majority, no room: or nobody knows what came of it.
  const Refused = status >= 500 || status === 202 ? NotHere : NotJoined
  throw new Refused(first.code, `${first.message}${also}`, first.hint)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
function printOf(authority: string): string | null {
  try {
    return fingerprintOf(authority)
  } catch {
    return null
  }
}
