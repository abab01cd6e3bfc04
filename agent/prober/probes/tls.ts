/** Does somebody make a TLS handshake, with a certificate that is good for the name that the check says? */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { performance } from 'node:perf_hooks'
import { checkServerIdentity, connect, type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'
import type { ProbeJob } from '@lvsm/protocol'
import type { Ask } from '../attempt.ts'
import { isOff, numberOf, textOf } from '../keys.ts'
import { endsByReset, leave, reset } from '../leave.ts'
import { failing } from '../reasons.ts'
import { Changes } from './changes.ts'
import { open } from './connect.ts'
import { dayOf } from '../trace.ts'

/** What this system trusts; where it has none, whom Node trusts. */
const SYSTEM = '/etc/ssl/certs/ca-certificates.crt'
const MOST_CONTEXTS = 64
/** Those that cannot be made, too: a certificate whose key is another's is asked with again and again. */
const contexts = new Map<string, SecureContext | Error>()
const system = new Changes(SYSTEM, () => performance.now())

/** As Node has it by itself, from 1.2 on. */
type Oldest = 'TLSv1.2' | 'TLSv1.3'

/**
 * Whom a certificate may be from: those of the text, else those of this system; `own`: certificate and key of whoever asks. Reading them takes
 * long: once for each text. Throws where they do not go together: before anything is opened.
 */
export function authorities(ca: string | undefined, minVersion: Oldest = 'TLSv1.2', own?: string): SecureContext {
  const key = `${minVersion} ${ca ?? `of the system ${system.version()}`} ${own ?? ''}`
  let made = contexts.get(key)
  if (made === undefined) {
    if (contexts.size >= MOST_CONTEXTS) contexts.clear()
    made = contextOf(ca ?? systemAuthorities(), minVersion, own)
    contexts.set(key, made)
  }
  if (made instanceof Error) throw made
  return made
}
function contextOf(trusted: string | null, minVersion: Oldest, own: string | undefined): SecureContext | Error {
  try {
    return createSecureContext({
      minVersion,
      ...(trusted === null ? {} : { ca: trusted }),
      ...(own === undefined ? {} : { cert: own, key: own }),
    })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
function systemAuthorities(): string | null {
  try {
    return readFileSync(SYSTEM, 'utf8')
  } catch {
    return null
  }
}

type Options = Required<Pick<ConnectionOptions, 'servername' | 'rejectUnauthorized' | 'checkServerIdentity'>> &
  Pick<ConnectionOptions, 'secureContext'>

export function tlsOptions(keys: ProbeJob['keys']): Options {
  const oldest = numberOf(keys, 'min-version') === 1.3 ? 'TLSv1.3' : 'TLSv1.2'
  const name = textOf(keys, 'sni') ?? textOf(keys, 'host')
  return {
    // Addresses are not sent (RFC 6066, section 3).
    servername: name === undefined || isIP(name) !== 0 ? '' : name,
    rejectUnauthorized: !isOff(keys, 'verify'),
    checkServerIdentity: (_, certificate) => (name === undefined ? undefined : checkServerIdentity(name, certificate)),
    secureContext: authorities(textOf(keys, 'ca'), oldest, textOf(keys, 'client-certificate')),
  }
}

/**
 * By TLS 1.3 a server looks at the certificate that it is shown after the handshake, for the one who shows it (RFC 8446, 2): its word takes the way
 * there and back, as the handshake did, and so much longer.
 */
const OBJECTS_MS = 200
/** The connection is over, and the server said nothing of why. */
const WORDLESS: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE'])

/**
 * Well with the handshake. Where a certificate was shown that the server looks at afterwards, an alert alone says that it does not take it: who ends
 * the connection may have other reasons. A ticket (OpenSSL and others send it when they have looked) and data are the word of one who takes it.
 */
export const askTls: Ask = (job, end, trace) => {
  const options = tlsOptions(job.keys)
  const raw = open(job, trace)
  let connectedAtMs: number | null = null
  /** What it is, once it is made. */
  let shaken: string | null = null
  let waiting: ReturnType<typeof setTimeout> | undefined
  raw.on('connect', () => {
    connectedAtMs = performance.now()
  })
  const socket = connect({ socket: raw, ...options })
  trace.tls(socket)
  const well = (): void => {
    if (shaken !== null) end(true, shaken)
  }
  socket.on('secureConnect', () => {
    const until = dayOf(socket.getPeerCertificate().valid_to)
    shaken = `makes a TLS handshake (${socket.getProtocol() ?? 'TLS'}${until === null ? '' : `, certificate until ${until}`})`
    if (textOf(job.keys, 'client-certificate') === undefined || socket.getProtocol() !== 'TLSv1.3') return well()
    const tookMs = performance.now() - (connectedAtMs ?? performance.now())
    waiting = setTimeout(well, tookMs + OBJECTS_MS)
    socket.on('data', well)
  })
  socket.on('session', well)
  const failed = failing(end)
  for (const one of [raw, socket]) {
    one.on('error', (error) =>
      shaken !== null && 'code' in error && WORDLESS.has(error.code) ? well() : failed(error),
    )
    one.on('close', () => (shaken === null ? end(false, 'closed the connection without a TLS handshake') : well()))
  }
  return {
    sofar: () => shaken ?? (connectedAtMs === null ? 'no answer' : 'accepts connections, but makes no TLS handshake'),
    late: () => shaken !== null,
    // Without a handshake there is no session to end.
    close: () => {
      clearTimeout(waiting)
      if (raw.connecting || connectedAtMs === null) raw.destroy()
      else if (endsByReset(job)) reset(raw)
      else leave(socket)
    },
  }
}
