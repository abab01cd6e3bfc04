/**
 * What would let somebody in elsewhere: it has no place in the document, which every viewer may read, every node has, and every
 * revision keeps. What stood there before stays until somebody takes it out: no other change is held up by it.
 */
import type { Refusal } from '@lvsm/base'
import type { Document } from '../document/document.ts'
import { isTree } from '../document/tree.ts'

interface Found {
  readonly field: string
  readonly kind: 'url' | 'header'
  readonly text: string
}
/** Between the scheme and the host (RFC 3986, section 3.2.1). */
const LOGIN = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*@/
/** Of the fields of HTTP those that are credentials (RFC 9110, section 11; RFC 6265), and what many servers take in their place. */
const HEADER =
  /^(?:authorization|proxy-authorization|cookie|(?:x-)?(?:api-?key|auth(?:entication)?(?:-token|-key)?|access-token|token|secret)):/i

export function refuseCredentials(before: Document, after: Document): Refusal[] {
  const known = new Set(found({ ...before }).map((one) => JSON.stringify(one)))
  return found({ ...after })
    .filter((one) => !known.has(JSON.stringify(one)))
    .map(refusalOf)
}

function found(value: unknown, path: readonly string[] = []): Found[] {
  if (!isTree(value)) return []
  return Object.entries(value).flatMap(([key, inner]): Found[] => {
    const at = [...path, key]
    const field = at.join('.')
    if (key === 'url' && typeof inner === 'string')
      return LOGIN.test(inner) ? [{ field, kind: 'url', text: inner }] : []
    if (key !== 'headers' || !Array.isArray(inner)) return found(inner, at)
    return inner.flatMap((line: unknown): Found[] =>
      typeof line === 'string' && HEADER.test(line) ? [{ field, kind: 'header', text: line }] : [],
    )
  })
}

const refusalOf = ({ field, kind, text }: Found): Refusal => ({
  code: 'secret-in-document',
  field,
  message:
    kind === 'url'
      ? 'a login stands in the address, and every viewer may read the document'
      : `${text.slice(0, text.indexOf(':'))} is a credential, and every viewer may read the document`,
  hint:
    kind === 'url'
      ? 'take it out of the address, and name it by user: NAME and password-file: NAME, a file in /etc/lvsm/secrets.d that root alone reads on each node that tells'
      : 'write that line into a file in /etc/lvsm/secrets.d that root alone reads, on each node that checks, and name it: headers-file: NAME',
})
