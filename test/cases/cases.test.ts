import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { play } from './play.ts'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.case'))

test('there are scenarios', () => expect(files.length).toBeGreaterThan(3))

test.each(files)('%s', (file) => {
  const recorded = readFileSync(join(import.meta.dirname, file), 'utf8')
  expect(play(recorded), 'node test/cases/rewrite.ts --rewrite records it anew').toBe(recorded)
})
