import { expect, it } from 'vitest'
import { failing } from './reasons.ts'

/** What becomes of an attempt whose socket ends with that. */
function verdictOf(code: string): boolean | null | undefined {
  let found: boolean | null | undefined
  failing((ok) => {
    found = ok
  })(Object.assign(new Error(`connect ${code}`), { code }))
  return found
}

it.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ECONNRESET'])('%s is a word about the server', (code) => {
  expect(verdictOf(code)).toBe(false)
})
it.each(['EMFILE', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'EAFNOSUPPORT', 'ENETDOWN'])(
  '%s is one about this machine',
  (code) => {
    expect(verdictOf(code)).toBeNull()
  },
)
