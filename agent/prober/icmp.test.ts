/** Echo requests by the `ping` of this machine: what is made of its words, and that it ends whatever becomes of it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ProbeJob } from '@lvsm/protocol'
import { attempt, type Lacking } from './attempt.ts'
import { askBy, askIcmp, verdictOf, wordsOf } from './probes/icmp.ts'

const folder = mkdtempSync(join(tmpdir(), 'lvsm-icmp-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const job = (more: Partial<ProbeJob> = {}): ProbeJob => ({
  ...{ id: 1, probe: 'icmp', keys: {}, address: '127.77.0.2', port: 80, source: null, timeoutMs: 5000, ...more },
})
interface Told extends Lacking {
  readonly ok: boolean | null
  readonly reason: string
}
const asked = (ask: typeof askIcmp, one: ProbeJob): Promise<Told> =>
  new Promise((resolve) =>
    attempt(ask, one, (ok, reason, { lacks }) => resolve({ ok, reason, ...(lacks ? { lacks } : {}) })),
  )
const by = (program: string, one = job()) => asked((...all) => askBy(program, ...all), one)

describe('what ping says', () => {
  // As iputils 20221126 prints it.
  const head = 'PING 10.11.0.11 (10.11.0.11) 56(84) bytes of data.\n'
  it.each<[code: number | null, output: string, ok: boolean | null, reason: string]>([
    [0, `${head}64 bytes from 10.11.0.11: icmp_seq=1 ttl=64 time=0.041 ms\n`, true, 'answers in 0.041 ms'],
    [0, '64 bytes from fd00::1: icmp_seq=1 ttl=64 time=12.1 ms', true, 'answers in 12.1 ms'],
    [0, '', true, 'answers'],
    [1, `${head}\n--- 10.11.0.11 ping statistics ---\n1 packets transmitted, 0 received`, false, 'no answer'],
    [
      1,
      `${head}From 10.11.0.1 icmp_seq=1 Destination Host Unreachable\n`,
      false,
      'Destination Host Unreachable, says 10.11.0.1',
    ],
    [
      1,
      'From fd00::1: icmp_seq=1 Destination unreachable: No route\n',
      false,
      'Destination unreachable: No route, says fd00::1',
    ],
    [2, 'ping: connect: Network is unreachable\n', false, 'no route'],
    [
      2,
      'ping: bind: Cannot assign requested address\n',
      null,
      'ping cannot ask: ping: bind: Cannot assign requested address',
    ],
    [null, '', null, 'ping cannot ask: exit code null'],
  ])('%s %j', (code, output, ok, reason) => expect(verdictOf(code, output)).toEqual({ ok, reason }))

  it('one that may not ask says what is to be done', () => {
    const output =
      'ping: socktype: SOCK_RAW\nping: socket: Operation not permitted\nping: => missing cap_net_raw+p capability\n'
    expect(verdictOf(2, output)).toMatchObject({
      ok: null,
      lacks: expect.stringContaining('net.ipv4.ping_group_range'),
    })
  })
})

it('it is called with the own address to ask from, and ends by itself soon after the check', () => {
  expect(wordsOf(job({ source: '10.11.0.1', timeoutMs: 1500 }))).toEqual([
    '-n',
    '-c',
    '1',
    '-W',
    '3',
    '-I',
    '10.11.0.1',
    '127.77.0.2',
  ])
})

describe('on this machine', () => {
  it.each(['127.77.0.2', '::1'])('%s answers', async (address) =>
    expect(await asked(askIcmp, job({ address }))).toEqual({
      ok: true,
      reason: expect.stringMatching(/^answers in [\d.]+ ms$/),
    }),
  )
  it('one that is not there is nobody’s verdict, with the way out', async () => {
    expect(await by(join(folder, 'no-ping'))).toEqual({
      ok: null,
      reason: expect.stringMatching(/cannot be started/),
      lacks: 'install ping (Debian: iputils-ping)',
    })
  })
  it('one that hangs, and one that writes without end, are ended in their time', async () => {
    const place = join(folder, 'ping')
    writeFileSync(place, '#!/bin/sh\nexec sleep 600\n')
    chmodSync(place, 0o755)
    expect(await by(place, job({ timeoutMs: 300 }))).toEqual({ ok: false, reason: 'no answer within 300 ms' })
    writeFileSync(place, '#!/bin/sh\nexec yes\n')
    expect(await by(place, job({ timeoutMs: 300 }))).toEqual({ ok: false, reason: 'no answer within 300 ms' })
  })
  it('more than are let run at once are nobody’s verdict', async () => {
    const place = join(folder, 'slow')
    writeFileSync(place, '#!/bin/sh\nexec sleep 600\n')
    chmodSync(place, 0o755)
    const all = await Promise.all(Array.from({ length: 260 }, () => by(place, job({ timeoutMs: 4000 }))))
    expect(
      all.filter(({ reason }) => reason === '256 requests wait for an answer already').length,
    ).toBeGreaterThanOrEqual(4)
    // So many are begun at once that a busy machine has no time for an answer of the first ones.
    const isOver = ({ ok, reason }: Told): boolean => ok === false || reason.startsWith('this machine was too busy')
    expect(all.filter(isOver).length).toBeGreaterThan(250)
    await expect.poll(async () => (await asked(askIcmp, job())).ok, { timeout: 20_000 }).toBe(true)
  })
})
