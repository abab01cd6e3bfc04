// lab: topology=dual long=yes
/** Checks through IPVS to a VIP of IPv6: a realserver that lost its alias, or has a firewall before the VIP, answers at its own address, and no client. */
import {
  DIRECTORS,
  hasTurn,
  holder,
  LONGEST_MS,
  nothingOf,
  outAfter,
  remember,
  servesIn,
  VICTIM,
} from './checked-through.ts'
import { demand, figure, lab, on, sh, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { whole } from './witness.ts'

const [SERVICE, VIP6] = ['http6', '2001:db8:11::10'] as const
const PLACE = { service: SERVICE, vip: VIP6 }
const back = (): Promise<unknown> => until(() => servesIn(SERVICE), LONGEST_MS, `${VICTIM} serves again`)
let undo: () => Promise<void> = () => Promise.resolve()

scenario('realservers are asked through the VIP of IPv6, one after the other, and serve', async () => {
  await whole()
  await remember()
  undo = await rewrite((text) => {
    const [before = '', after = ''] = text.replace('revision: 1', 'revision: 2').split(/(?=^ *- name: http6$)/m)
    return before + after.replace(/^( *)type: tcp$/m, '$1type: tcp\n$1via: vip')
  })
  await until(async () => (await status()).revision === 2, LONGEST_MS, 'the other file is in use')
  const dir = await holder()
  await until(() => hasTurn(dir), LONGEST_MS, 'somebody has a turn')
  await back()
  figure('lvsm check list', `\n${await sh(`lvsm --node ${dir} check list`)}`)
  const rules = await on(dir, 'nft list chain inet lvsm-nat through')
  demand(rules.includes(`ip6 daddr ${VIP6}`) && /packets [1-9]/.test(rules), rules)
})

scenario('one that lost its alias is out, though its own address answers, and in again', async () => {
  await lab('freeze', VICTIM, 'agent')
  try {
    await outAfter('no alias', () => on(VICTIM, `ip address del ${VIP6}/128 dev lo`), PLACE)
  } finally {
    await lab('thaw', VICTIM, 'agent')
  }
  await back()
})

scenario('one with a firewall before the VIP is out, and in again', async () => {
  const rule = `ip6 daddr ${VIP6} tcp dport 80 drop`
  try {
    await outAfter(
      'a firewall',
      () => on(VICTIM, `nft 'table inet before { chain in { type filter hook input priority 0; ${rule}; }; }'`),
      PLACE,
    )
  } finally {
    await on(VICTIM, 'nft delete table inet before')
  }
  await back()
})

scenario('without the option nothing of it is left', async () => {
  await undo()
  await until(async () => (await status()).revision === 1, LONGEST_MS, 'the file before is in use')
  for (const node of DIRECTORS) await until(() => nothingOf(node), LONGEST_MS, `${node} is as it was`)
  await whole()
})
