/** Programs of mon as Debian has them, unchanged: an alert script is told of an alert and of its end, a monitor is a check. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, type Config, SAMPLE } from '@lvsm/model'
import { afterAll, expect, test } from 'vitest'
import { deliveryOf, toldOf } from '../../agent/node/core/alerts/deliver.ts'
import { DELIVERIES } from '../../agent/prober/alerts/index.ts'
import { attempt } from '../../agent/prober/attempt.ts'
import { ask, OWN } from '../../agent/prober/fixture.ts'

const LIBRARY = '/usr/lib/mon'
const home = mkdtempSync(join(tmpdir(), 'lvsm-mon-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const RECEIVER = `receivers:
  - { name: file, type: mon, command: [${LIBRARY}/alert.d/file.alert, -d, ${home}, told] }
`
const CONFIG = checkConfig(SAMPLE + RECEIVER).config as Config
const BEGAN_MS = Date.UTC(2026, 10, 28, 3, 12, 5)
const ALERT = {
  ...{ code: 'service-unserved', object: 'service http', severity: 'critical', summary: 'http: rs1 failed (refused)' },
  ...{ startedMs: BEGAN_MS, missedAt: 0, notBefore: 0 },
}

function tell(ended: number | null): Promise<{ readonly ok: boolean | null; readonly reason: string }> {
  const [receiver] = CONFIG.receivers
  if (!receiver) throw new Error('no receiver')
  const alert = { ...ALERT, ended: ended === null ? null : { at: 0, wallMs: ended } } as unknown as Parameters<
    typeof toldOf
  >[1]
  const told = toldOf(CONFIG, alert, (ms) => new Date(ms).toISOString())
  const keys = deliveryOf(receiver, CONFIG.cluster, [told])
  const job = { id: 1, probe: 'alert-mon', keys, address: '', port: 0, source: null, timeoutMs: 20_000 }
  return new Promise((resolve) => attempt(DELIVERIES['alert-mon'], job, (ok, reason) => resolve({ ok, reason })))
}

test('file.alert writes what began and what is over, with group, service, time and summary', async () => {
  expect(await tell(null)).toMatchObject({ ok: true, reason: 'exit code 0' })
  expect(await tell(BEGAN_MS + 60_000)).toMatchObject({ ok: true })
  const [first = '', second = ''] = readFileSync(join(home, 'told'), 'utf8').split(/^\.$/m)
  const when = Math.floor(BEGAN_MS / 1000)
  expect(first).toMatch(new RegExp(`^failure web http ${when} \\(.*\\) http: rs1 failed \\(refused\\)\\n`))
  expect(first.split('\n').length, 'what it means and what to do follow').toBeGreaterThan(4)
  expect(second).toMatch(new RegExp(`^\\nup web http ${when} `))
})

test('tcp.monitor is a check: well where the port is open, failed with its summary where it is not', async () => {
  const server = createServer((socket) => socket.end())
  await new Promise<void>((done) => server.listen(0, OWN, done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const keys = { command: [`${LIBRARY}/mon.d/tcp.monitor`, '-p', '{port}'], contract: 'mon' }
  expect(await ask('script', port, keys, 20_000)).toMatchObject({ ok: true })
  await new Promise((done) => server.close(done))
  expect(await ask('script', port, keys, 20_000)).toMatchObject({ ok: false, reason: expect.stringContaining(OWN) })
})
