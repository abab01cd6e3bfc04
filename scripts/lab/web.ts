/** The realservers' web server. One that forks for each connection costs ten times as much under emulation. */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { takeApart } from './debian.ts'
import { cache } from './paths.ts'

const server = join(cache, 'webfsd')

/** Path of webfsd; it is fetched once. Throws LabError. */
export async function ensureWebServer(): Promise<string> {
  if (existsSync(server)) return server
  return takeApart({
    what: 'web server package',
    name: () => 'webfs',
    members: ['./usr/bin/webfsd'],
    keep: ({ scratch }) => {
      rmSync(server, { force: true })
      renameSync(join(scratch, 'out/usr/bin/webfsd'), server)
      return server
    },
  })
}
