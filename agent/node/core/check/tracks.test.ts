/** Services whose realservers have the verdicts of another one's check. */
import { NO_FACTS } from '@lvsm/changes'
import { SAMPLE } from '@lvsm/model'
import type { ProbeFound } from '@lvsm/protocol'
import { describe, expect, it } from 'vitest'
import { configOf, goesOn, node, statusOf, type TestNode } from '../fixture.ts'

const mail = (check: string, name = 'mail', port = 25): string => `
  - name: ${name}
    group: web
    address: 10.11.0.10
    port: ${port}
    protocol: tcp
    scheduler: wrr
    check: { ${check} }
    realservers:
      - { node: rs1, address: 10.11.0.11, forward: dr, weight: 10 }
      - { node: rs2, address: 10.11.0.12, forward: dr, weight: 10 }
`
/** Before the one that it goes by, too. */
const first = (text: string, more: string): string => text.replace('services:', `services:${more.trimEnd()}`)
const TEXT = SAMPLE + mail('track: http')

function director(text = TEXT, prepare: (one: TestNode) => void = () => undefined): TestNode {
  const one = node('dir1', undefined, text)
  prepare(one)
  one.feed({ kind: 'lease-up' })
  on(one, 3000)
  return one
}
const on = (one: TestNode, ms: number): void => goesOn(one, ms, statusOf('dir1', 'dir1'))
const checkOf = (one: TestNode, name: string) => {
  const found = one.core.checks(one.now()).checks.find(({ service, server }) => `${service}/${server}` === name)
  if (!found) throw new Error(name)
  return found
}
const weightsAt = (one: TestNode, port: number): (number | undefined)[] => {
  const found = one.kern.state.services.find((service) => 'port' in service && service.port === port)
  return ['10.11.0.11', '10.11.0.12'].map((server) => found?.dests.find(({ address }) => address === server)?.weight)
}

describe.each([
  ['behind the one that it goes by', TEXT],
  ['before it', first(SAMPLE, mail('track: http'))],
  ['behind one that goes by it', first(SAMPLE, mail('track: pop')) + mail('track: http', 'pop', 110)],
])('a service that goes by the check of another, %s', (_, text) => {
  it('asks nobody, and has its verdicts, at once and in its words', () => {
    const one = director(text)
    const ports = new Set(one.take('check').flatMap(({ port }) => [port]))
    expect([...ports].toSorted((one, other) => one - other)).toEqual([80, 8080])
    expect(weightsAt(one, 25)).toEqual([10, 10])
    one.alive.delete('10.11.0.11')
    on(one, 3000)
    const [its, own] = [checkOf(one, 'http/rs1'), checkOf(one, 'mail/rs1')]
    expect(own).toMatchObject({
      healthy: false,
      serving: false,
      reason: 'as service http says: refused',
      tracks: 'http',
    })
    expect([own.type, own.ageMs, own.basis, own.against]).toEqual([its.type, its.ageMs, its.basis, its.against])
    expect(its).not.toHaveProperty('tracks')
    expect(weightsAt(one, 25), 'what it had is over').toEqual([undefined, 10])
    const told = one.core.events().events.filter(({ kind }) => kind === 'failed')
    expect(told.map(({ reason }) => reason)).toContain(
      'rs1 (10.11.0.11:25) in service mail: as service http says: refused',
    )
    one.alive.add('10.11.0.11')
    on(one, 3000)
    expect(checkOf(one, 'mail/rs1')).toMatchObject({ healthy: true, reason: 'as service http says: connected' })
    expect(weightsAt(one, 25)).toEqual([10, 10])
  })

  it('knows nothing where that knows nothing, and is told no other trouble', () => {
    const one = director(text, (silent) => void (silent.silentChecks = true))
    expect(checkOf(one, 'mail/rs1')).toMatchObject({ healthy: null, serving: false, basis: 'nothing' })
    for (let at = 0; at < 100; at++) {
      on(one, 100)
      for (const { id } of one.take('check')) one.feed({ kind: 'checked', id, ok: null, reason: 'no such program' })
    }
    expect(checkOf(one, 'mail/rs1').reason).toMatch(/nobody knows since \d+ answers: no such program/)
    const { troubles } = one.core.status(one.now())
    const unchecked = troubles.filter(({ code }) => code === 'service-unchecked')
    expect(unchecked.map(({ message }) => message)).toEqual([expect.stringContaining('cannot check service http:')])
  })
})

it('one that its agent takes out by itself is out in both', () => {
  const one = director(SAMPLE.replace('type: tcp,', 'type: agent, port: 9000,') + mail('track: http'))
  one.silentChecks = true
  const says = (agent: NonNullable<ProbeFound['agent']>): void => {
    one.take('check')
    on(one, 1500)
    for (const { id, address } of one.take('check'))
      if (address === '10.11.0.11') one.feed({ kind: 'checked', id, ok: true, reason: 'as it is', found: { agent } })
    on(one, 1500)
  }
  says({ percent: 50 })
  expect(weightsAt(one, 25)).toEqual([5, 10])
  says({ percent: 0 })
  expect(weightsAt(one, 25)).toEqual([0, 10])
})

it('what is wanted of its realservers, and its pool, are its own', () => {
  const one = director(SAMPLE + mail('track: http, keep-last: false'))
  one.alive.clear()
  on(one, 6000)
  expect(['http/rs1', 'mail/rs1'].map((name) => checkOf(one, name).serving)).toEqual([true, false])
})

it('run by hand it asks whom it goes by', () => {
  const one = director()
  one.take('check')
  one.feed({ kind: 'command', id: '1', command: { verb: 'runCheck', name: 'mail/rs1', explain: true } })
  on(one, 100)
  const byHand = one.take('check').filter(({ id }) => id.startsWith('by hand'))
  expect(byHand.map(({ address, port }) => `${address}:${port}`)).toEqual(['10.11.0.11:80'])
})

it('that gets a check of its own goes on from its table, and the other way round', () => {
  const one = director()
  const becomes = (text: string): void => {
    one.feed({ kind: 'config', config: configOf(text), secrets: new Map(), facts: NO_FACTS })
    on(one, 3000)
  }
  becomes(SAMPLE + mail('type: tcp'))
  expect(checkOf(one, 'mail/rs1')).toMatchObject({ healthy: true, reason: 'connected' })
  becomes(TEXT)
  expect(checkOf(one, 'mail/rs1')).toMatchObject({ healthy: true, reason: 'as service http says: connected' })
  expect(one.core.events().events.filter(({ kind }) => kind === 'failed')).toEqual([])
})
