/** What a probe does, step by step, for whoever asked it to explain itself; for all others nothing is written down. */
import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { endpointText } from '@lvsm/base'
import { LONGEST_STEP, MOST_STEPS, type ProbeStep } from '@lvsm/protocol'

export type StepWord = 'connected' | 'sent' | 'received' | 'tls' | 'certificate' | 'started' | 'ended'

export interface Trace {
  /** Bytes are shown as text, what is no letter as \xFF. */
  note(what: StepWord, said: string | Buffer): void
  /** The connection of a socket, and its handshake where it makes one. */
  socket(socket: Socket): void
  tls(socket: TLSSocket): void
}

export const UNTOLD: Trace = { note: () => undefined, socket: () => undefined, tls: () => undefined }

const LETTERS: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\\': '\\\\' }
const hexOf = (letter: string): string => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`

/** On one line; UTF-8 where it is that. */
export function shown(bytes: Buffer): string {
  const part = bytes.subarray(0, LONGEST_STEP)
  const text = part.toString('utf8')
  const letters = text.includes('\u{fffd}') ? part.toString('latin1') : text
  const plain = letters.replace(/[\p{Cc}\\]/gu, (letter) => LETTERS[letter] ?? hexOf(letter))
  return bytes.length > part.length || plain.length > LONGEST_STEP - 40
    ? `${plain.slice(0, LONGEST_STEP - 40)}… (${bytes.length} bytes)`
    : plain
}

/** `clock`: milliseconds. */
export function tracing(clock: () => number): { readonly trace: Trace; readonly steps: readonly ProbeStep[] } {
  const began = clock()
  const steps: ProbeStep[] = []
  const note: Trace['note'] = (what, said) => {
    if (steps.length >= MOST_STEPS) return
    const text = typeof said === 'string' ? said : shown(said)
    steps.push({ atMs: Math.round((clock() - began) * 10) / 10, what, text: text.slice(0, LONGEST_STEP) })
  }
  const socket: Trace['socket'] = (one) =>
    void one.once('connect', () => {
      const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = one
      note('connected', `${endpointText(localAddress, localPort)} → ${endpointText(remoteAddress, remotePort)}`)
    })
  const tls: Trace['tls'] = (one) =>
    // Before it is judged: who refuses a certificate closes the connection, and cannot tell of it any more.
    void one.prependOnceListener('secure', () => {
      const { name = '' } = one.getCipher()
      const alpn = typeof one.alpnProtocol === 'string' ? `, ${one.alpnProtocol}` : ''
      note('tls', `${one.getProtocol() ?? 'TLS'}, ${name}${alpn}`)
      const { raw } = one.getPeerCertificate()
      if (raw) note('certificate', certificateText(new X509Certificate(raw)))
    })
  return { trace: { note, socket, tls }, steps }
}

/** And whether a connection was begun, and is open: the kernels of both ends do that, whatever their programs do. */
export const withOpening = (trace: Trace, told: (isOpen: boolean) => void): Trace => ({
  ...trace,
  socket(socket) {
    trace.socket(socket)
    told(false)
    socket.once('connect', () => told(true))
  },
})

/** And how long the certificate is good that the server shows, whether or not somebody wants to know the steps. */
export const withCertificate = (trace: Trace, until: (ms: number) => void): Trace => ({
  ...trace,
  tls(socket) {
    trace.tls(socket)
    socket.prependOnceListener('secure', () => {
      const ms = Date.parse(socket.getPeerCertificate().valid_to)
      if (ms >= 0) until(ms)
    })
  },
})

/** Null: it is no date, or none that a clock can show. */
export function dayOf(text: string): string | null {
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : new Date(at).toISOString().slice(0, 10)
}

const oneLine = (text: string): string => text.replaceAll('\n', ', ')
export function certificateText(certificate: X509Certificate): string {
  const { subject, subjectAltName, issuer, validFrom, validTo, fingerprint256 } = certificate
  const day = (text: string): string => dayOf(text) ?? `"${text}"`
  const names = subjectAltName === undefined ? '' : ` for ${subjectAltName}`
  return `${oneLine(subject)}${names}; by ${oneLine(issuer)}; ${day(validFrom)} to ${day(validTo)}; SHA-256 ${fingerprint256}`
}
