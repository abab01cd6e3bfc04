/** What checks of realservers are asked, and what becomes of answers. */
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { node, statusOf } from '../fixture.ts'

function director(check: string) {
  const one = node('dir1', undefined, SAMPLE.replace(/check: \{[^}]*\}/, `check: ${check}`))
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  one.run(3000)
  one.take('check')
  const states = () => {
    const [service] = one.core.status(one.now()).services
    return Object.fromEntries(
      service?.realservers.map(({ node: name, healthy, reason }) => [name, [healthy, reason]]) ?? [],
    )
  }
  return Object.assign(one, { states })
}

it('a check is asked for with the keys of its type', () => {
  const one = director('{ type: http, path: /up, interval: 500ms, timeout: 300ms }')
  one.run(500)
  expect(one.take('check')[0]).toMatchObject({ probe: 'http', keys: { path: '/up' }, timeoutMs: 300 })
})

it('a check asks at a port of its own, where one is named', () => {
  const one = director('{ type: tcp, port: 9000, interval: 500ms, timeout: 300ms }')
  one.run(500)
  expect(new Set(one.take('check').map(({ port }) => port))).toEqual(new Set([9000]))
})

it('an answer that nobody knows changes nothing, and the next check comes in its time', () => {
  const one = director('{ type: tcp, interval: 500ms, timeout: 300ms, fall: 1, jitter: 0 }')
  const before = one.states()
  expect(before['rs1']).toEqual([true, 'connected'])
  one.take('apply')
  one.silentChecks = true
  let asked = 0
  for (let times = 0; times < 10; times++) {
    one.run(500)
    for (const { id } of one.take('check')) {
      asked += 1
      one.feed({ kind: 'checked', id, ok: null, reason: 'lvsm-prober ended meanwhile' })
    }
  }
  expect([one.states(), asked]).toEqual([before, 30])
  expect(one.take('apply')).toEqual([])
})
