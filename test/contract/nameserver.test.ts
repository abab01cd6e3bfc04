/** Checks of type `dns` against BIND as Debian has it: what it answers, refuses and does not have, and when it hangs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attempt } from '../../agent/prober/attempt.ts'
import { PROBES } from '../../agent/prober/probes/index.ts'
import { eventually } from '../kit/eventually.ts'
import { freePort } from '../kit/free-port.ts'
import { freeze } from '../kit/freeze.ts'

/** It listens on addresses that an interface has, and on no others. */
const OWN = '127.0.0.1'
const home = mkdtempSync(join(tmpdir(), 'lvsm-nameserver-'))
let named: ChildProcess
let port = 0
afterAll(() => {
  named?.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

interface How {
  readonly ok: boolean | null
  readonly reason: string
}
const ask = (keys: Readonly<Record<string, unknown>>, timeoutMs = 10_000): Promise<How> =>
  new Promise((resolve) => {
    const job = { id: 1, probe: 'dns', keys, address: OWN, port, source: null, timeoutMs }
    attempt(PROBES.dns, job, (ok, reason) => resolve({ ok, reason }))
  })

beforeAll(async () => {
  port = await freePort()
  const options = `directory "${home}"; pid-file none; session-keyfile none; listen-on port ${port} { ${OWN}; };
    listen-on-v6 { none; }; recursion no; dnssec-validation no; empty-zones-enable no;`
  const zone = 'zone "shop.example" { type primary; file "shop.zone"; };'
  writeFileSync(join(home, 'named.conf'), `options { ${options} };\ncontrols { };\n${zone}\n`)
  const records = [
    '$TTL 60',
    '@ IN SOA ns.shop.example. ops.shop.example. 1 60 60 60 60',
    '@ IN NS ns',
    'ns IN A 10.11.0.53',
    'www IN A 10.11.0.11',
    'www IN A 10.11.0.12',
    'www IN AAAA fd00::11',
    '@ IN MX 10 www',
  ]
  writeFileSync(join(home, 'shop.zone'), `${records.join('\n')}\n`)
  named = spawn('/usr/sbin/named', ['-f', '-n', '1', '-c', join(home, 'named.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await new Promise((resolve, reject) => named.once('spawn', resolve).once('error', reject))
  await eventually(async () => expect((await ask({ query: 'shop.example', record: 'SOA' })).ok).toBe(true), 30_000)
}, 40_000)

test.each([
  [{ query: 'www.shop.example' }, true, /^answers NOERROR, with 2 records$/],
  [{ query: 'www.shop.example', answers: 2 }, true, /with 2 records/],
  [{ query: 'www.shop.example', answers: 3 }, false, /with 2 records, and not 3/],
  [{ query: 'www.shop.example', record: 'AAAA', answers: 1 }, true, /with 1 record$/],
  [{ query: 'shop.example', record: 'MX', answers: 1 }, true, /with 1 record$/],
  [{ query: 'www.shop.example', record: 'TXT' }, true, /NOERROR, with 0 records/],
  [{ query: 'www.shop.example', record: 'TXT', answers: 1 }, false, /with 0 records, and not 1/],
  [{ query: 'none.shop.example' }, false, /^answers NXDOMAIN, with 0 records, and not NOERROR$/],
  [{ query: 'none.shop.example', rcode: ['NXDOMAIN'] }, true, /NXDOMAIN/],
  [{ query: 'www.shop.example', tcp: true }, true, /^answers NOERROR, with 2 records$/],
  [{ query: 'none.shop.example', tcp: true }, false, /^answers NXDOMAIN/],
  [{ query: 'www.other.example' }, false, /^answers REFUSED/],
  [{ query: 'www.other.example', rcode: ['NOERROR', 'REFUSED'] }, true, /^answers REFUSED/],
] as const)('%j: %j', async (keys, ok, reason) =>
  expect(await ask(keys)).toEqual({ ok, reason: expect.stringMatching(reason) }),
)

test('one that hangs fails, and is well when it goes on; one that is gone is refused', async () => {
  const keys = { query: 'www.shop.example' }
  await freeze(named.pid ?? 0)
  expect((await ask(keys, 500)).ok).toBe(false)
  named.kill('SIGCONT')
  await eventually(async () => expect((await ask(keys, 5000)).ok).toBe(true), 30_000)
  const ended = new Promise((resolve) => named.once('exit', resolve))
  named.kill('SIGKILL')
  await ended
  expect(await ask(keys, 5000)).toMatchObject({ ok: false, reason: expect.stringMatching(/refused/) })
})
