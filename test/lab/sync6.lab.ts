// lab: topology=tunnels6 long=yes
/** Connections of IPv6 survive, and the directors tell each other of them over IPv6: by DR and by a tunnel. */
import { beside } from './beside.ts'
import { demand, figure, on, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { STORY, survive6 } from './surviving.ts'
import { seats, whole } from './witness.ts'

const KEYS = 'sync-link: inside6'
const GROUP = 'ff15::e000:51'
const NOTHING_ELSE = { services: '', servers: () => [], last: ':80', keys: KEYS }

scenario('both daemons run on the link of IPv6, and take messages of directors alone', async () => {
  await whole()
  await beside(NOTHING_ELSE, async () => {
    for (const node of ['dir1', 'dir2']) {
      const daemons = (): Promise<string> => on(node, 'ipvsadm -L --daemon')
      await until(
        async () => (await daemons()).split('\n').filter((line) => line.includes(GROUP)).length === 2,
        15_000,
        `both daemons of ${node} speak to ${GROUP}`,
      )
      figure(node, (await daemons()).replaceAll('\n', ' | '))
    }
    const { from } = await seats()
    const dropped = async (): Promise<number> =>
      Number(/packets (\d+) bytes \d+ drop/.exec(await on(from, 'nft list chain inet lvsm-nat sync'))?.[1] ?? -1)
    const before = await dropped()
    demand(before >= 0, 'the chain stands and counts')
    const forged = `const s = require('node:dgram').createSocket('udp6'); s.bind(0, () => { s.setMulticastInterface('::%inside'); s.send(Buffer.alloc(44), 8848, '${GROUP}', () => s.close()) })`
    await on('rs1', `${process.execPath} -e "${forged}"`)
    await until(async () => (await dropped()) > before, 10_000, 'the owner counts it')
  })
})

scenario(`${STORY}, over IPv6 by DR and IP in IP`, async () => {
  await whole()
  await survive6(
    [
      { name: 'DR', port: 7000, node: 'rs1', server: '{ node: rs1, address: "2001:db8:11::11", forward: dr }' },
      { name: 'TUN', port: 7001, node: 'rs1', server: '{ node: rs1, address: "2001:db8:12::11", forward: tun }' },
    ],
    '-i',
    KEYS,
  )
})
