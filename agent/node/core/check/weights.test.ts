/** Weights that programs and agents say, and what operators say against them. */
import type { ProbeFound } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { dests, goesOn, node, statusOf } from '../fixture.ts'

function director(type: string) {
  const check = `check: { type: ${type}, interval: 500ms, timeout: 300ms, fall: 3 }`
  const text = SAMPLE.replace(/check: \{[^}]*\}/, check).replaceAll('weight: 1', 'weight: 20')
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
