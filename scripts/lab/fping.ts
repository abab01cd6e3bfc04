/** `fping`, which asks a thousand addresses by turns, and says when each answered. */
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { takeApart } from './debian.ts'
import { cache } from './paths.ts'

const home = join(cache, 'fping')
const program = join(home, 'fping')

/** Its path; it is fetched once. Throws LabError. */
export async function ensureFping(): Promise<string> {
  if (!existsSync(program))
    await takeApart({
      what: 'fping package',
      name: () => 'fping',
      members: ['./usr/bin/fping'],
      keep: ({ scratch }) => {
        mkdirSync(home, { recursive: true })
        renameSync(join(scratch, 'out', 'usr', 'bin', 'fping'), program)
      },
    })
  return program
}
