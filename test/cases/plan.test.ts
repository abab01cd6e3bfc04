import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { playPlan } from './play-plan.ts'

const folder = join(import.meta.dirname, 'plan')
const files = readdirSync(folder).filter((name) => name.endsWith('.plan'))

test('there are cases of the planner', () => expect(files.length).toBeGreaterThan(3))

test.each(files)('%s', (file) => {
  const recorded = readFileSync(join(folder, file), 'utf8')
  expect(playPlan(recorded), 'node test/cases/rewrite.ts --rewrite records it anew').toBe(recorded)
})
