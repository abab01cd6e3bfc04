/** What an answer of HTTP is worth, whichever version it came by. */
import { createHash } from 'node:crypto'
import type { ProbeJob } from '@lvsm/protocol'
import type { End } from '../attempt.ts'
import { listOf, textOf } from '../keys.ts'
import { matches, TOO_LONG } from '../matching.ts'

/** Bytes that an expression is looked for in, and of a page that has a digest. */
const LOOKED_AT = 64 * 1024
const DIGESTED = 64 * 1024 * 1024

const USUAL_STATUS = ['200-399'] as const

export interface Page {
  head(status: number): void
  piece(bytes: Buffer): void
  whole(): void
  /** As the beginning of a sentence that ends with the time. */
  sofar(): string | null
}

export function pageOf({ keys, address: server }: Pick<ProbeJob, 'keys' | 'address'>, end: End): Page {
  const expression = textOf(keys, 'body')
  const digest = textOf(keys, 'body-digest')?.toLowerCase()
  const told = listOf(keys, 'status')
  const wanted = told.length > 0 ? told : USUAL_STATUS
  const hash = createHash('sha256')
  const pieces: Buffer[] = []
  let [status, size, over] = [0, 0, false]

  const verdict = (ok: boolean | null, reason: string): void => {
    over = true
    end(ok, reason)
  }
  const judge = (): void => {
    if (digest !== undefined && hash.digest('hex') !== digest)
      return verdict(false, `answers ${status}, but the page has another digest`)
    const page = Buffer.concat(pieces).subarray(0, LOOKED_AT)
    const found = expression === undefined ? true : matches(expression, page.toString('utf8'), server)
    if (found === null) return verdict(null, TOO_LONG)
    if (found) verdict(true, `answers ${status} with the page that is wanted`)
    else verdict(false, `answers ${status}, but ${page.length} bytes of its page do not match /${expression}/`)
  }
  return {
    head(found) {
      if (status !== 0) return
      status = found
      if (!wanted.some((range) => isIn(found, range)))
        verdict(false, `answers with status ${found}, and not with ${wanted.join(', ')}`)
      else if (expression === undefined && digest === undefined) verdict(true, `answers with status ${found}`)
    },
    piece(bytes) {
      if (over) return
      if (expression !== undefined && size < LOOKED_AT) pieces.push(bytes)
      size += bytes.length
      if (digest === undefined) {
        if (size >= LOOKED_AT) judge()
        return
      }
      hash.update(bytes)
      if (size > DIGESTED) verdict(false, `answers ${status}, but the page is longer than 64 MiB`)
    },
    whole() {
      if (over) return
      if (status === 0) verdict(false, 'its answer has no head')
      else judge()
    },
    sofar: () => (status === 0 ? null : `answers ${status}, but the page is not whole`),
  }
}

function isIn(status: number, range: string): boolean {
  const [low = '', high = low] = range.split('-')
  return status >= Number(low) && status <= Number(high)
}
