/** The picture of `lvsm status` in the README is what the command prints. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plain } from '../src/paint.ts'
import { statusText } from '../src/status-text.ts'
import { PICTURED } from './picture.ts'

test('the README shows it', () => {
  const text = statusText(PICTURED, plain).trimEnd()
  expect(readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8')).toContain(`\`\`\`\n${text}\n\`\`\`\n`)
})
