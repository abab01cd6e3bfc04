import { expect, it } from 'vitest'
import { authorityOf } from './authority.ts'

it.each([
  ['2001:db8::1', 8080, {}, false, '[2001:db8::1]:8080'],
  ['2001:db8::1', 80, {}, false, '[2001:db8::1]'],
  ['2001:db8::1', 80, {}, true, '[2001:db8::1]:80'],
  ['10.11.0.11', 443, {}, true, '10.11.0.11'],
  ['10.11.0.11', 8443, { host: 'www.example.org' }, true, 'www.example.org:8443'],
  ['10.11.0.11', 80, { host: '2001:db8::2' }, false, '[2001:db8::2]'],
] as const)('%s port %d with %j', (address, port, keys, secure, authority) => {
  expect(authorityOf({ keys, address, port }, secure)).toBe(authority)
})
