import { describe, expect, it } from 'vitest'
import { checkConfig } from '../check.ts'
import { SAMPLE } from '../sample.ts'
import { mostGroups } from './groups.ts'

/** The sample with so many more groups of both directors, each with an address of its own. */
const withGroups = (count: number, keepalive = '100ms'): string => {
  const group = (at: number): string =>
    `  - { name: g${at}, directors: [dir2, dir1], vips: [10.20.${at >> 7}.${1 + (at & 127)}/16] }\n`
  return SAMPLE.replace(
    'keepalive: 100ms, lease: 350ms, apply: 35ms',
    `keepalive: ${keepalive}, lease: 3s, apply: 35ms`,
  )
    .replace('warntime: 300ms, deadtime: 1s', 'warntime: 2s, deadtime: 5s')
    .replace('services:\n', `${Array.from({ length: count }, (_, at) => group(at)).join('')}services:\n`)
}

describe('groups of one director', () => {
  it('are as many as were measured, and fewer at a shorter keepalive', () => {
    expect([20, 50, 100, 200, 1000].map(mostGroups)).toEqual([9, 24, 48, 48, 48])
    expect(checkConfig(withGroups(47)).refusals).toBeUndefined()
    expect(checkConfig(withGroups(23, '50ms')).refusals).toBeUndefined()
  })

  it('are refused above, once for each director, where the first is too many, with a way out', () => {
    const { refusals = [] } = checkConfig(withGroups(50))
    expect(refusals).toMatchObject([
      {
        code: 'too-many-groups',
        field: 'groups[48].directors[0]',
        line: 66,
        message: 'director "dir2" has 51 groups; with keepalive 100 ms it manages 48',
        hint: 'addresses that can move together belong in one group: put them into the vips of one',
      },
      { code: 'too-many-groups', field: 'groups[48].directors[1]', line: 66 },
    ])
    expect(checkConfig(withGroups(24, '50ms')).refusals?.[0]?.hint).toMatch(/, or raise keepalive$/)
  })

  it('may be more in the file when they have other directors', () => {
    const third = withGroups(80).replaceAll(/(name: g[4-7]\d, directors: )\[dir2, dir1\]/g, '$1[rs3]')
    expect(
      checkConfig(third.replace('name: rs3, roles: [realserver]', 'name: rs3, roles: [realserver, director]')).refusals,
    ).toBeUndefined()
  })
})
