// lab: long=yes
/**
 * Checks through IPVS to the VIP, on a real kernel: a realserver that lost its alias, or has a firewall before the VIP, answers at its own
 * address, and no client; the check by the way of clients finds it out.
 */
import type { ConnectionsReport } from '@lvsm/protocol'
import {
  DIRECTORS,
  hasTurn,
  holder,
  LONGEST_MS,
  nothingOf,
  outAfter,
  remember,
  serves,
  VICTIM,
  victim,
} from './checked-through.ts'
import { demand, figure, lab, on, sh, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { whole } from './witness.ts'

let undo: () => Promise<void> = () => Promise.resolve()

scenario('realservers by direct routing are asked through the VIP, one after the other, and serve', async () => {
  await whole()
  await remember()
  undo = await rewrite((text) =>
    text
      .replace('revision: 1', 'revision: 2')
      // Answers by NAT do not come back to the check, so it is refused there.
      .replace(/^( *)- node: rs3\n(?:\1 {2}.*\n)*/m, '')
      .replaceAll(/^( *)type: tcp$/gm, '$1type: tcp\n$1via: vip'),
  )
  await until(async () => (await status()).revision === 2, LONGEST_MS, 'the other file is in use')
  const dir = await holder()
  await until(() => hasTurn(dir), LONGEST_MS, 'somebody has a turn')
  await until(serves, LONGEST_MS, `${VICTIM} serves`)
  const shown = await sh(`lvsm --node ${dir} check list`)
  figure('lvsm check list', `\n${shown}`)
  const report = JSON.parse(await sh(`lvsm --node ${dir} check list -o json`)) as { checks: { way?: string }[] }
  demand(
    report.checks.every(({ way }) => way === `through IPVS to ${VIP}`),
    JSON.stringify(report),
  )
  const rules = await on(dir, 'nft list chain inet lvsm-nat through')
  demand(/packets [1-9]/.test(rules), rules)
  const troubles = (await status()).troubles.filter(({ code }) => code.startsWith('via-'))
  demand(troubles.length === 0, JSON.stringify(troubles))
})

scenario('its entries are no service of anybody, and its connections are no client’s', async () => {
  for (const dir of DIRECTORS) {
    const { connections } = JSON.parse(await sh(`lvsm --node ${dir} connections -o json`)) as ConnectionsReport
    demand(!connections.some(({ client }) => /^10\.11\.0\.[12]:/.test(client)), JSON.stringify(connections))
    const [stats, text] = [await sh(`lvsm --node ${dir} stats`), await sh(`lvsm --node ${dir} status`)]
    demand(!/fwmark|foreign/i.test(stats + text), `${stats}\n${text}`)
  }
  const listed = await on(await holder(), 'ipvsadm -Lnc')
  demand(/10\.11\.0\.[12]:\d+ +10\.11\.0\.10:80/.test(listed), `IPVS has them: ${listed}`)
})

scenario('realservers hear that a check is over: no connection of it stays open there', async () => {
  for (const node of ['rs1', VICTIM]) {
    const open = `ss -Hnt state established state close-wait state last-ack src ${VIP}`
    await until(async () => (await on(node, open)).split('\n').length <= 2, LONGEST_MS, `${node}: ${open}`)
  }
})

scenario('one that lost its alias is out, though its own address answers, and in again', async () => {
  await lab('freeze', VICTIM, 'agent')
  try {
    await outAfter('no alias', () => on(VICTIM, `ip address del ${VIP}/32 dev lo`))
    await on(VICTIM, `ip address add ${VIP}/32 dev lo label lo:lvsm`)
    await until(serves, LONGEST_MS, `${VICTIM} serves again`)
  } finally {
    await lab('thaw', VICTIM, 'agent')
  }
})

scenario('one with a firewall before the VIP is out, and in again', async () => {
  const rules = 'table inet before { chain in { type filter hook input priority 0; ip daddr VIP tcp dport 80 drop; }; }'
  try {
    await outAfter('a firewall', () => on(VICTIM, `nft '${rules.replace('VIP', VIP)}'`))
  } finally {
    await on(VICTIM, 'nft delete table inet before')
  }
  await until(serves, LONGEST_MS, `${VICTIM} serves again`)
})

scenario('whoever owns the group asks so, and nothing of it stays on who owned it before', async () => {
  const [from, { groups }] = [await holder(), await status()]
  const to = DIRECTORS.find((name) => name !== from)
  demand(to, 'there is another director')
  await sh(`lvsm switchover ${groups[0]?.name} ${to}`)
  await until(() => hasTurn(to), LONGEST_MS, `${to} asks through the VIP`)
  await until(() => nothingOf(from), LONGEST_MS, `${from} is as it was`)
  await until(serves, LONGEST_MS, `${VICTIM} serves`)
})

scenario('a firewall of the owner that drops what connection tracking calls invalid drops the answers', async () => {
  const dir = await holder()
  await on(
    dir,
    "nft 'table inet before { chain in { type filter hook input priority 0; ct state invalid counter drop; }; }'",
  )
  try {
    await until(async () => (await victim()).healthy === false, LONGEST_MS, 'checks fail')
    const rules = await on(dir, 'nft list table inet before')
    demand(/packets [1-9]/.test(rules), rules)
  } finally {
    await on(dir, 'nft delete table inet before')
  }
  await until(serves, LONGEST_MS, `${VICTIM} serves again`)
})

scenario('without the option nothing of it is left', async () => {
  await undo()
  await until(async () => (await status()).revision === 1, LONGEST_MS, 'the file before is in use')
  for (const node of DIRECTORS) await until(() => nothingOf(node), LONGEST_MS, `${node} is as it was`)
  await whole()
})
