/** What checks of realservers are asked, and what becomes of answers. */
import { SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { dests, node, statusOf } from '../fixture.ts'

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

it('beside an agent the server itself may be asked, where it serves by TCP at a port of its own', () => {
  const servesOf = (check: string) => {
    const one = director(check)
    one.run(500)
    return new Set(one.take('check').map(({ port, serves }) => [port, serves].join(' ')))
  }
  expect(servesOf('{ type: agent, port: 9000, interval: 500ms, timeout: 300ms }')).toEqual(
    new Set(['9000 80', '9000 8080']),
  )
  expect(servesOf('{ type: agent, interval: 500ms, timeout: 300ms }')).toEqual(new Set(['80 ', '8080 ']))
  expect(servesOf('{ type: tcp, port: 9000, interval: 500ms, timeout: 300ms }')).toEqual(new Set(['9000 ']))
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
  const told = Object.entries(one.states()).map(([name, [healthy]]) => [name, healthy])
  expect([told, asked]).toEqual([Object.entries(before).map(([name, [healthy]]) => [name, healthy]), 30])
  expect(one.take('apply')).toEqual([])
})

it('of whom nobody knows for long is told, with the reason, until an answer says something', () => {
  const one = director('{ type: tcp, interval: 500ms, timeout: 300ms, fall: 1, jitter: 0 }')
  one.silentChecks = true
  const answer = (times: number, ok: boolean | null, reason: string): void => {
    for (let count = 0; count < times; count++) {
      one.run(500)
      for (const { id, address } of one.take('check'))
        if (address !== '10.11.0.12') one.feed({ kind: 'checked', id, ok, reason })
        else one.feed({ kind: 'checked', id, ok: true, reason: 'connected' })
    }
  }
  const troubles = () => one.core.status(one.now()).troubles.filter(({ code }) => code === 'check-unknown')
  one.take('check')
  answer(2, null, 'UNKNOWN: no such option')
  expect(one.states()['rs1']).toEqual([true, 'connected; nobody knows since 2 answers: UNKNOWN: no such option'])
  expect(troubles()).toEqual([])
  answer(2, null, 'it cannot be started: ENOENT')
  one.run(3000)
  expect(troubles()).toMatchObject([
    {
      object: 'service http',
      message: 'checks of service http say nothing of rs1, rs3: their verdicts stay as they are',
      evidence: 'it cannot be started: ENOENT',
    },
  ])
  answer(1, true, 'connected')
  expect([troubles(), one.states()['rs1']]).toEqual([[], [true, 'connected']])
})

it('and of one that was never checked the reason is told, too', () => {
  const one = node('dir1', undefined, SAMPLE)
  one.silentChecks = true
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  one.run(3000)
  for (const { id } of one.take('check')) one.feed({ kind: 'checked', id, ok: null, reason: 'no such program' })
  const reasons = one.core.status(one.now()).services[0]?.realservers.map(({ reason }) => reason)
  const told = expect.stringMatching(
    /^not checked yet; out until it answers; nobody knows since \d answers?: no such program$/,
  )
  expect(reasons).toEqual([told, told, told])
})

describe('a backup', () => {
  const text = SAMPLE.replace('gateway: 10.12.0.254, weight: 1', 'gateway: 10.12.0.254, weight: 1, backup: true')
  function owner() {
    const one = node('dir1', undefined, text)
    one.feed({ kind: 'lease-up' })
    const run = (ms: number): void => {
      for (let spent = 0; spent < ms; spent += 500) {
        one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
        one.run(500)
      }
    }
    run(3000)
    return { one, run }
  }
  const takes = (one: ReturnType<typeof node>): string[] =>
    Object.entries(dests(one)).flatMap(([address, weight]) => (weight > 0 ? [address] : []))

  it('is in reserve, stands in when nobody else is left, in one plan, and leaves again', () => {
    const { one, run } = owner()
    expect(takes(one).toSorted()).toEqual(['10.11.0.11', '10.11.0.12'])
    expect(one.core.status(one.now()).services[0]?.realservers[2]).toMatchObject({
      backup: true,
      weight: 0,
      healthy: true,
    })
    one.take('apply')
    one.alive.delete('10.11.0.11')
    one.alive.delete('10.11.0.12')
    run(3000)
    expect(takes(one)).toEqual(['10.12.0.13'])
    const before = one.core.status(one.now())
    expect(before.troubles).toMatchObject([
      {
        code: 'backup-serves',
        object: 'service http',
        message:
          'service http is served by its backup rs3: 0 of 2 realservers are healthy and wanted (weight 0, quorum 1)',
      },
    ])
    one.alive.add('10.11.0.11')
    run(6000)
    expect(takes(one)).toEqual(['10.11.0.11'])
    const { troubles } = one.core.status(one.now())
    expect(troubles).toEqual([])
    const told = one.core
      .events()
      .events.filter(({ kind, reason }) => kind === 'backup' || reason.startsWith('service http'))
    expect(told.map(({ kind, reason }) => `${kind}: ${reason.split(':')[0]}`)).toEqual([
      'backup: service http is served by its backup rs3',
      'trouble: service http is served by its backup rs3',
      'recovered: service http is served by its realservers again',
    ])
  })
})
