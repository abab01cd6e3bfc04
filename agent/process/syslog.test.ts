/** The log beside a syslog daemon: a real socket, a daemon that is late, stopped, and started anew. */
import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { wantsSyslog, withSyslog } from './syslog.ts'

const directory = mkdtempSync(join(tmpdir(), 'lvsm-syslog-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Node has no datagrams of unix sockets to listen with. */
const DAEMON = `import os, socket, sys
path = sys.argv[1]
if os.path.exists(path): os.unlink(path)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(path)
print('ready', flush=True)
while True: print(s.recv(65536).decode(), flush=True)`

async function daemon(path: string) {
  const child = spawn('python3', ['-c', DAEMON, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  expect(await next()).toBe('ready')
  return { next, stop: () => new Promise((done) => child.once('exit', done) && child.kill('SIGKILL')) }
}

test('each line is there, and what was lost while nobody listened is counted', async () => {
  const path = join(directory, 'log')
  const beside: string[] = []
  const log = withSyslog('lvsm-agent', { write: (line) => void beside.push(line) }, path, () => new Date(2026, 10, 3))
  log.write('lvsm-agent: before there is one')
  const first = await daemon(path)
  log.write('lvsm-agent: took web', { severity: 'warning', event: 'took', group: 'web' })
  const head = `<28>Nov  3 00:00:00 lvsm-agent[${process.pid}]: `
  expect(await first.next()).toBe(`${head}1 lines of this log were lost here: syslog did not take them`)
  expect(await first.next()).toBe(`${head}took web [lvsm event="took" group="web" severity="warning"]`)
  await first.stop()
  for (let line = 0; line < 3; line++) log.write('lvsm-agent: nobody listens')
  const again = await daemon(path)
  log.write('lvsm-agent: it is back')
  expect(await again.next()).toContain('3 lines of this log were lost')
  expect(await again.next()).toContain('it is back')
  await again.stop()
  expect(beside).toHaveLength(6)
})

test('it is wanted where there is a daemon, no journal, and nobody reads standard error', async () => {
  const [path, none, file] = [join(directory, 'wanted'), join(directory, 'none'), join(directory, 'file')]
  const there = await daemon(path)
  writeFileSync(file, '')
  const [nowhere, kept] = [openSync('/dev/null', 'w'), openSync(file, 'w')]
  expect([
    wantsSyslog(nowhere, path, none),
    wantsSyslog(kept, path, none),
    wantsSyslog(nowhere, path, file),
    wantsSyslog(nowhere, none, none),
    wantsSyslog(nowhere, file, none),
  ]).toEqual([true, true, false, false, false])
  for (const fd of [nowhere, kept]) closeSync(fd)
  await there.stop()
})
