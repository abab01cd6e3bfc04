/** The two processes of a node start and stop in any order, and what an operator said outlives them. */
import { attempt, demand, lab, on, owner, sh, status, until } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import {
  demandNoMove,
  demandNoneFailed,
  demandOneOwner,
  lasting,
  seated,
  seats,
  told,
  watched,
  whole,
} from './witness.ts'

/** Longer than any heartbeat, reconciliation or drain. */
const WHILE_MS = 1000

const stateOf = async (asked: string, node: string): Promise<string | undefined> =>
  (await status(asked)).nodes.find(({ name }) => name === node)?.state
const standsBy = (node: string): Promise<unknown> =>
  until(async () => (await stateOf(node, node)) === 'standby', 30_000, `${node} stands by`)

scenario("the owner's agent is stopped with SIGTERM and started again: no move, no failed request", async () => {
  await whole()
  const before = await seats()
  const seen = await watched(async () => {
    await lab('stop', before.from, 'agent')
    await lasting(WHILE_MS)
    await lab('start', before.from, 'agent')
    await seated(before.from, 90_000, before.from)
  })
  told('agent stopped and started', seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  demandNoMove(seen)
  demand((await seats()).number >= before.number, 'the same lease goes on')
})

inSoak('a standby starts agent first, and lease process first; each waits for the other', async () => {
  await whole()
  const { from, to } = await seats()
  for (const order of [
    ['agent', 'lease'],
    ['lease', 'agent'],
  ] as const) {
    await lab('stop', to, order[0])
    await lab('stop', to, order[1])
    demand((await on(to, 'ip -4 addr')).includes('lvsm') === false, `${to} has no address of ours`)
    await lab('start', to, order[0])
    await lasting(WHILE_MS)
    await lab('start', to, order[1])
    await standsBy(to)
  }
  demand((await owner()) === from, 'nothing moved')
})

inSoak('an owner whose agent is gone still gives its group up when its lease process is stopped', async () => {
  await whole()
  const { from, to } = await seats()
  const seen = await watched(async () => {
    await lab('stop', from, 'agent')
    await lab('stop', from, 'lease')
    await until(async () => (await status(to)).groups[0]?.owner === to, 15_000, `${to} owns the group`)
    await lasting(WHILE_MS)
  })
  told('agent, then lease process stopped', seen)
  demandOneOwner(seen)
  const { out: tables } = await attempt(`ip netns exec ${from} nft list tables`)
  demand(!/table \w+ lvsm$/m.test(tables), `${from} keeps no fence: ${tables}`)
  await lab('start', from, 'all')
  await standsBy(from)
})

inSoak('standby outlives the lease process that was told so', async () => {
  await whole()
  const { to } = await seats()
  await sh(`lvsm standby on ${to}`)
  await lab('crash', to, 'lease')
  const own = await until(
    async () => (await status(to)).nodes.find(({ name, state }) => name === to && state === 'maintenance'),
    20_000,
    'it runs again',
  )
  await sh(`lvsm standby off ${to}`)
  demand(own.standby, `${to} is on standby still: ${JSON.stringify(own)}`)
  await whole()
})

inSoak('a lease process that is stopped before it knows its view leaves the fence of its predecessor', async () => {
  await whole()
  const { from, to } = await seats()
  const seen = await watched(async () => {
    await lab('kill', from, 'all')
    await sh(`rm /var/lib/lvsm/${from}/lease.view`)
    await lab('start', from, 'lease')
    await lasting(WHILE_MS / 3)
    await lab('stop', from, 'lease')
    await until(async () => (await status(to)).groups[0]?.owner === to, 15_000, `${to} owns the group`)
    await lasting(WHILE_MS)
  })
  told('killed, started without a view, stopped', seen)
  demandOneOwner(seen)
  await lab('start', from, 'all')
  await standsBy(from)
})
