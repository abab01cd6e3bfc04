/** `node test/cases/rewrite.ts --rewrite`: records anew what the scenarios tell; without the word it only says which differ. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { playPlan } from './play-plan.ts'
import { play } from './play.ts'

const rewrites = process.argv.includes('--rewrite')
const PLAYS = [
  { folder: import.meta.dirname, ending: '.case', play },
  { folder: join(import.meta.dirname, 'plan'), ending: '.plan', play: playPlan },
]
for (const one of PLAYS)
  for (const file of readdirSync(one.folder).filter((name) => name.endsWith(one.ending))) {
    const path = join(one.folder, file)
    const recorded = readFileSync(path, 'utf8')
    const played = one.play(recorded)
    if (played === recorded) continue
    console.log(`${file}: ${rewrites ? 'rewritten; read the difference before you commit it' : 'differs'}`)
    if (rewrites) writeFileSync(path, played)
    else process.exitCode = 1
  }
