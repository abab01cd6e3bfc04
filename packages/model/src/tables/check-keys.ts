/** Keys of checks, each once: types that share a key share what it means. */
import { parseInet } from '@lvsm/base'
import * as z from 'zod'
import { isHeader, isSecretName, MOST_HEADERS, SECRETS_DIRECTORY } from './headers.ts'

const text = (matches: (value: string) => boolean, code: string, message: string, hint: string) =>
  z.string().refine(matches, { error: message, params: { code, hint } })

const LONGEST = { path: 1024, regex: 1000, certificates: 65_536, sent: 4096, word: 1024 } as const
const MOST_STATUS_RANGES = 16
const MOST_EXPIRY_DAYS = 365
/** Who renews a month before the end has tried for two weeks by then. */
export const EXPIRY_DAYS = 14

const isName = (value: string): boolean => /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(value)
const host = text(
  (value) => isName(value) || parseInet(value) !== undefined,
  'bad-host',
  'is no name of a host',
  'write it without scheme, port and path: www.example.org',
)
const path = text(
  (value) => value.length <= LONGEST.path && /^\/[!-~]*$/.test(value),
  'bad-path',
  'is no path of a page',
  'begin it with a slash, and write spaces as %20: /healthz',
)
const STATUS = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/
const status = z.union([
  z.int().min(100).max(599),
  text(
    (value) => {
      const [, low, high = low] = STATUS.exec(value) ?? []
      return low !== undefined && Number(low) <= Number(high)
    },
    'bad-status',
    'is no status of HTTP, and no range of them',
    'write 200, or 200-299',
  ),
])
const header = text(
  isHeader,
  'bad-header',
  'is no header that a request may have',
  'write "NAME: VALUE", in quotes; the host has a key of its own, and what frames a request is the prober’s',
)
/** By its name: whoever may change the configuration says which of these files is used, and never names another file of root's. */
export const secretName = text(
  isSecretName,
  'bad-file',
  `names no file in ${SECRETS_DIRECTORY}`,
  `put it there on each node that asks, readable by root alone, and write its bare name`,
)
const regex = z
  .string()
  .min(1)
  .max(LONGEST.regex)
  .superRefine((value, context) => {
    const why = whyNoRegex(value)
    if (why !== null)
      context.addIssue({
        code: 'custom',
        message: `is no regular expression: ${why}`,
        params: { code: 'bad-regex', hint: 'write one of ECMAScript, e.g. "status.*ok"; (?i:…) takes any case' },
      })
  })
function whyNoRegex(value: string): string | null {
  try {
    new RegExp(value)
    return null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^.*: /, '') : 'it cannot be read'
  }
}
const digest = text(
  (value) => /^[0-9a-fA-F]{64}$/.test(value),
  'bad-digest',
  'is no SHA-256 digest',
  'write the 64 hexadecimal digits that sha256sum prints of the page',
)
export const certificates = text(
  (value) =>
    value.length <= LONGEST.certificates &&
    /^\s*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/.test(value),
  'bad-certificate',
  'is no certificate',
  'write the certificate of the authority itself, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----',
)

/** Of one connection over TCP, which the check itself ends. */
export const STREAM_KEYS = {
  /** How: in peace, or by a reset, of which neither side keeps anything. */
  close: z.enum(['fin', 'reset']).optional(),
} as const

/** Of TLS. */
export const TLS_KEYS = {
  /** Whom the certificate must name; with http the Host of the request, too. */
  host: host.optional(),
  /** Asked for in the handshake, and looked for in the certificate, where that is not `host`. */
  sni: host.optional(),
  verify: z.boolean().optional(),
  /** Who must have signed the certificate; without it, whomever the system trusts. */
  ca: certificates.optional(),
  /** Of the check itself, with its key: for a server that wants to know who asks. Nobody reads it in the configuration. */
  'client-certificate-file': secretName.optional(),
  /** A server that speaks none from this one on fails; without it 1.2. */
  'min-version': z.literal([1.2, 1.3]).optional(),
  /** It is a trouble so many days before the certificate ends; 0: never. */
  'expiry-days': z.int().min(0).max(MOST_EXPIRY_DAYS).optional(),
} as const

export const HTTP_KEYS = {
  host: host.optional(),
  path: path.optional(),
  method: z.enum(['GET', 'HEAD', 'OPTIONS']).optional(),
  headers: z.array(header).max(MOST_HEADERS).optional(),
  /** More of them, that nobody reads in the configuration. */
  'headers-file': secretName.optional(),
  status: z.array(status).min(1).max(MOST_STATUS_RANGES).optional(),
  body: regex.optional(),
  'body-digest': digest.optional(),
  /** HTTP/2; without TLS by prior knowledge (RFC 9113, section 3.3). */
  http2: z.boolean().optional(),
} as const

const plain = (longest: number) => new RegExp(`^[^\\p{Cc}]{1,${longest}}$`, 'u')
const said = text(
  (value) => plain(LONGEST.sent).test(value),
  'bad-text',
  'is nothing that can be sent',
  'write \\r, \\n, \\t, \\0 and \\xFF for what is no letter, on one line',
)
const EXPECT = { send: said.optional(), expect: regex.optional() } as const
export const UDP_KEYS = EXPECT
export const DNS_KEYS = {
  query: text(
    (value) => value.length <= 253 && /^(?:\.|(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?)$/.test(value),
    'bad-host',
    'is no name that can be asked for',
    'write it as www.example.org',
  ).optional(),
  record: z.enum(['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'CAA']).optional(),
  rcode: z
    .array(z.enum(['NOERROR', 'NXDOMAIN', 'REFUSED', 'SERVFAIL', 'FORMERR', 'NOTIMP']))
    .min(1)
    .max(6)
    .optional(),
  /** So many records at least. */
  answers: z.int().min(1).max(100).optional(),
  /** Name servers answer what is long over TCP alone, and firewalls let the one through and not the other (RFC 7766). */
  tcp: z.boolean().optional(),
} as const
/** What is asked over TLS where that is said, from the first byte on. */
export const SECURED_KEYS = { ...TLS_KEYS, tls: z.boolean().optional() } as const
/** What begins in the clear, and goes on over TLS when both have said so: STARTTLS, and what other protocols call it. */
export const UPGRADED_KEYS = { ...TLS_KEYS, starttls: z.boolean().optional() } as const
/** At a port of its own from the first byte on, or at the usual one later. */
export const EITHER_KEYS = { ...SECURED_KEYS, ...UPGRADED_KEYS } as const
export const EXPECT_KEYS = { ...EXPECT, ...SECURED_KEYS } as const
export const GRPC_KEYS = {
  ...SECURED_KEYS,
  /** As the server calls what it is asked for; without it the server as a whole. */
  'grpc-service': text(
    (value) => /^[\w./-]{1,127}$/.test(value),
    'bad-name',
    'is no name of a service of gRPC',
    'write it as the server registers it: package.Service',
  ).optional(),
} as const
export const SCRIPT_KEYS = {
  /** A program with its arguments: no shell reads it. */
  command: z
    .array(
      text((value) => plain(LONGEST.word).test(value), 'bad-word', 'is no word of a command', 'write it on one line'),
    )
    .min(1)
    .max(64)
    .refine((words) => words[0] === undefined || words[0].startsWith('/'), {
      error: 'does not begin with the path of a program',
      params: {
        code: 'bad-command',
        hint: 'begin it with a slash: [/usr/lib/nagios/plugins/check_ftp, -H, "{address}"]',
      },
    })
    .optional(),
  contract: z.enum(['nagios', 'keepalived', 'ldirectord', 'mon', 'consul']).optional(),
  /** By the contract of keepalived: an exit code from 2 on is a weight, plus 2 (misc_dynamic). */
  'dynamic-weight': z.boolean().optional(),
} as const
export const AGENT_KEYS = {
  send: said.optional(),
} as const
