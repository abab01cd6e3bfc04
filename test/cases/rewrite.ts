/** `node test/cases/rewrite.ts --rewrite`: records anew what the scenarios tell; without the word it only says which differ. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { play } from './play.ts'

const rewrites = process.argv.includes('--rewrite')
for (const file of readdirSync(import.meta.dirname).filter((name) => name.endsWith('.case'))) {
  const path = join(import.meta.dirname, file)
  const recorded = readFileSync(path, 'utf8')
  const played = play(recorded)
  if (played === recorded) continue
  console.log(`${file}: ${rewrites ? 'rewritten; read the difference before you commit it' : 'differs'}`)
  if (rewrites) writeFileSync(path, played)
  else process.exitCode = 1
}
