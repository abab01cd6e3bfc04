/** Nagios plugins as Debian has them, unchanged, as checks of type script: well, failing, slow, hung, gone, and used wrongly. */
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { explained, OWN, Servers } from '../../agent/prober/fixture.ts'
import { freePort } from '../kit/free-port.ts'

const PLUGINS = '/usr/lib/nagios/plugins'
const SLOW_MS = 400
const servers = new Servers()
const ports = { web: 0, silent: 0, gone: 0 }

beforeAll(async () => {
  const web = createServer((request, response) => {
    const status = Number(request.url?.slice(1)) || 200
    setTimeout(() => response.writeHead(status).end('well\n'), request.url === '/slow' ? SLOW_MS : 0)
  })
  ports.web = await servers.listen(web)
  ports.silent = await servers.raw(() => undefined)
  ports.gone = await freePort()
})
afterAll(() => servers.end())

type Row = readonly [command: readonly string[], port: keyof typeof ports, ok: boolean | null, reason: RegExp]
const ROWS: readonly Row[] = [
  [['check_tcp', '-H', '{address}', '-p', '{port}'], 'web', true, /TCP OK/],
  [['check_tcp', '-H', '{address}', '-p', '{port}'], 'gone', false, /refused/i],
  [['check_tcp', '-H', '{address}', '-p', '{port}', '-t', '1', '-e', 'hello'], 'silent', false, /timeout|timed out/i],
  [['check_http', '-I', '{address}', '-p', '{port}'], 'web', true, /HTTP OK: HTTP\/1\.1 200/],
  [['check_http', '-I', '{address}', '-p', '{port}', '-u', '/503'], 'web', false, /HTTP CRITICAL: HTTP\/1\.1 503/],
  [['check_http', '-I', '{address}', '-p', '{port}', '-t', '1'], 'silent', false, /timeout|timed out/i],
  [['check_http', '-I', '{address}', '-p', '{port}', '-t', '1'], 'gone', false, /refused|unable to open/i],
  [['check_ping', '-4', '-H', '{address}', '-w', '1000,50%', '-c', '2000,90%', '-p', '1'], 'web', true, /PING OK/],
  [['check_dummy', '3', 'nobody knows'], 'web', null, /nobody knows/],
  [['check_tcp', '--no-such-option'], 'web', null, /./],
  [['check_no_such_plugin'], 'web', null, /./],
]

test.each(ROWS)('%j at the %s port: %j', async ([plugin = '', ...words], name, ok, reason) => {
  const keys = { command: [`${PLUGINS}/${plugin}`, ...words] }
  const told = await explained('script', ports[name], keys)
  expect(told).toMatchObject({ ok, reason: expect.stringMatching(reason) })
})

test('a warning serves, and its figures are kept as the plugin says them', async () => {
  const words = ['-I', OWN, '-p', '{port}', '-u', '/slow', '-w', '0.1', '-c', '4']
  const told = await explained('script', ports.web, { command: [`${PLUGINS}/check_http`, ...words] })
  expect(told).toMatchObject({ ok: true, found: { degraded: true }, reason: expect.stringContaining('HTTP WARNING') })
  const figures = told.found.perfdata ?? []
  expect(figures.map(({ label }) => label)).toEqual(['time', 'size'])
  expect(figures[0]?.value).toBeGreaterThan(SLOW_MS / 2000)
})
