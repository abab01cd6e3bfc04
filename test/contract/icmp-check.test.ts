/** Checks of type icmp by a real lvsm-prober without rights, in a network namespace of its own: both families, and where it may not ask. */
import { inNamespace } from '@lvsm/kernel'
import type { Trouble } from '@lvsm/base'
import { afterAll, expect, test } from 'vitest'
import { Prober } from '../../agent/node/adapters/prober.ts'
import { ip, run, space } from './space.ts'

const OURS = { ipv4: '10.55.9.1', ipv6: 'fd55:9::1' } as const
const SILENT = { ipv4: '10.55.9.77', ipv6: 'fd55:9::77' } as const
for (const address of [`${OURS.ipv4}/24`, `${OURS.ipv6}/64 nodad`]) ip(`addr add ${address} dev left`)
const sysctl = (key: string, value: string): string =>
  run('ip', 'netns', 'exec', space, 'sysctl', '-qw', `${key}=${value}`)

const probers: Prober[] = []
afterAll(() => {
  for (const prober of probers) prober.close()
})
function begin(program?: URL) {
  const troubles: (Trouble | null)[] = []
  const prober = new Prober({
    ...{ clock: () => performance.now(), trouble: () => undefined, say: () => undefined },
    unable: (probe, found) => troubles.push(found && { ...found, object: probe }),
    ...(program ? { program } : {}),
  })
  probers.push(prober)
  const virtual = { address: '10.55.0.10', port: 80 }
  const check = (address: string, source: string | null = null, timeoutMs = 20_000) =>
    new Promise<readonly [boolean | null, string]>((resolve) =>
      inNamespace(space, () =>
        prober.check(
          address,
          { probe: 'icmp', keys: {}, address, port: 80, source, timeoutMs, virtual },
          (ok, reason) => resolve([ok, reason]),
        ),
      ),
    )
  return { check, troubles }
}

test('who is there answers, in both families and from the address that it is to be asked from; who is not does not', async () => {
  const { check, troubles } = begin()
  expect(await check(OURS.ipv4)).toEqual([true, expect.stringMatching(/answers in/)])
  expect(await check('127.0.0.1', OURS.ipv4)).toEqual([true, expect.stringMatching(/answers in/)])
  expect(await check(OURS.ipv6)).toEqual([true, expect.stringMatching(/answers in/)])
  expect(await check(SILENT.ipv4, null, 1500)).toEqual([false, 'no answer within 1500 ms'])
  expect(await check(SILENT.ipv6, null, 1500)).toEqual([false, 'no answer within 1500 ms'])
  expect(await check('192.0.2.1')).toEqual([false, 'no route'])
  expect(troubles, 'nothing is wrong here').toEqual([])
})

test('without rights by the file it asks where the kernel lets everybody; where not, that is a trouble until it does', async () => {
  const { check, troubles } = begin(new URL('fixture-bounded-prober.ts', import.meta.url))
  sysctl('net.ipv4.ping_group_range', '1 0')
  expect(await check(OURS.ipv4)).toEqual([null, expect.stringMatching(/^ping may not ask/)])
  expect(troubles).toMatchObject([
    { code: 'cannot-check', object: 'icmp', hint: expect.stringContaining('net.ipv4.ping_group_range') },
  ])
  expect(await check(OURS.ipv6)).toEqual([null, expect.stringMatching(/^ping may not ask/)])
  expect(troubles, 'it is told once').toHaveLength(1)
  sysctl('net.ipv4.ping_group_range', '0 2147483647')
  expect(await check(OURS.ipv4)).toEqual([true, expect.stringMatching(/answers in/)])
  expect(troubles.at(-1), 'it is over').toBeNull()
  expect(await check(OURS.ipv6)).toEqual([true, expect.stringMatching(/answers in/)])
})
