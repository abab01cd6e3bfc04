/** Keys of TLS in checks that speak it only where they say so. */
import { expect, it } from 'vitest'
import { CHECKS, type CheckRow, type CheckType } from './checks.ts'

const faultOf = (type: CheckType, keys: object): string | undefined => {
  const row: CheckRow = CHECKS[type]
  return row.refuse({ ...keys })?.code
}

it('a check of type grpc takes those that do nothing, of which a warning speaks', () => {
  expect(faultOf('grpc', { ca: 'x' })).toBeUndefined()
  expect(faultOf('grpc', { 'client-certificate-file': 'x' })).toBeUndefined()
  expect(faultOf('grpc', { tls: true })).toBe('no-certificate-name')
  expect(faultOf('grpc', { tls: true, 'client-certificate-file': 'x', host: 'a' })).toBeUndefined()
})

it.each(['expect', 'smtp', 'imap', 'pop3', 'redis', 'ldap'] as const)('a check of type %s', (type) => {
  const own = type === 'expect' ? { expect: 'x' } : {}
  expect(faultOf(type, own)).toBeUndefined()
  expect(faultOf(type, { ...own, tls: true })).toBe('no-certificate-name')
  expect(faultOf(type, { ...own, tls: true, host: 'mail.example' })).toBeUndefined()
  expect(faultOf(type, { ...own, tls: true, verify: false })).toBeUndefined()
  expect(faultOf(type, { ...own, host: 'mail.example' })).toBe('key-without-tls')
  expect(faultOf(type, { ...own, tls: false, ca: 'x' })).toBe('key-without-tls')
})

it.each(['smtp', 'imap', 'pop3', 'ldap', 'ftp', 'mysql', 'postgres'] as const)(
  'starttls of a check of type %s',
  (type) => {
    expect(faultOf(type, { starttls: true })).toBe('no-certificate-name')
    expect(faultOf(type, { starttls: true, host: 'mail.example' })).toBeUndefined()
    expect(faultOf(type, { starttls: true, verify: false })).toBeUndefined()
    expect(faultOf(type, { starttls: false, ca: 'x' })).toBe('key-without-tls')
  },
)
it('a connection has TLS begun in it once', () => {
  expect(faultOf('imap', { starttls: true, tls: true, verify: false })).toBe('tls-twice')
  for (const type of ['redis', 'expect', 'ftp', 'mysql', 'postgres'] as const) {
    const fields: Readonly<Record<string, unknown>> = CHECKS[type].fields
    expect(['tls', 'starttls'].filter((key) => Object.hasOwn(fields, key))).toHaveLength(1)
  }
})
