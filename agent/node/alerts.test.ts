/** From a trouble in a core to a receiver: the real process between them, over real HTTP, which dies meanwhile. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SAMPLE } from '@lvsm/model'
import { afterEach, expect, it } from 'vitest'
import { eventually } from '../../test/kit/eventually.ts'
import { node, statusOf, type TestNode } from './core/fixture.ts'
import { startProber } from './monitoring.ts'

const OWN = '127.77.0.5'
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

interface Sent {
  readonly receiver: string
  readonly alerts: readonly {
    readonly status: string
    readonly labels: Record<string, string>
    readonly fingerprint: string
  }[]
}
async function receiver() {
  const sent: Sent[] = []
  let hangs = false
  const server = createServer((incoming, response) => {
    let text = ''
    incoming.on('data', (chunk) => (text += String(chunk)))
    incoming.on('end', () => {
      if (hangs) return
      sent.push(JSON.parse(text) as Sent)
      response.writeHead(200).end()
    })
  })
  ends.push(
    () => server.close(),
    () => server.closeAllConnections(),
  )
  await new Promise<void>((resolve) => server.listen(0, OWN, resolve))
  return { sent, port: (server.address() as AddressInfo).port, hang: (does: boolean) => void (hangs = does) }
}
const children = (): number[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

/** Its lease process goes on, and virtual time with it; what it tells receivers is carried there, and virtual time waits for that. */
function stepper(dir1: TestNode, prober: ReturnType<typeof startProber>) {
  let underWay = 0
  return (ms: number): void => {
    if (underWay > 0) return
    dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1') })
    dir1.run(ms)
    for (const effect of dir1.take('deliver')) {
      underWay += 1
      prober.carry(effect, (input) => {
        underWay -= 1
        dir1.feed(input)
      })
    }
  }
}

it('a trouble is told, once, and that it is over, though the process that tells dies while it does', async () => {
  const { sent, port, hang } = await receiver()
  const dir1 = node(
    'dir1',
    undefined,
    `${SAMPLE}\nreceivers:\n  - { name: ops, type: webhook, url: "http://${OWN}:${port}/", troubles: [cannot-observe], timeout: 2s }\n`,
  )
  const prober = startProber(
    { clock: () => performance.now() as ReturnType<typeof dir1.now>, say: () => undefined },
    () => undefined,
    { well: () => ({ alive: '', ready: '', owners: {} }), metrics: () => undefined },
  )
  ends.push(() => prober.close())
  const step = stepper(dir1, prober)
  dir1.feed({ kind: 'lease-up' })
  for (let at = 0; at < 8; at++) step(1000)
  expect(sent).toEqual([])

  hang(true)
  dir1.kern.unread = 'EIO'
  for (let at = 0; at < 7; at++) step(1000)
  await eventually(() => expect(children()).toHaveLength(1))
  process.kill(children()[0] ?? 0, 'SIGKILL')
  await eventually(() =>
    expect(dir1.core.alerts(dir1.now()).receivers[0]?.fault).toContain('lvsm-prober ended meanwhile'),
  )
  hang(false)
  await eventually(async () => {
    step(1000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toHaveLength(1)
  })
  expect(sent[0]).toMatchObject({
    receiver: 'ops',
    alerts: [{ status: 'firing', labels: { alertname: 'cannot-observe', node: 'dir1', severity: 'critical' } }],
  })
  await eventually(() => expect(dir1.core.alerts(dir1.now()).receivers[0]?.fault).toBeNull())

  dir1.kern.unread = ''
  await eventually(async () => {
    step(1000)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sent).toHaveLength(2)
  })
  expect(sent[1]?.alerts).toMatchObject([{ status: 'resolved', fingerprint: sent[0]?.alerts[0]?.fingerprint }])
})
