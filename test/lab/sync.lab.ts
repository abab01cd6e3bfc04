// lab: long=yes
/**
 * Connections survive: the directors tell each other of them, so that a download and an idle session go on over a planned
 * switchover, a power cut and the way back; and what a standby knows after how long.
 */
import { beside, type Beside } from './beside.ts'
import { demand, figure, lab, on, owner, sh, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { crowd, download, serverOn, session, webSession } from './sessions.ts'
import { STORY, survive } from './surviving.ts'
import { lasting, seats, successorOf, whole } from './witness.ts'

const DR = 7000
const NAT = 7001
const WEB = 7002
/** Of 200. */
const MOST_KNOWN = 198

const SERVICES = [
  ['long-dr', DR, `{ node: rs1, address: 10.11.0.11, forward: dr }`],
  ['long-nat', NAT, `{ node: rs3, address: 10.12.0.13, forward: nat, gateway: 10.12.0.254 }`],
  ['long-web', WEB, `{ node: rs1, address: 10.11.0.11, forward: dr }`],
]
  .map(
    ([name, port, realserver]) =>
      `  - { name: ${name}, group: web, address: 10.11.0.10, port: ${port}, protocol: tcp, scheduler: rr, check: { type: none }, realservers: [${realserver}] }\n`,
  )
  .join('')

const ALL: Beside = {
  services: SERVICES,
  servers: () => [serverOn('rs1', DR), serverOn('rs3', NAT), serverOn('rs1', WEB, 'websocket')],
  last: `:${NAT} -m`,
}

/** Client ports of established connections to a port of the VIP, in a director's table. */
async function known(node: string, port: number): Promise<ReadonlySet<number>> {
  const table = await on(node, 'cat /proc/net/ip_vs_conn')
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return new Set(
    table.split('\n').flatMap((line) => {
      const [, , client = '', , service, , , state] = line.trim().split(/\s+/)
      return service === wanted && state === 'ESTABLISHED' ? [Number.parseInt(client, 16)] : []
    }),
  )
}
const daemons = (node: string): Promise<string> => on(node, 'ipvsadm -L --daemon')

scenario('both daemons run on the directors and nowhere else; one that is stopped by hand runs again', async () => {
  await whole()
  for (const node of ['dir1', 'dir2']) {
    const text = await daemons(node)
    figure(`${node}`, text.replaceAll('\n', ' | '))
    demand(/master sync daemon/.test(text) && /backup sync daemon/.test(text), `${node}: ${text}`)
    const threshold = await on(node, 'cat /proc/sys/net/ipv4/vs/sync_threshold')
    demand(/^0\s+0$/.test(threshold), `sync_threshold of ${node}: ${threshold}`)
    demand((await on(node, 'cat /proc/sys/net/ipv4/vs/backup_only')) === '0', `backup_only of ${node}`)
  }
  demand(!/sync daemon/.test(await daemons('rs1')), 'a realserver has none')
  for (const state of ['master', 'backup']) {
    await on('dir1', `ipvsadm --stop-daemon ${state}`)
    await until(async () => (await daemons('dir1')).includes(`${state} sync`), 15_000, `the ${state} daemon runs again`)
  }
  await on('dir1', 'ipvsadm --stop-daemon backup; ipvsadm --start-daemon backup --mcast-interface inside --syncid 99')
  await until(
    async () => {
      const text = await daemons('dir1')
      return /backup sync daemon/.test(text) && !/syncid=99\b/.test(text)
    },
    15_000,
    'the one with another id runs with ours',
  )
  const { from } = await seats()
  const told = await sh(`lvsm --node dir1 events`)
  demand(/somebody changed the kernel: start the connection synchronisation daemon/.test(told), told)
  figure('owner', from)
})

scenario('messages of anybody but directors end in the kernel', async () => {
  const { from } = await seats()
  const dropped = async (): Promise<number> =>
    Number(/packets (\d+) bytes \d+ drop/.exec(await on(from, 'nft list chain inet lvsm-nat sync'))?.[1] ?? -1)
  const before = await dropped()
  demand(before >= 0, 'the chain stands and counts')
  const forged = `const s = require('node:dgram').createSocket('udp4'); s.bind(0, () => { s.setMulticastInterface('10.12.0.11'); s.send(Buffer.alloc(44), 8848, '224.0.0.81', () => s.close()) })`
  await on('rs1', `${process.execPath} -e "${forged}"`)
  await until(async () => (await dropped()) > before, 10_000, 'the owner counts it')
})

scenario(`${STORY}, by DR and NAT`, () =>
  beside(ALL, () =>
    survive([
      ['session by DR', session(DR)],
      ['session by NAT', session(NAT)],
      ['WebSocket by DR', webSession(WEB)],
      ['download by DR', download(DR)],
      ['download by NAT', download(NAT)],
    ]),
  ),
)

/** 200 connections at once, half of them idle after their first byte. */
async function measured(port: number, name: string): Promise<void> {
  const { to } = await seats()
  const all = crowd(port, 200, 5, true)
  try {
    await all.line('open', 60_000)
    const opened = performance.now()
    all.tell('ports')
    const ports = (await all.line('ports ', 10_000)).split(' ').slice(1).map(Number)
    for (const after of [0, 500, 1000, 2000, 3000, 4000]) {
      const left = opened + after - performance.now()
      if (left > 0) await lasting(left)
      const there = await known(to, port)
      const share = ports.filter((one) => there.has(one)).length
      figure(`${name}: known to the standby`, `${share} of 200 after ${Math.round(performance.now() - opened)} ms`)
      // A datagram that had no room is lost: under emulation that is seen.
      if (after === 4000) demand(share >= MOST_KNOWN, `${200 - share} of 200 are not known to ${to}`)
      if (after === 4000) figure('UDP there', await on(to, 'cat /proc/net/snmp | grep ^Udp: | tail -n 1'))
    }
    const before = await owner()
    await lab('power-cut', before ?? '')
    await successorOf(before ?? '')
    all.tell('answer')
    const answered = await all.line('answered ', 20_000)
    figure(`${name}: after a power cut`, answered)
    demand(Number(answered.split(' ')[1]) >= MOST_KNOWN, answered)
    demand(Number(answered.split(' ')[3]) <= 200 - MOST_KNOWN, answered)
  } finally {
    all.end()
    await whole()
  }
}

scenario('after four seconds the standby knows every one of 200 connections, and serves them after a power cut', () =>
  beside(ALL, async () => {
    await measured(DR, 'DR')
    await measured(NAT, 'NAT')
    const { established = [] } = (await status()).groups[0] ?? {}
    figure('status', JSON.stringify(established))
    demand(established.length === 2, 'both directors say how many connections they know')
  }),
)

scenario(
  'a standby that hears nothing is told, though it counts as many connections; it is over with the first message',
  () =>
    beside(ALL, async () => {
      const { from, to } = await seats()
      const said = async (): Promise<string[]> =>
        (await status(from)).troubles
          .filter(({ node, code }) => node === from && code === 'standby-unaware')
          .map(({ message }) => message)
      const first = crowd(DR, 100, 20, false)
      await first.line('open', 60_000)
      await until(async () => (await known(to, DR)).size >= 98, 20_000, 'the standby knows them')
      demand((await said()).length === 0, 'nothing is told')
      await on(
        to,
        `nft 'table inet deaf { chain deaf { type filter hook prerouting priority -310; udp dport 8848 drop; }; }'`,
      )
      let second: ReturnType<typeof crowd> | undefined
      try {
        // They end at the owner, and the standby does not hear of it; others come in their place.
        first.end()
        second = crowd(DR, 100, 250, false)
        const began = performance.now()
        await until(async () => (await said()).length > 0, 90_000, 'it is told')
        figure('told after', `${Math.round(performance.now() - began)} ms: ${(await said()).join('; ')}`)
        demand((await said()).join().includes(`${to} hears nothing of connections`), (await said()).join('; '))
      } finally {
        await on(to, 'nft delete table inet deaf')
        second?.end()
      }
      const third = crowd(DR, 20, 100, false)
      try {
        await until(async () => (await said()).length === 0, 60_000, 'it is over')
      } finally {
        third.end()
        await whole()
      }
    }),
)
