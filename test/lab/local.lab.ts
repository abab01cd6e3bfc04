// lab: topology=both long=yes
/** Two machines that are directors and realservers both: the owner serves beside rs1, and no packet goes from director to director. */
import { demand, figure, lab, on, sh, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { counted } from './tunnelled.ts'
import { demandNoneFailed, demandOneOwner, lasting, seats, told, watched, whole } from './witness.ts'

const OWN: Readonly<Record<string, string>> = { dir1: '10.11.0.1', dir2: '10.11.0.2' }

/** Who answers, and whether a packet for the VIP comes to the standby from anybody. */
async function serving(): Promise<void> {
  await whole()
  const { from, to } = await seats()
  for (const node of [from, to]) {
    const table = await on(node, 'ipvsadm -Ln')
    demand(new RegExp(`-> ${OWN[node]}:80 +Local +1`).test(table), `${node} has itself: ${table}`)
    const other = node === from ? to : from
    demand(!table.includes(`${OWN[other]}:80`), `${node} has not ${other}: ${table}`)
    demand(/-> 10\.11\.0\.11:80 +Route +1/.test(table), `${node} has rs1: ${table}`)
  }
  const counters = await counted([
    { node: to, what: 'for the VIP', rule: `iifname "outside" ip daddr ${VIP} tcp dport 80` },
    { node: to, what: 'handed on', rule: `iifname "inside" ip daddr ${VIP}` },
  ])
  const seen = await watched(() => lasting(3000))
  const counts = await counters()
  told('requests', seen)
  figure('requests of each', JSON.stringify(seen.http.servers))
  demandOneOwner(seen)
  demandNoneFailed(seen)
  demand((seen.http.servers[from] ?? 0) > 0, `${from} answers itself`)
  demand((seen.http.servers['rs1'] ?? 0) > 0, 'rs1 answers')
  demand((seen.http.servers[to] ?? 0) === 0, `${to} does not`)
  demand(
    counts[`${to} for the VIP`] === 0 && counts[`${to} handed on`] === 0,
    `nothing goes to ${to}: ${JSON.stringify(counts)}`,
  )
}

scenario('the owner serves beside rs1; the standby is asked nothing, and is in no table but its own', serving)

scenario('after a switchover the other one serves itself, and status tells of who is in the table', async () => {
  const { from, to } = await seats()
  await sh(`lvsm switchover web ${to}`)
  await until(async () => (await seats()).from === to, 10_000, `${to} owns web`)
  await serving()
  const http = (await status()).services.find(({ name }) => name === 'http')
  const names = http?.realservers.map(({ node }) => node).toSorted()
  demand(names?.join() === [to, 'rs1'].join(), `status names ${names?.join()}`)
  demand(
    (await sh('lvsm status --check > /dev/null; echo $?')).trim() === '0',
    `the cluster is well: ${from} is missed by nobody`,
  )
})

scenario('who owns it goes on serving when rs1 is gone, and the next one when the owner is', async () => {
  const { from, to } = await seats()
  await lab('power-cut', 'rs1')
  await until(
    async () => (await on('client', `curl -s -m 2 http://${VIP}/`).catch(() => '')) === from,
    20_000,
    `${from} serves alone`,
  )
  await lab('heal')
  await whole()
  await lab('power-cut', from)
  await until(
    async () => (await on('client', `curl -s -m 2 http://${VIP}/`).catch(() => '')) === to,
    20_000,
    `${to} serves`,
  )
  await lab('heal')
  await whole()
})
