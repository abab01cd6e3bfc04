// lab: topology=default long=yes
/** Checks through IPVS to services of UDP, and to services on several ports: a realserver that lost its alias answers at its own address, and no client. */
import { beside, type Beside } from './beside.ts'
import { hasTurn, holder, LONGEST_MS, outAfter, servesIn, VICTIM } from './checked-through.ts'
import { demand, lab, on, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { Program, serverOn } from './sessions.ts'
import { whole } from './witness.ts'

const [ECHO, FIRST, ASKED] = [7003, 7004, 7005] as const
const FIGURES = 'via: vip, interval: 500ms, timeout: 300ms, fall: 2, rise: 2'
const SERVERS = '{ node: rs1, address: 10.11.0.11, forward: dr }, { node: rs2, address: 10.11.0.12, forward: dr }'
const SERVICES = [
  ['echo', `port: ${ECHO}, protocol: udp`, `type: udp, send: ping, expect: ping`],
  ['several', `ports: [${FIRST}, ${ASKED}], protocol: tcp`, `type: tcp, port: ${ASKED}`],
]
  .map(
    ([name, place, check]) =>
      `  - { name: ${name}, group: web, address: ${VIP}, ${place}, scheduler: rr, check: { ${check}, ${FIGURES} }, realservers: [${SERVERS}] }\n`,
  )
  .join('')

/** At the VIP, and at its own address for who is no owner: what answers at any address answers from its own. */
const echoes = (own: string): string => `let left = 2
  for (const at of ['${VIP}', '${own}']) {
    const s = require('node:dgram').createSocket('udp4')
    s.on('message', (bytes, { address, port }) => s.send(bytes, port, address))
    s.bind(${ECHO}, at, () => { if (--left === 0) console.log('ready') })
  }`
async function echoesOn(node: string, own: string): Promise<Program> {
  const program = new Program(node, echoes(own))
  await program.line('ready', 20_000)
  return program
}
const PLACES = [
  ['rs1', '10.11.0.11'],
  [VICTIM, '10.11.0.12'],
] as const
const ALL: Beside = {
  services: SERVICES,
  servers: () => PLACES.flatMap(([node, own]) => [echoesOn(node, own), serverOn(node, ASKED)]),
  last: ':7003',
}

scenario('both are asked through the VIP, each at its port, and serve; datagrams leave nothing in IPVS', async () => {
  await whole()
  await beside(ALL, async () => {
    const dir = await holder()
    for (const name of ['echo', 'several']) await until(() => servesIn(name), LONGEST_MS, `${VICTIM} serves in ${name}`)
    await until(() => hasTurn(dir), LONGEST_MS, 'somebody has a turn')
    const rules = await on(dir, 'nft list chain inet lvsm-nat through')
    for (const place of [`udp dport ${ECHO}`, `tcp dport ${ASKED}`])
      demand(new RegExp(`ip daddr ${VIP} ${place} counter packets [1-9]`).test(rules), rules)
    const listed = await on(dir, 'ipvsadm -Lnc')
    demand(!new RegExp(`UDP .*10\\.11\\.0\\.[12]:\\d+ +${VIP}:${ECHO}`).test(listed), listed)
    await lab('freeze', VICTIM, 'agent')
    try {
      await outAfter('no alias', () => on(VICTIM, `ip address del ${VIP}/32 dev lo`), { service: 'echo', vip: VIP })
      await until(async () => !(await servesIn('several')), LONGEST_MS, `${VICTIM} is out of the other one, too`)
    } finally {
      await lab('thaw', VICTIM, 'agent')
    }
    for (const name of ['echo', 'several'])
      await until(() => servesIn(name), LONGEST_MS, `${VICTIM} serves in ${name} again`)
  })
  await whole()
})
