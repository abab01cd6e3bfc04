// lab: topology=nat6 long=yes
/** NAT of IPv6: translated on the way in and back, by whoever owns the group; what the realserver begins leaves with the VIP. */
import { demand, lab, on, sh, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { counted } from './tunnelled.ts'
import { seats, whole } from './witness.ts'

const [VIP6, RS, GATEWAY, CLIENT] = ['2001:db8:11::10', '2001:db8:12::13', '2001:db8:12::254', '2001:db8:11::100']
const asked = (): Promise<string> => on('client', `curl -s -m 5 'http://[${VIP6}]/'`).catch(() => '')

scenario('a client is served over IPv6 by NAT, and its packets are rewritten both ways', async () => {
  await whole()
  const { from } = await seats()
  await until(async () => (await asked()) === 'rs3', 20_000, 'rs3 answers over IPv6')
  const table = await on(from, 'ipvsadm -Ln')
  demand(/-> \[2001:db8:12::13\]:8080 +Masq +1/.test(table), table)
  const counters = await counted([
    { node: 'rs3', what: 'rewritten', rule: `ip6 daddr ${RS} tcp dport 8080 ip6 saddr ${CLIENT}` },
    { node: 'rs3', what: 'bare', rule: `ip6 daddr ${VIP6}` },
    { node: 'client', what: 'answers', rule: `ip6 saddr ${VIP6} tcp sport 80` },
    { node: 'client', what: 'untranslated', rule: `ip6 saddr ${RS}` },
  ])
  for (let nth = 0; nth < 10; nth++) demand((await asked()) === 'rs3', `request ${nth} is answered`)
  const counts = await counters()
  demand((counts['rs3 rewritten'] ?? 0) > 0 && (counts['client answers'] ?? 0) > 0, JSON.stringify(counts))
  demand(counts['rs3 bare'] === 0 && counts['client untranslated'] === 0, JSON.stringify(counts))
})

scenario('settings, gateway and routes are there, and put back', async () => {
  const { from, to } = await seats()
  for (const node of [from, to])
    demand((await on(node, 'sysctl -n net.ipv6.conf.all.forwarding')) === '1', `${node} forwards`)
  demand((await on(from, 'ip -6 addr show dev inside')).includes(`${GATEWAY}/64`), `${from} has the gateway`)
  demand(!(await on(to, 'ip -6 addr show dev inside')).includes(GATEWAY), `${to} has it not`)
  demand((await on('rs3', 'ip -6 route show default')).includes(`via ${GATEWAY}`), 'rs3 goes through it')
  await on('rs3', 'ip -6 route del default')
  await until(
    async () => (await on('rs3', 'ip -6 route show default')).includes(`via ${GATEWAY}`),
    10_000,
    'it is put back',
  )
})

scenario('what the realserver begins leaves with the VIP', async () => {
  const counters = await counted([
    { node: 'client', what: 'from the VIP', rule: `ip6 saddr ${VIP6} icmpv6 type echo-request` },
    { node: 'client', what: 'from inside', rule: `ip6 saddr ${RS}` },
  ])
  await on('rs3', `ping -6 -c 3 -W 3 ${CLIENT}`)
  const counts = await counters()
  demand(counts['client from the VIP'] === 3 && counts['client from inside'] === 0, JSON.stringify(counts))
})

scenario('after a switchover and a power cut it goes on', async () => {
  const { to } = await seats()
  await sh(`lvsm switchover web ${to}`)
  await until(async () => (await asked()) === 'rs3', 10_000, 'served after the switchover')
  const { from } = await seats()
  await lab('power-cut', from)
  await until(async () => (await asked()) === 'rs3', 20_000, 'served after the power cut')
  await lab('heal')
  await whole()
})
