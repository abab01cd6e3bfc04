/** Errors of sockets, TLS and HTTP in the words of whoever has to mend it. */
import { NO_HOST, NO_ROUTE, PROHIBITED, REFUSED, THROWN_AWAY, WAY_DOWN } from '@lvsm/protocol'
import type { End } from './attempt.ts'

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: REFUSED,
  EHOSTUNREACH: NO_HOST,
  ENETUNREACH: NO_ROUTE,
  ENETDOWN: WAY_DOWN,
  EACCES: 'this process may not ask there',
  EPERM: 'this process may not ask there: a rule of the own packet filter',
  EAFNOSUPPORT: 'this machine does not speak that family of addresses',
  EADDRNOTAVAIL: 'the own address to check from is not there, or all its ports are taken',
  EADDRINUSE: 'all ports of the own address to check from are taken',
  EMFILE: 'this process may open no more files',
  ENFILE: 'this machine may open no more files',
  ENOBUFS: 'this machine has no memory left for sockets',
  ENOMEM: 'this machine has no memory left',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  CERT_HAS_EXPIRED: 'its certificate is over',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: compare the clocks',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself: say ca, or verify: false',
  SELF_SIGNED_CERT_IN_CHAIN: 'nobody trusts the authority of its certificate: say ca',
  UNABLE_TO_GET_ISSUER_CERT: 'nobody trusts the authority of its certificate: say ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'nobody trusts the authority of its certificate: say ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the authority of its certificate is not known: say ca, or have it send the chain',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  CERT_UNTRUSTED: 'nobody trusts the authority of its certificate: say ca',
  ERR_HTTP2_ERROR: 'its answer is no HTTP/2',
  HPE_HEADER_OVERFLOW: 'the head of its answer is longer than 16 kB',
}

/** As OpenSSL writes it: error:NUMBER:LIBRARY:FUNCTION:REASON:FILE:LINE:DATA. */
const OPENSSL = /error:[0-9A-F]+:SSL routines:[^:]*:([^:]+)/
const IN_TLS: Readonly<Record<string, string>> = {
  'wrong version number': 'what listens there does not speak TLS',
  'packet length too long': 'what listens there does not speak TLS',
  'http request': 'what listens there does not speak TLS',
  'tlsv1 alert protocol version': 'it speaks a version of TLS that is too old',
  'unsupported protocol': 'it speaks a version of TLS that is too old',
  'tlsv1 alert no application protocol': 'it does not speak HTTP/2',
  'tlsv1 alert unknown ca': 'it does not take the certificate that the check shows: it does not know the authority',
  'ssl/tls alert bad certificate': 'it does not take the certificate that the check shows',
  'ssl/tls alert handshake failure':
    'it ends the handshake: it wants to see a certificate of the check (client-certificate-file), or speaks no version or cipher that the check does',
  'ssl/tls alert certificate expired': 'it does not take the certificate that the check shows: it is over',
  'ssl/tls alert certificate revoked': 'it does not take the certificate that the check shows: it is revoked',
  'ssl/tls alert certificate unknown': 'it does not take the certificate that the check shows',
  'ssl/tls alert unsupported certificate': 'it does not take the certificate that the check shows: its kind',
  'tlsv1 alert access denied': 'it does not let in whom the certificate that the check shows names',
  'tlsv13 alert certificate required': 'it wants to see a certificate of the check: say client-certificate-file',
}

/**
 * What this machine has run out of, or this process may not do: no word about a server. A way that is not there is one (ENETUNREACH, EHOSTUNREACH,
 * ENETDOWN, and EACCES of a prohibited route): IPVS sends to a realserver by the same routes and interfaces, so clients do not get there either.
 * A packet filter (EPERM) may mean this process alone, by its user or its control group: packets of clients have neither.
 */
const OWN: ReadonlySet<string> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EAGAIN', 'EADDRNOTAVAIL', 'EADDRINUSE'],
  ...['EACCES', 'EPERM', 'EAFNOSUPPORT'],
])
/** Where EACCES is of a route that is prohibited here, or of a router's or host's word by ICMPv6 (RFC 4443 3.1, codes 1, 5, 6), and not of a right to bind. */
const ON_THE_WAY: ReadonlySet<unknown> = new Set(['connect', 'send', 'read', 'recv', 'write'])
const isOnTheWay = (error: Error, code: string): boolean =>
  'code' in error && error.code === code && 'syscall' in error && ON_THE_WAY.has(error.syscall)
const isProhibited = (error: Error): boolean => isOnTheWay(error, 'EACCES')
const isOwn = (error: Error): boolean =>
  'code' in error && typeof error.code === 'string' && OWN.has(error.code) && !isProhibited(error)

/** Ends a probe with an error of its socket: the server failed, or nobody knows, where this machine could not ask. */
export const failing =
  (end: End) =>
  (error: Error): void =>
    end(isOwn(error) ? null : false, reasonOf(error))

export function reasonOf(error: Error): string {
  const [, inTls] = OPENSSL.exec(error.message) ?? []
  if (inTls !== undefined) return Object.hasOwn(IN_TLS, inTls) ? (IN_TLS[inTls] ?? inTls) : `in TLS: ${inTls}`
  // Of a name with several addresses, each failed in its own way.
  if (error instanceof AggregateError) {
    const errors: readonly unknown[] = error.errors
    const [first] = errors
    if (first instanceof Error) return `${reasonOf(first)} (at none of ${errors.length} addresses)`
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const name = 'hostname' in error && typeof error.hostname === 'string' ? error.hostname : ''
  if (code === 'ENOTFOUND') return `no name server knows the name ${name}`.trimEnd()
  if (code === 'EAI_AGAIN') return `no name server answers for ${name}`.trimEnd()
  if (isProhibited(error)) return PROHIBITED
  // As the kernel answers to who sends along a route of that type (ip-route(8)): blackhole.
  if (isOnTheWay(error, 'EINVAL')) return THROWN_AWAY
  if (Object.hasOwn(WORDS, code)) return WORDS[code] ?? error.message
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${error.message}`
  if (code.startsWith('HPE_')) return `its answer is no HTTP: ${error.message.replace(/^Parse Error: /, '')}`
  return code === '' || error.message.includes(code) ? error.message : `${error.message} (${code})`
}
