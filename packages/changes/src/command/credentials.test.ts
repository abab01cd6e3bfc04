import { expect, test } from 'vitest'
import type { Document } from '../document/document.ts'
import { DOCUMENT } from '../fixture.ts'
import { refuseCredentials } from './credentials.ts'

const receiver = (url: string): Document => ({ ...DOCUMENT, receivers: { page: { type: 'webhook', url } } }) as Document
const checked = (...headers: string[]): Document => {
  const { http } = DOCUMENT.services
  return {
    ...DOCUMENT,
    services: { ...DOCUMENT.services, http: { ...http, check: { type: 'http', headers } } },
  } as Document
}
const fields = (after: Document, before: Document = DOCUMENT) =>
  refuseCredentials(before, after).map(({ code, field }) => `${code} ${field}`)

test.each(['https://me:secret@hooks.example.org/x', 'http://token@[2001:db8::1]:80/', 'HTTPS://a%40b:c@h'])(
  'a login in an address is refused: %s',
  (url) => {
    expect(fields(receiver(url))).toEqual(['secret-in-document receivers.page.url'])
    expect(JSON.stringify(refuseCredentials(DOCUMENT, receiver(url)))).not.toMatch(/secret@|token@|c@h/)
  },
)
test.each(['https://hooks.example.org/a@b', 'https://hooks.example.org/?to=a@b', 'https://hooks.example.org/#@'])(
  'what only looks like one is not: %s',
  (url) => expect(fields(receiver(url))).toEqual([]),
)
test.each(['Authorization: Basic x', 'cookie: a=b', 'X-API-Key: 1', 'X-Auth-Token: 1', 'Proxy-Authorization: x'])(
  'a credential among the headers of a check is refused, and not repeated: %s',
  (line) => {
    expect(fields(checked('Accept: */*', line))).toEqual(['secret-in-document services.http.check.headers'])
    expect(refuseCredentials(DOCUMENT, checked(line))[0]?.message).toBe(
      `${line.split(':')[0]} is a credential, and every viewer may read the document`,
    )
  },
)
test('other headers are not', () =>
  expect(fields(checked('Accept: text/html', 'X-Probe: token:1', 'Authority: x'))).toEqual([]))
test('what stood there before holds up no other change', () => {
  const before = checked('Authorization: Basic x')
  expect(fields(checked('Authorization: Basic x', 'Accept: */*'), before)).toEqual([])
  expect(fields(checked('Authorization: Basic y'), before)).toHaveLength(1)
})
