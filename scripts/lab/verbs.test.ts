import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { VERBS as DONE } from './guest/verbs.ts'
import { help } from './options.ts'
import { isVerb, VERBS, verbLines, verbsText } from './verbs.ts'

const README = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8')

it('each verb is there once, in a line of its own', () => {
  const names = VERBS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const [index, name] of names.entries()) expect(verbLines[index]).toMatch(new RegExp(`^${name} .+ \\S`))
  expect(names.every((name) => isVerb(name))).toBe(true)
  expect(isVerb('up')).toBe(false)
})

it('the program inside carries out those, and no others', () =>
  expect([...DONE].sort()).toEqual(VERBS.map(({ name }) => name).sort()))

it('the help says them', () => {
  expect(help).toContain('npm run lab -- verbs')
  expect(
    verbsText
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.trimStart()),
  ).toEqual(verbLines)
})

it('the README lists them as the help does', () => {
  const [, listed = ''] = /\*\*Verbs\.\*\*[^]*?```\n([^]*?)\n```/.exec(README) ?? []
  expect(listed.split('\n')).toEqual(verbLines)
})
