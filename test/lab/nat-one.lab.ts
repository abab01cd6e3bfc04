// lab: long=yes
/** NAT where client, director and realserver are in one network: answers pass the director, through either of them, and nobody is shown a way around. */
import { demand, figure, on, owner, sh, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { counted } from './tunnelled.ts'
import { demandNoneFailed, demandOneOwner, lasting, seats, told, watched, whole } from './witness.ts'

const SERVER = '10.11.0.11'
const CLIENT = '10.11.0.100'
const GATEWAY = '10.11.0.253'
const ANSWERS = `ip saddr ${SERVER} tcp sport 80`

/** rs1 by NAT, in the network of VIP and client. */
const near = (text: string): string => {
  const changed = text
    .replace('revision: 1', 'revision: 2')
    .replace(/^( *)- 10\.12\.0\.254\/24\n/m, `$&$1- ${GATEWAY}/24\n`)
    .replace(
      /^( *)- node: rs1\n( +address: 10\.11\.0\.11\n(?: +port: .*\n)?) +forward: dr\n/m,
      `$1- node: rs1\n$2$1  forward: nat\n$1  gateway: ${GATEWAY}\n$1  route: policy\n`,
    )
  demand(changed.includes('route: policy'), `rs1 serves by direct routing: ${text}`)
  return changed
}

async function served(): Promise<void> {
  const { from } = await seats()
  await until(
    async () => new RegExp(`-> ${SERVER}:80 +Masq +1`).test(await on(from, 'ipvsadm -Ln')),
    30_000,
    `${from} has rs1 by NAT`,
  )
  const counters = await counted([
    { node: from, what: 'answers', rule: `${ANSWERS} ip daddr ${CLIENT}` },
    {
      node: from,
      what: 'answers to checks of others',
      rule: `${ANSWERS} ip daddr != { ${CLIENT}, 10.11.0.1, 10.11.0.2 }`,
    },
    { node: 'client', what: 'straight', rule: ANSWERS },
    { node: 'client', what: 'redirects', rule: 'icmp type redirect' },
    { node: 'rs1', what: 'redirects', rule: 'icmp type redirect' },
  ])
  const seen = await watched(() => lasting(3000))
  const counts = await counters()
  told('requests', seen)
  figure('packets', JSON.stringify(counts))
  demandOneOwner(seen)
  demandNoneFailed(seen)
  demand((seen.http.servers['rs1'] ?? 0) > 0, `rs1 answers: ${JSON.stringify(seen.http.servers)}`)
  demand((counts[`${from} answers`] ?? 0) > 0, 'answers of rs1 pass the owner')
  for (const what of ['client straight', 'client redirects', 'rs1 redirects', `${from} answers to checks of others`])
    demand(counts[what] === 0, `${what}: ${counts[what]}`)
}

scenario(
  'answers to a client next to a NAT realserver pass whoever owns the group, and leave nothing behind',
  async () => {
    await whole()
    const undo = await rewrite(near)
    try {
      await until(async () => (await on('rs1', 'ip rule')).includes('7600'), 30_000, 'rs1 leads its answers')
      await served()
      const { group, to } = await seats()
      await sh(`lvsm switchover ${group} ${to}`)
      await until(async () => (await owner()) === to, 10_000, `${to} owns ${group}`)
      await served()
    } finally {
      await undo()
    }
    await until(async () => !(await on('rs1', 'ip rule')).includes('7600'), 30_000, 'rs1 leads nothing any more')
    demand((await on('rs1', 'ip route show table 7600 2> /dev/null || true')) === '', 'its table is empty')
    await whole()
  },
)
