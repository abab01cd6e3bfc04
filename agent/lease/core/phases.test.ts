import { readFileSync } from 'node:fs'
import { InvariantError } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { enter, type Phase, TRANSITIONS } from './phases.ts'

const PHASES = Object.keys(TRANSITIONS) as Phase[]
const at = (phase: Phase): { group: { name: string }; phase: Phase } => ({ group: { name: 'web' }, phase })

describe('phases', () => {
  test('what the table has is done', () => {
    for (const from of PHASES)
      for (const to of TRANSITIONS[from]) {
        const instance = at(from)
        enter(instance, to)
        expect(instance.phase).toBe(to)
      }
  })

  test('what it has not ends in a failure that names group and both phases, and changes nothing', () => {
    for (const from of PHASES)
      for (const to of PHASES.filter((phase) => !TRANSITIONS[from].includes(phase))) {
        const instance = at(from)
        expect(() => enter(instance, to)).toThrow(new InvariantError(`web cannot go from ${from} to ${to}`))
        expect(instance.phase).toBe(from)
      }
  })

  test('whatever a group does, it can be closed, and only what is closed for certain begins again', () => {
    for (const from of PHASES.filter((phase) => phase !== 'closing')) expect(TRANSITIONS[from]).toContain('closing')
    expect(PHASES.filter((from) => TRANSITIONS[from].includes('acquiring'))).toEqual(['backup'])
    expect(PHASES.filter((from) => TRANSITIONS[from].includes('backup'))).toEqual(['closing'])
  })

  test('the table in the README is this one', () => {
    const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
    const rows = readme.matchAll(/^\| `(\w+)` \|.*\| ([`\w, ]+) \|$/gm)
    const shown = [...rows].map(([, from, to]) => [from, to?.replaceAll('`', '').split(', ')])
    expect(Object.fromEntries(shown)).toMatchObject(TRANSITIONS)
  })
})
