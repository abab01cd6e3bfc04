/** Who is not root, and in the socket's group, looks and changes nothing; whoever is in neither does not even connect. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { hostOf, MemoryConfiguration } from '../../../test/kit/configuration.ts'
import { serveApi } from './api.ts'
import { groupNumber } from '../../../agent/process/caller.ts'

const GROUP = 4711
const NOBODY = 65_534

function serve(group?: number) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-view-')))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'coordinator.sock')
  const said: string[] = []
  const configuration = new MemoryConfiguration()
  const fault = (error: unknown): never => {
    throw error
  }
  const events = { failed: fault, crashed: fault, mayAgain: () => true, say: (text: string) => said.push(text), group }
  const server = serveApi({
    path,
    configuration,
    host: hostOf(),
    wallClock: Date.now,
    events,
    backup: async () => fault('asked'),
    takeSecrets: () => fault('asked'),
  })
  onTestFinished(() => server.close())
  /** The status that another user gets, or why none; with curl, so that this process can answer. */
  const ask = async (uid: number, gid: number, ...words: string[]): Promise<string> => {
    const curl = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '--unix-socket', path, ...words]
    const ended = await execa('curl', curl, { uid, gid, reject: false, env: {}, cwd: '/' })
    return ended.stdout
  }
  return { path, directory, said, configuration, ask }
}
const GET = 'http://x/v1/config'
const USERS = 'http://x/v1/users'
const CHANGE = ['-X', 'POST', '-d', '{}', 'http://x/v1/config/change']
const can = process.getuid?.() === 0 && hasCurl()
function hasCurl(): boolean {
  try {
    return execFileSync('curl', ['--version']).length > 0
  } catch {
    return false
  }
}

it.skipIf(!can)('members of the group look, and change nothing', async () => {
  const { path, directory, ask, configuration } = serve(GROUP)
  expect([statSync(path).mode & 0o777, statSync(path).gid, statSync(directory).gid]).toEqual([0o660, GROUP, GROUP])
  expect(statSync(directory).mode & 0o777).toBe(0o710)
  expect(await ask(NOBODY, GROUP, GET)).toBe('200')
  for (const words of [CHANGE, [USERS], ['-X', 'POST', 'http://x/v1/backup']])
    expect(await ask(NOBODY, GROUP, ...words)).toBe('403')
  // Root is asked for what is missing.
  expect(await ask(0, 0, ...CHANGE)).toBe('400')
  expect(await ask(NOBODY, NOBODY, GET)).toBe('000')
  expect(configuration.log).toEqual([])
})

it.skipIf(!can)('without the group nobody but root connects', async () => {
  const { path, ask } = serve()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await ask(NOBODY, GROUP, GET)).toBe('000')
})

it('a group that cannot be given is told of, and nobody else gets in', () => {
  const { path, said } = serve(2 ** 32)
  expect(said.join()).toMatch(/members of group 4294967296 cannot use/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

it('a group is found by its name, where there is one', () => {
  const { directory } = serve()
  const file = join(directory, 'group')
  writeFileSync(file, 'root:x:0:\nlvsm-view:x:4711:alice\nodd:x:none:\n')
  expect(['lvsm-view', 'odd', 'none'].map((name) => groupNumber(name, file))).toEqual([4711, undefined, undefined])
  expect(groupNumber('root', '/nowhere')).toBeUndefined()
})
