import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { edited, refusalsOf } from '../fixture.ts'

const group = (lines: string) => edited([/^( *)- name: web$/m, `$1- name: web\n${lines.replaceAll(/^/gm, '$1  ')}`])

describe('hooks of a group', () => {
  it('are none by default, and run as the agent does, for ten seconds', () =>
    expect(checkConfig(edited()).config?.groups[0]).toMatchObject({
      ...{ takeHooks: [], releaseHooks: [], hookUser: null, hookTimeoutMs: 10_000 },
    }))
  it('are what is said', () => {
    const text = group('take-hooks: [mail, page]\nrelease-hooks: [mail]\nhook-user: nobody\nhook-timeout: 5s')
    expect(refusalsOf(text)).toEqual([])
    expect(checkConfig(text).config?.groups[0]).toMatchObject({
      ...{ takeHooks: ['mail', 'page'], releaseHooks: ['mail'], hookUser: 'nobody', hookTimeoutMs: 5000 },
    })
  })
  it.each<[string, string, RegExp]>([
    ['of a path', 'take-hooks: [../../bin/sh]', /bad-name/],
    ['of no user', 'take-hooks: [mail]\nhook-user: "a b"', /bad-user/],
    ['without an end', 'take-hooks: [mail]\nhook-timeout: 1000m', /out-of-range 1000m/],
    ['of nobody', 'hook-user: nobody', /missing there is no hook that hook-user could be for/],
  ])('%s are refused, once', (_, lines, what) => {
    const refusals = refusalsOf(group(lines))
    expect(refusals).toHaveLength(1)
    expect(refusals[0]).toMatch(what)
  })
})
