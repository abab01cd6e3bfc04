/** The console's files, as browsers get them: read once, when the coordinator starts. What they show they ask the API for. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'

interface ConsoleFile {
  readonly bytes: Buffer
  readonly type: string
  /** Entity tag (RFC 9110, 8.8.3). */
  readonly tag: string
}
/** By path. Empty: there is no console here. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const FILES: readonly (readonly [path: string, name: string, type: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/console.js', 'console.js', 'text/javascript; charset=utf-8'],
  ['/console.css', 'console.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml'],
]

/** All of them, or, where one is missing, none. */
export function readConsole(folder: string): ConsoleFiles {
  try {
    return new Map(
      FILES.map(([path, name, type]) => {
        const bytes = readFileSync(join(folder, name))
        const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
        return [path, { bytes, type, tag }]
      }),
    )
  } catch {
    return new Map()
  }
}

/**
 * Nothing but this coordinator's own files and answers, and nothing that stands inside the page (CSP 3). They are asked for again
 * each time: a page and its program are of one version, also behind a proxy to coordinators of several.
 */
const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const

/** True: it was for one of them, and is answered. */
export function serveConsole(files: ConsoleFiles, { method, url, headers }: IncomingMessage, response: ServerResponse) {
  const file = files.get(url?.split('?')[0] ?? '')
  if (!file || (method !== 'GET' && method !== 'HEAD')) return false
  const { bytes, type, tag } = file
  const isSame = headers['if-none-match']?.split(/, */).some((one) => one.replace(/^W\//, '') === tag) === true
  response.writeHead(isSame ? 304 : 200, {
    ...HEADERS,
    etag: tag,
    'content-type': type,
    ...(isSame ? {} : { 'content-length': bytes.length }),
  })
  response.end(isSame || method === 'HEAD' ? undefined : bytes)
  return true
}
