/** A configuration that changes while the agent runs: what it does not change goes on undisturbed. */
import { NO_FACTS } from '@lvsm/changes'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { describe, expect, test } from 'vitest'
import { dests, goesOn, node, statusOf } from './fixture.ts'

const configOf = (change: (text: string) => string): Config => {
  const { config, refusals } = checkConfig(change(SAMPLE).replace('revision: 1', 'revision: 2'))
  if (!config) throw new Error(JSON.stringify(refusals))
  return config
}
const owner = (): ReturnType<typeof node> => {
  const one = node('dir1')
  one.feed({ kind: 'lease-up' })
  one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
  one.run(1500)
  return one
}
const configure = (one: ReturnType<typeof node>, change: (text: string) => string): void =>
  one.feed({ kind: 'config', config: configOf(change), secrets: new Map(), facts: NO_FACTS })

describe('a new configuration', () => {
  test('that only has another revision changes nothing in the kernel, and interrupts no check', () => {
    const one = owner()
    one.take('apply')
    one.take('ready')
    configure(one, (text) => text)
    one.run(2000)
    expect(one.take('apply')).toEqual([])
    expect(one.take('ready').every(({ ready }) => ready)).toBe(true)
    expect(one.core.status(one.now()).revision).toBe(2)
    expect(one.core.events().events.at(-1)).toMatchObject({ kind: 'configured', node: 'dir1' })
  })
  test('that is the same, read again and again, fills neither history nor log', () => {
    const one = owner()
    configure(one, (text) => text)
    const events = (): number => one.core.events().events.length
    const before = events()
    one.take('log')
    for (let times = 0; times < 600; times++) {
      configure(one, (text) => text)
      goesOn(one, 10, statusOf('dir1', 'dir1'))
    }
    expect(events()).toBe(before)
    expect(one.take('log').filter(({ text }) => text.includes('runs revision'))).toEqual([])
  })
  test('with another weight edits that destination, and no other', () => {
    const one = owner()
    one.take('apply')
    configure(one, (text) =>
      text.replace('address: 10.11.0.12, forward: dr, weight: 1', 'address: 10.11.0.12, forward: dr, weight: 5'),
    )
    one.run(500)
    expect(dests(one)).toEqual({ '10.11.0.11': 1, '10.11.0.12': 5, '10.12.0.13': 1 })
    expect(one.take('apply').flatMap(({ operations }) => operations.map(({ kind }) => kind))).toEqual(['dest-edit'])
  })
  test('with one realserver less takes it out, weight 0 first; the checks of the others go on', () => {
    const one = owner()
    one.take('apply')
    configure(one, (text) => text.replace(/ {6}- \{ node: rs2, address.*\n/, ''))
    one.run(3000)
    expect(Object.keys(dests(one))).toEqual(['10.11.0.11', '10.12.0.13'])
    const checkedNow = new Set(one.take('check').map(({ address }) => address))
    one.run(2000)
    expect(new Set(one.take('check').map(({ address }) => address))).toEqual(new Set(['10.11.0.11', '10.12.0.13']))
    expect(checkedNow.has('10.11.0.11')).toBe(true)
  })
  test('with one realserver more serves it once its check succeeded', () => {
    const one = owner()
    const [line = ''] = /.*node: rs2, address.*\n/.exec(SAMPLE) ?? []
    configure(one, (text) =>
      text.replace(
        line,
        `${line}      - { node: rs1, address: 10.11.0.11, port: 80, forward: dr, weight: 3 }\n`.replace(
          '10.11.0.11',
          '10.11.0.99',
        ),
      ),
    )
    one.run(200)
    expect(Object.keys(dests(one))).not.toContain('10.11.0.99')
    one.alive.add('10.11.0.99')
    one.run(1500)
    expect(dests(one)).toMatchObject({ '10.11.0.99': 3 })
  })
  test('goes to the lease process only where it concerns it', () => {
    const one = owner()
    one.take('view')
    configure(one, (text) => text.replace('scheduler: wrr', 'scheduler: rr'))
    one.run(500)
    expect(one.take('view').map(({ view }) => view.revision)).toEqual([2])
    configure(one, (text) => text.replace('vips: [10.11.0.10/24]', 'vips: [10.11.0.10/24, 10.11.0.20/24]'))
    one.run(500)
    expect(one.take('view').map(({ view }) => view.groups[0]?.addresses.length)).toEqual([3])
  })
  test('ends a move of a group that it takes away, and says so', () => {
    const one = owner()
    one.feed({
      kind: 'message',
      from: 'dir2',
      text: JSON.stringify({
        kind: 'state',
        revision: 1,
        agreement: {},
        state: 'standby',
        reason: '',
        standby: false,
        ready: { web: '' },
        pings: {},
        troubles: [],
        events: [],
      }),
    })
    one.feed({ kind: 'command', id: 'a', command: { verb: 'switchover', group: 'web' } })
    one.run(50)
    expect(one.take('reply')).toEqual([])
    const config = configOf((text) => text)
    const groups = config.groups.map((group) => ({ ...group, directors: ['dir1'] }))
    one.feed({ kind: 'config', config: { ...config, groups }, secrets: new Map(), facts: NO_FACTS })
    expect(one.take('reply')).toMatchObject([{ id: 'a', outcome: { ok: false, refusals: [{ code: 'changed' }] } }])
  })
  test('an agent without one waits, and does nothing to the kernel', () => {
    const one = node('dir1', new Set(), SAMPLE, false)
    one.feed({ kind: 'lease-up' })
    one.run(3000)
    expect(one.take('observe')).toEqual([])
    expect(one.take('apply')).toEqual([])
    expect(one.core.status(one.now())).toMatchObject({ groups: [], nodes: [], revision: 0 })
  })
})

describe('the wall clock', () => {
  test('may step: what is told again goes by when it happened, not by what the clock showed', () => {
    for (const stepMs of [3_600_000, -3_600_000]) {
      let offset = 0
      const one = node('dir1', undefined, SAMPLE, true, (at) => new Date(1_700_000_000_000 + at + offset).toISOString())
      one.feed({ kind: 'lease-up' })
      one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
      one.run(500)
      const told = (): number => {
        const states = one
          .take('message')
          .map(({ text }) => JSON.parse(text))
          .filter(({ kind }) => kind === 'state')
        return states.at(-1)?.events.length ?? 0
      }
      one.feed({ kind: 'lease-event', event: { at: 1, group: 'web', kind: 'took', number: 1, reason: 'old' } })
      one.run(30_000)
      told()
      one.feed({ kind: 'lease-event', event: { at: 2, group: 'web', kind: 'note', number: 1, reason: 'new' } })
      offset = stepMs
      one.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
      one.run(2500)
      expect(told(), `${stepMs}`).toBe(1)
    }
  })
})
