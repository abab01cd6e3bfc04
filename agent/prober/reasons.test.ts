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
  expect(reasonOf(thrown)).toMatch(/^a route throws away here what is sent there/)
  expect(verdictOf('EINVAL')).toBe(false)
})
