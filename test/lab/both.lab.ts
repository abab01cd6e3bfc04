// lab: topology=shared long=yes
/** Two machines that are directors and realservers both share the load: no packet goes to a director twice, and either serves alone. */
import { demand, figure, lab, on, sh, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { counted } from './tunnelled.ts'
import { demandNoneFailed, demandOneOwner, lasting, seats, told, watched, whole } from './witness.ts'

const OWN: Readonly<Record<string, string>> = { dir1: '10.11.0.1', dir2: '10.11.0.2' }
const CLIENT = '10.11.0.100'
/** Of a client's packet: as it was sent, and after one director. Checks come with the first, whoever asks. */
const [SENT, HANDED_ON_ONCE] = [64, 63]

/** Who is in whose table, who answers, and how often a packet was handed on: each router takes one off what it has to live. */
async function sharing(): Promise<void> {
  await whole()
  const { from, to } = await seats()
  for (const [node, other] of [
    [from, to],
    [to, from],
  ] as const) {
    const table = await on(node, 'ipvsadm -Ln')
    demand(new RegExp(`-> ${OWN[node]}:80 +Local +1`).test(table), `${node} has itself: ${table}`)
    demand(new RegExp(`-> ${OWN[other]}:80 +Masq +1`).test(table), `${node} has ${other} by NAT: ${table}`)
  }
  const counters = await counted([
    { node: from, what: 'asked', rule: `ip saddr ${CLIENT} ip daddr ${VIP} tcp dport 80 ip ttl ${SENT}` },
    { node: from, what: 'sent back', rule: `ip saddr ${OWN[to]} ip daddr ${VIP}` },
    { node: from, what: 'handed on more than once', rule: `tcp dport 80 ip ttl < ${SENT}` },
    { node: to, what: 'handed on once', rule: `ip saddr ${OWN[from]} ip daddr ${OWN[to]} ip ttl ${HANDED_ON_ONCE}` },
    { node: to, what: 'from clients', rule: `ip saddr ${CLIENT} tcp dport 80` },
    { node: to, what: 'for the VIP', rule: `ip daddr ${VIP}` },
    { node: to, what: 'handed on more than once', rule: `tcp dport 80 ip ttl < ${HANDED_ON_ONCE}` },
    { node: 'client', what: 'answers from elsewhere', rule: `ip saddr ${OWN[to]} tcp sport 80` },
    {
      node: 'client',
      what: 'answers handed on twice',
      rule: `ip saddr ${VIP} tcp sport 80 ip ttl < ${HANDED_ON_ONCE}`,
    },
  ])
  const seen = await watched(() => lasting(3000))
  const counts = await counters()
  told('requests', seen)
  figure('requests of each', JSON.stringify(seen.http.servers))
  figure('packets', JSON.stringify(counts))
  demandOneOwner(seen)
  demandNoneFailed(seen)
  const [own = 0, others = 0] = [seen.http.servers[from], seen.http.servers[to]]
  demand(own > 0 && others > 0 && Math.abs(own - others) <= 2, `in turn: ${JSON.stringify(seen.http.servers)}`)
  const { [`${from} asked`]: asked = 0, [`${to} handed on once`]: handedOn = 0, ...never } = counts
  demand(asked > handedOn && handedOn > 0, `some of what is asked is handed on: ${JSON.stringify(counts)}`)
  for (const [what, packets] of Object.entries(never)) demand(packets === 0, `${what}: ${packets} packets`)
}

scenario('both serve in turn, and no packet is handed on more than once', sharing)

scenario(
  'after a switchover they go on with their seats exchanged; no request fails, and status names both',
  async () => {
    const { from, to } = await seats()
    const seen = await watched(async () => {
      await lasting(500)
      await sh(`lvsm switchover web ${to}`)
      await until(async () => (await seats()).from === to, 10_000, `${to} owns web`)
      await lasting(1500)
    })
    told('a switchover', seen)
    demandOneOwner(seen)
    demandNoneFailed(seen)
    await sharing()
    const http = (await status()).services.find(({ name }) => name === 'http')
    const ways = http?.realservers.map(({ node, forward }) => `${node} ${forward}`).toSorted()
    demand(ways?.join() === [`${from} fullnat`, `${to} local`].toSorted().join(), `status says ${ways?.join()}`)
  },
)

const answers = (): Promise<string> => on('client', `curl -s -m 2 http://${VIP}/`).catch(() => '')

scenario('the owner loses its power: the other one serves everything; when it is back they share again', async () => {
  const { from, to } = await seats()
  await lab('power-cut', from)
  await until(async () => (await answers()) === to, 20_000, `${to} serves`)
  const table = async (): Promise<string> => await on(to, 'ipvsadm -Ln')
  await until(async () => !(await table()).includes(`${OWN[from]}:80`), 15_000, `${from} leaves the table of ${to}`)
  for (let nth = 0; nth < 10; nth++) demand((await answers()) === to, `request ${nth} is answered by ${to}`)
  await lab('heal')
  await sharing()
})

scenario('the standby loses its power: the owner serves everything, without a move', async () => {
  const { from, to } = await seats()
  await lab('power-cut', to)
  await until(async () => !(await on(from, 'ipvsadm -Ln')).includes(`${OWN[to]}:80`), 15_000, `${to} leaves the table`)
  for (let nth = 0; nth < 10; nth++) demand((await answers()) === from, `request ${nth} is answered by ${from}`)
  await lab('heal')
  await sharing()
})
