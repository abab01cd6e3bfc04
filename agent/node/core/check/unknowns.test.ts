/** What keeps checks from being made is one cause, however many services it is that nobody checks for it. */
import { SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { node, statusOf } from '../fixture.ts'

const more = (name: string, port: number): string => `
  - name: ${name}
    group: web
    address: 10.11.0.10
    port: ${port}
    protocol: tcp
    scheduler: wrr
    check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2 }
    realservers:
      - { node: rs1, address: 10.11.0.11, port: ${port}, forward: dr, weight: 1 }
      - { node: rs2, address: 10.11.0.12, port: ${port}, forward: dr, weight: 1 }
`
const TEXT = SAMPLE + more('mail', 25) + more('imap', 143)

interface Asked {
  readonly address: string
  readonly port: number
}
/** Lives for so long; null: it answers, else the reason why nobody knows. */
function director() {
  const one = node('dir2', undefined, TEXT)
  one.silentChecks = true
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir2', 'dir1') })
  return (why: (asked: Asked) => string | null) => {
    for (let at = 0; at < 10_000; at += 50) {
      one.run(50)
      for (const asked of one.take('check')) {
        const reason = why(asked)
        one.feed({ kind: 'checked', id: asked.id, ok: reason === null ? true : null, reason: reason ?? 'ok' })
      }
    }
    return one.core
      .status(one.now())
      .troubles.filter(({ code }) => code === 'service-unchecked')
      .map(({ object, message, evidence }) => [object, message, evidence])
  }
}

test('of one reason it is one trouble, with the services', () => {
  const live = director()
  const ended = (): string => 'lvsm-prober ended'
  const none = 'dir2 cannot check services http, mail, imap: none of their realservers is known, so none serves'
  expect(live(ended)).toEqual([['node dir2', none, 'lvsm-prober ended']])
  expect(live(() => null)).toEqual([])
  const stay = 'dir2 cannot check services http, mail, imap: their realservers stay as they were known last'
  expect(live(ended)).toEqual([['node dir2', stay, 'lvsm-prober ended']])
})

test('another reason is another trouble', () => {
  const live = director()
  expect(live(({ port }) => (port === 25 ? 'ENOENT' : 'EMFILE')).map(([object]) => object)).toEqual([
    'node dir2',
    'service mail',
  ])
})

test('who was never checked does not stay as it was known', () => {
  const live = director()
  live(({ address }) => (address === '10.11.0.11' ? null : 'ENOENT'))
  expect(live(() => 'ENOENT').map(([, message]) => message)).toEqual([
    'dir2 cannot check services http, mail, imap: their realservers stay as they were known last, and those that were never known do not serve',
  ])
})
