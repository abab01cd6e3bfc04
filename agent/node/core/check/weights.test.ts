/** Weights that programs and agents say, and what operators say against them. */
import type { ProbeFound } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { dests, goesOn, node, statusOf } from '../fixture.ts'

function director(type: string, backup = false) {
  const check = `check: { type: ${type}, interval: 500ms, timeout: 300ms, fall: 3 }`
  const weighed = SAMPLE.replace(/check: \{[^}]*\}/, check).replaceAll('weight: 1', 'weight: 20')
  const text = backup ? weighed.replace('254, weight: 20', '254, weight: 20, backup: true') : weighed
  const one = node('dir1', undefined, text)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  one.silentChecks = true
  const says = (found: ProbeFound, ok = true): number | undefined => {
    one.take('check')
    goesOn(one, 2500, statusOf('dir1', 'dir1'))
    for (const { id, address } of one.take('check'))
      if (address === '10.11.0.11') one.feed({ kind: 'checked', id, ok, reason: 'as it is', found })
    goesOn(one, 1500, statusOf('dir1', 'dir1'))
    return dests(one)['10.11.0.11']
  }
  return { one, says }
}

it('a program gives the weight, until it gives none', () => {
  const { one, says } = director('script, command: [/bin/true], contract: keepalived, dynamic-weight: true')
  expect([says({ weight: 7 }), says({ weight: 0 }), says({ weight: 250 }), says({})]).toEqual([7, 0, 250, 20])
  expect(dests(one)['10.11.0.12']).toBe(20)
})

it('who fails after it took a part, or nobody, takes no more for that', () => {
  const { one, says } = director('script, command: [/bin/true], contract: keepalived, dynamic-weight: true')
  expect([says({ weight: 7 }), says({}, false), says({ weight: 0 }), says({}, false)]).toEqual([7, 7, 0, 0])
  expect([says({}), dests(one)['10.11.0.12']]).toEqual([20, 20])
})

it('a program that warns is well, and its realserver is told as degraded, until it warns no more', () => {
  const { one, says } = director('script, command: [/bin/true]')
  const first = () => one.core.status(one.now()).services[0]?.realservers[0]
  expect(says({ degraded: true })).toBe(20)
  expect(first()).toMatchObject({ healthy: true, degraded: true })
  says({})
  expect(first()).not.toHaveProperty('degraded')
  expect(first()).toMatchObject({ healthy: true })
})

/** A director for so long after its first realserver failed and came back. */
function cameBack(text: string, ms: number): ReturnType<typeof node> {
  const one = node('dir1', undefined, text)
  one.feed({ kind: 'lease-up' })
  goesOn(one, 3000, statusOf('dir1', 'dir1'))
  one.alive.delete('10.11.0.11')
  goesOn(one, 8000, statusOf('dir1', 'dir1'))
  one.alive.add('10.11.0.11')
  goesOn(one, ms, statusOf('dir1', 'dir1'))
  return one
}

describe('an agent that starts anew', () => {
  /** Another agent of the same node, whose kernel has what the one before left. */
  const after = (before: ReturnType<typeof node>, text: string, awayMs = 2000): ReturnType<typeof node> => {
    const one = node('dir1', undefined, text, true, undefined, { awayMs })
    Object.assign(one.kern.state, before.kern.state)
    one.silentChecks = true
    one.feed({ kind: 'lease-up' })
    return one
  }
  it.each<[string, ProbeFound, number]>([
    ['script, command: [/bin/true], contract: keepalived, dynamic-weight: true', { weight: 7 }, 7],
    ['script, command: [/bin/true], contract: keepalived, dynamic-weight: true', { weight: 250 }, 250],
    ['agent, port: 9000', { agent: { percent: 35 } }, 7],
    ['agent, port: 9000', { agent: { percent: 3 } }, 1],
  ])('keeps the weight that was said last, until the next answer: %s %j', (type, found, weight) => {
    const { one, says } = director(type)
    expect(says(found)).toBe(weight)
    const check = `check: { type: ${type}, interval: 500ms, timeout: 300ms, fall: 3 }`
    const text = SAMPLE.replace(/check: \{[^}]*\}/, check).replaceAll('weight: 1', 'weight: 20')
    const next = after(one, text)
    goesOn(next, 2000, statusOf('dir1', 'dir1'))
    expect(dests(next)).toMatchObject({ '10.11.0.11': weight, '10.11.0.12': 20 })
    const full: ProbeFound = found.agent ? { agent: { percent: 100 } } : {}
    for (const { id, address } of next.take('check'))
      if (address === '10.11.0.11') next.feed({ kind: 'checked', id, ok: true, reason: 'as it is', found: full })
    goesOn(next, 1000, statusOf('dir1', 'dir1'))
    expect(dests(next)['10.11.0.11']).toBe(20)
  })

  it('has no new clients at once for a realserver whose slow start goes by the check of another service', () => {
    const [, http = ''] = SAMPLE.split('services:\n')
    const check = 'check: { track: http, slow-start: 100s }'
    const mail = http.replace('name: http', 'name: mail').replace('port: 80\n', 'port: 25\n')
    const text = SAMPLE + mail.replace(/check: \{[^}]*\}/, check).replaceAll('weight: 1', 'weight: 20')
    const weight = (of: ReturnType<typeof node>): number | undefined => {
      const found = of.kern.state.services.find((service) => 'port' in service && service.port === 25)
      return found?.dests.find(({ address }) => address === '10.11.0.11')?.weight
    }
    const one = cameBack(text, 30_000)
    const before = weight(one) ?? 0
    expect([before > 0, before < 10]).toEqual([true, true])
    const next = after(one, text)
    next.silentChecks = false
    goesOn(next, 2000, statusOf('dir1', 'dir1'))
    expect(weight(next)).toBeGreaterThanOrEqual(before)
    expect(weight(next)).toBeLessThan(12)
  })

  it('goes on with a slow start where it was, and the time without an agent counts', () => {
    const check = 'check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 3, slow-start: 100s }'
    const text = SAMPLE.replace(/check: \{[^}]*\}/, check).replaceAll('weight: 1', 'weight: 20')
    const one = cameBack(text, 35_000)
    expect(dests(one)['10.11.0.11']).toBe(8)
    const next = after(one, text)
    next.silentChecks = false
    goesOn(next, 3000, statusOf('dir1', 'dir1'))
    expect(dests(next)).toMatchObject({ '10.11.0.11': 8, '10.11.0.12': 20 })
    goesOn(next, 30_000, statusOf('dir1', 'dir1'))
    expect(dests(next)['10.11.0.11']).toBe(14)
    const later = after(one, text, 60_000)
    goesOn(later, 3000, statusOf('dir1', 'dir1'))
    expect(dests(later)['10.11.0.11']).toBe(20)
  })
})

describe('where all say weight 0', () => {
  const all = (type: string, backup = false) => {
    const { one } = director(type, backup)
    const say = (address: string, found: ProbeFound): void => {
      one.take('check')
      goesOn(one, 2500, statusOf('dir1', 'dir1'))
      for (const { id, address: asked } of one.take('check'))
        if (asked === address) one.feed({ kind: 'checked', id, ok: true, reason: 'as it is', found })
      goesOn(one, 1500, statusOf('dir1', 'dir1'))
    }
    return { one, say }
  }
  it.each<[string, string, ProbeFound, ProbeFound]>([
    ['agents', 'agent', { agent: { admin: 'drain' } }, { agent: { admin: 'ready' } }],
    ['agents, by their percentage', 'agent', { agent: { percent: 0 } }, { agent: { percent: 100 } }],
    ['programs', 'script, command: [/bin/true], contract: keepalived, dynamic-weight: true', { weight: 0 }, {}],
  ])('%s: the last one keeps its own, until another takes connections', (_, type, none, full) => {
    const { one, say } = all(type)
    say('10.11.0.11', none)
    say('10.11.0.12', none)
    expect(dests(one)).toEqual({ '10.11.0.11': 0, '10.11.0.12': 0, '10.12.0.13': 20 })
    say('10.12.0.13', none)
    expect(dests(one)).toEqual({ '10.11.0.11': 0, '10.11.0.12': 0, '10.12.0.13': 20 })
    const [service] = one.core.status(one.now()).services
    expect(service?.realservers[2]?.reason).toMatch(/it says weight 0, and keeps that of the configuration/)
    say('10.11.0.11', full)
    expect(dests(one)).toEqual({ '10.11.0.11': 20, '10.11.0.12': 0, '10.12.0.13': 0 })
  })
  it('the backup stands in, and they keep the connections that they have', () => {
    const { one, say } = all('agent', true)
    say('10.11.0.11', { agent: { admin: 'drain' } })
    expect(dests(one)['10.12.0.13'] ?? 0).toBe(0)
    say('10.11.0.12', { agent: { percent: 0 } })
    goesOn(one, 8000, statusOf('dir1', 'dir1'))
    expect(dests(one)).toEqual({ '10.11.0.11': 0, '10.11.0.12': 0, '10.12.0.13': 20 })
    say('10.11.0.12', { agent: { percent: 50 } })
    expect(dests(one)).toMatchObject({ '10.11.0.11': 0, '10.11.0.12': 10 })
    expect(dests(one)['10.12.0.13'] ?? 0).toBe(0)
  })
})

describe('a slow start', () => {
  it.each<[string, string, ProbeFound, ProbeFound]>([
    ['an agent drained it', 'agent', { agent: { admin: 'drain' } }, { agent: { admin: 'ready' } }],
    ['an agent said 0 %', 'agent', { agent: { percent: 0 } }, { agent: { percent: 100 } }],
    ['a program said 0', 'script, command: [/bin/true], contract: keepalived, dynamic-weight: true', { weight: 0 }, {}],
  ])('begins where %s, and it takes connections again', (_, type, none, full) => {
    const { one, says } = director(`${type}, slow-start: 100s`)
    expect(says(none)).toBe(0)
    expect(says(full)).toBe(2)
    goesOn(one, 48_000, statusOf('dir1', 'dir1'))
    expect(dests(one)).toMatchObject({ '10.11.0.11': 10, '10.11.0.12': 20 })
    goesOn(one, 60_000, statusOf('dir1', 'dir1'))
    expect(dests(one)['10.11.0.11']).toBe(20)
  })

  it('begins where a backup stood in meanwhile', () => {
    const { one } = director('agent, slow-start: 50s', true)
    const say = (admin: 'drain' | 'ready', who: readonly string[]): void => {
      one.take('check')
      goesOn(one, 2500, statusOf('dir1', 'dir1'))
      for (const { id, address } of one.take('check'))
        if (who.includes(address))
          one.feed({ kind: 'checked', id, ok: true, reason: 'so', found: { agent: { admin } } })
      goesOn(one, 1500, statusOf('dir1', 'dir1'))
    }
    say('drain', ['10.11.0.11', '10.11.0.12'])
    expect(dests(one)).toEqual({ '10.11.0.11': 0, '10.11.0.12': 0, '10.12.0.13': 20 })
    say('ready', ['10.11.0.11'])
    expect(dests(one)['10.11.0.11'], 'nobody else takes the load').toBe(20)
    goesOn(one, 50_000, statusOf('dir1', 'dir1'))
    say('ready', ['10.11.0.12'])
    expect(dests(one)).toMatchObject({ '10.11.0.11': 20, '10.11.0.12': 2 })
  })

  it('does not begin where it only took less', () => {
    const { says } = director('agent, slow-start: 100s')
    expect([says({ agent: { percent: 50 } }), says({ agent: { percent: 100 } })]).toEqual([10, 20])
  })
})

it('an agent gives a part of it; what it drained only it makes ready, and what it takes out is out at once', () => {
  const { says } = director('agent')
  expect(says({ agent: { percent: 50 } })).toBe(10)
  expect(says({ agent: { percent: 1 } })).toBe(1)
  expect(says({ agent: { admin: 'drain' } })).toBe(0)
  expect(says({ agent: { percent: 100 } }), 'it drains still').toBe(0)
  expect(says({ agent: { admin: 'ready' } })).toBe(20)
  expect(says({ agent: { admin: 'maint' } }, false) ?? 0).toBe(0)
  expect(says({ agent: { up: true } }) ?? 0, 'in maintenance still').toBe(0)
  expect(says({ agent: { admin: 'ready', up: true, percent: 200 } })).toBe(40)
})
