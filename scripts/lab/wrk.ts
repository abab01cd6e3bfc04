/** `wrk`, which asks a web server as fast as it answers, and the library that it is linked with. */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { takeApart } from './debian.ts'
import { cache } from './paths.ts'

const home = join(cache, 'wrk')
const program = join(home, 'wrk')

const PARTS = [
  { what: 'wrk package', name: 'wrk', members: './usr/bin/wrk', from: 'usr/bin' },
  {
    ...{ what: 'LuaJIT package', name: 'libluajit-5.1-2', members: './usr/lib/*/libluajit-5.1.so*' },
    from: 'usr/lib/x86_64-linux-gnu',
  },
] as const

/** Words of a command that runs it; it is fetched once. Throws LabError. */
export async function ensureWrk(): Promise<readonly string[]> {
  // The program comes last, so that it is there only with its library.
  if (!existsSync(program))
    for (const { what, name, members, from } of PARTS.toReversed())
      await takeApart({
        what,
        name: () => name,
        members: [members],
        keep: ({ scratch }) => {
          mkdirSync(home, { recursive: true })
          const out = join(scratch, 'out', from)
          for (const file of readdirSync(out)) renameSync(join(out, file), join(home, file))
        },
      })
  return ['env', `LD_LIBRARY_PATH=${home}`, program]
}
