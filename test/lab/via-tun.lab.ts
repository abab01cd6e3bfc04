// lab: topology=tunnels long=yes
/**
 * Checks through IPVS to the VIP, by tunnels, on a real kernel whose rp_filter is strict everywhere: a realserver that lost its tunnel answers
 * at its own address, and no client; the check by the way of clients finds it out.
 */
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
} from './checked-through.ts'
import { demand, lab, on, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { devices } from './tunnelled.ts'
import { whole } from './witness.ts'

const STRICT = 'net.ipv4.conf.all.rp_filter'
let undo: () => Promise<void> = () => Promise.resolve()

scenario('realservers by tunnels are asked through the VIP, and serve, where rp_filter is strict', async () => {
  await whole()
  for (const node of DIRECTORS) await on(node, `sysctl -qw ${STRICT}=1 net.ipv4.conf.inside.rp_filter=0`)
  await remember()
  undo = await rewrite((text) =>
    text.replace('revision: 1', 'revision: 2').replaceAll(/^( *)type: tcp$/gm, '$1type: tcp\n$1via: vip'),
  )
  await until(async () => (await status()).revision === 2, LONGEST_MS, 'the other file is in use')
  const dir = await holder()
  await until(() => hasTurn(dir), LONGEST_MS, 'somebody has a turn')
  await until(serves, LONGEST_MS, `${VICTIM} serves`)
  const loose = await on(dir, 'sysctl -n net.ipv4.conf.inside.rp_filter net.ipv4.conf.inside.accept_local')
  demand(loose === '2\n1', loose)
})

scenario('one that lost its tunnel is out, though its own address answers, and in again', async () => {
  const names = (await devices(VICTIM)).map(({ name }) => name)
  demand(names.length > 0, `${VICTIM} has tunnels`)
  await lab('freeze', VICTIM, 'agent')
  try {
    await outAfter('no tunnel', async () => {
      for (const name of names) await on(VICTIM, `ip link set ${name} down`)
    })
  } finally {
    await lab('thaw', VICTIM, 'agent')
  }
  await until(serves, LONGEST_MS, `${VICTIM} serves again`)
})

scenario('without the option nothing of it is left', async () => {
  await undo()
  await until(async () => (await status()).revision === 1, LONGEST_MS, 'the file before is in use')
  for (const node of DIRECTORS) await until(() => nothingOf(node), LONGEST_MS, `${node} is as it was`)
  for (const node of DIRECTORS) await on(node, `sysctl -qw ${STRICT}=0`)
  await whole()
})
