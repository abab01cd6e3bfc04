/** A backup that does not arrive whole is none: nothing is left of it. */
import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { basename, dirname, join } from 'node:path'
import { encodeBackupHead } from '@lvsm/protocol'
import { afterEach, expect, it } from 'vitest'
import { cleanUp, lvsm, scratchPath } from './agent.ts'
import { program } from '../../../test/kit/programs.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
  cleanUp()
})
/** Of the backup, whatever it is called. */
const left = (file: string): string[] => readdirSync(dirname(file)).filter((one) => one.startsWith(basename(file)))
const BODY = Buffer.alloc(200_000, 'x')
const head = (sha256 = createHash('sha256').update(BODY).digest('hex')) => ({
  'lvsm-backup': encodeBackupHead({ cluster: 'lab', revision: 7, sha256 }),
  'content-length': BODY.length,
})
async function run(answer: (response: ServerResponse) => void, file = scratchPath('copy.db')) {
  const socket = scratchPath('coordinator.sock')
  const server = createServer((_, response) => answer(response)).listen(socket)
  closers.push(() => server.close().closeAllConnections())
  return { file, ...(await lvsm(['--coordinator-socket', socket, 'backup', file])) }
}

it('is there when it has arrived, for its owner only', async () => {
  const { code, out, file } = await run((response) => response.writeHead(200, head()).end(BODY))
  expect(code).toBe(0)
  expect(out).toMatch(/copy\.db: cluster lab with revision 7, checked\n {2}→ it has the keys of the cluster/)
  expect(readFileSync(file).equals(BODY)).toBe(true)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})
it.each<[string, (response: ServerResponse) => void, number, RegExp]>([
  [
    'that is cut off',
    (one) => one.writeHead(200, head()).write(BODY.subarray(9), () => one.destroy()),
    3,
    /did not arrive/,
  ],
  ['that is another one', (one) => one.writeHead(200, head('ab'.repeat(32))).end(BODY), 3, /not the one that was made/],
  ['without a head', (one) => one.writeHead(200).end(BODY), 3, /HTTP 200 without a reason/],
  [
    'that is refused',
    (one) =>
      one
        .writeHead(503)
        .end(JSON.stringify({ refusals: [{ code: 'no-backup', message: 'no room', hint: 'make some' }] })),
    1,
    /no room\n {2}→ make some/,
  ],
])('one %s leaves nothing', async (_, answer, exit, said) => {
  const { code, err, file } = await run(answer)
  expect(err).toMatch(said)
  expect([code, existsSync(file), left(file)]).toEqual([exit, false, []])
})
it('that is broken off in the middle is not there, nor is one that only looks like it', async () => {
  const [socket, file] = [scratchPath('coordinator.sock'), scratchPath('copy.db')]
  const server = createServer((_, response) => response.writeHead(200, head()).write(BODY.subarray(0, 150_000)))
  server.listen(socket)
  closers.push(() => server.close().closeAllConnections())
  const child = spawn(process.execPath, [program('lvsm'), '--coordinator-socket', socket, 'backup', file], {
    stdio: 'ignore',
  })
  closers.push(() => void child.kill('SIGKILL'))
  const sizes = (): number[] => readdirSync(dirname(file)).map((name) => statSync(join(dirname(file), name)).size)
  await expect.poll(sizes, { timeout: 60_000 }).toEqual([150_000])
  child.kill('SIGKILL')
  await once(child, 'close')
  expect(existsSync(file)).toBe(false)
})
it('writes over nothing, and does not even ask', async () => {
  const file = scratchPath('old')
  writeFileSync(file, 'old')
  let asked = false
  const { code, err } = await run(() => (asked = true), file)
  expect([code, asked, readFileSync(file, 'utf8')]).toEqual([2, false, 'old'])
  expect(err).toMatch(/it is there already\n {2}→ name a file that is not there yet/)
})
it('is made where a coordinator is', async () => {
  const ended = await lvsm(['--coordinator-socket', scratchPath('none'), 'backup', scratchPath('copy.db')])
  expect(ended).toMatchObject({
    code: 3,
    err: expect.stringMatching(/cannot reach a coordinator[^]*on the node of a coordinator/),
  })
})
