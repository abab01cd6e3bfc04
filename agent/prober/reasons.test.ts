import { expect, it } from 'vitest'
import { failing, reasonOf } from './reasons.ts'

/** What becomes of an attempt whose socket ends with that. */
function verdictOf(code: string, syscall = 'connect'): boolean | null | undefined {
  let found: boolean | null | undefined
  failing((ok) => {
    found = ok
  })(Object.assign(new Error(`connect ${code}`), { code, syscall }))
  return found
}

it.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN', 'ECONNRESET'])(
  '%s is a word about the server, or about the way there that IPVS would go',
  (code) => {
    expect(verdictOf(code)).toBe(false)
  },
)
it.each(['EMFILE', 'EADDRNOTAVAIL', 'EPERM', 'EAFNOSUPPORT'])('%s is one about this machine', (code) => {
  expect(verdictOf(code)).toBeNull()
})
it('a route that is prohibited is one about the way there; that this process may not bind is none', () => {
  expect([verdictOf('EACCES', 'connect'), verdictOf('EACCES', 'send'), verdictOf('EACCES', 'bind')]).toEqual([
    ...[false, false, null],
  ])
})

it('a route that throws away is named, not the number of its error', () => {
  const thrown = Object.assign(new Error('connect EINVAL 10.11.0.12:80'), { code: 'EINVAL', syscall: 'connect' })
  expect(reasonOf(thrown)).toMatch(/^a route on the node that asks throws away what is sent there/)
  expect(verdictOf('EINVAL')).toBe(false)
})

it.each([
  [
    'ssl3_read_bytes:tlsv13 alert certificate required',
    /^it wants to see a certificate of the check: say client-certificate-file$/,
  ],
  ['ssl3_read_bytes:tlsv1 alert unknown ca', /^it does not take the certificate that the check shows: /],
  [
    'ssl3_read_bytes:ssl/tls alert handshake failure',
    /^it ends the handshake: it wants to see a certificate of the check/,
  ],
  [
    'ssl3_read_bytes:ssl/tls alert certificate expired',
    /^it does not take the certificate that the check shows: it is/,
  ],
  ['ssl3_read_bytes:ssl/tls alert bad certificate', /^it does not take the certificate that the check shows$/],
])('what a server says of the certificate that it is shown: %s', (alert, words) => {
  expect(reasonOf(new Error(`0:error:0A00045C:SSL routines:${alert}:../ssl/record/rec_layer_s3.c:916:`))).toMatch(words)
})
