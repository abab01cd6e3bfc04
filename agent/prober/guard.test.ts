/** One bad probe ends itself alone. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { ProbeJob } from '@lvsm/protocol'
import { attempt } from './attempt.ts'
import { PROBES } from './probes/index.ts'

const program = join(import.meta.dirname, 'fixture-guard.ts')

it('what a probe throws where nobody catches it ends that probe, and is written down once', async () => {
  const [code, said, written] = await new Promise<readonly [unknown, string, string]>((resolve) =>
    execFile(process.execPath, [program], (error, stdout, stderr) => resolve([error?.code, stdout, stderr])),
  )
  expect(
    said
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual([
    ['one', null, 'lvsm-prober has a defect here: nobody catches this'],
    ['two', null, 'lvsm-prober has a defect here: nobody catches this'],
    ['other', true, 'goes on'],
  ])
  expect(written.match(/please report this/g)).toHaveLength(1)
  expect(code, 'what is thrown elsewhere ends the process').toBe(70)
})

const asked = (probe: keyof typeof PROBES, job: Partial<ProbeJob>): Promise<readonly [boolean | null, string]> =>
  new Promise((resolve) =>
    attempt(
      PROBES[probe],
      { id: 1, probe, keys: {}, address: '127.77.0.2', port: 9, source: null, timeoutMs: 2000, ...job },
      (ok, reason) => resolve([ok, reason]),
    ),
  )

it('an address that cannot be asked ends a question by UDP, not the process', async () => {
  for (const probe of ['udp', 'dns'] as const) {
    const [ok, reason] = await asked(probe, { address: 'fe80::1' })
    expect(ok, probe).toBe(false)
    expect(reason).toMatch(/^(a route on the node that asks throws away|no route)/)
  }
})

it('what this machine lacks is no word about a server', async () => {
  for (const probe of ['connect', 'tls', 'http', 'https', 'grpc', 'smtp', 'udp', 'dns'] as const)
    for (const keys of [{}, { http2: true, tls: true }])
      expect(await asked(probe, { keys, source: '192.0.2.77' }), probe).toEqual([
        null,
        'the own address to check from is not there, or all its ports are taken',
      ])
})
