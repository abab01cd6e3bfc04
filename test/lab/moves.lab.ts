/** What an operator does to a cluster that serves: moves, standby, a new agent. Nobody outside may notice. */
import { demand, figure, lab, on, owner, sh, status, until } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import {
  AFTERMATH_MS,
  demandNoMove,
  demandNoneFailed,
  demandOneOwner,
  gatewaysToo,
  lasting,
  seated,
  seats,
  served,
  told,
  watched,
  whole,
} from './witness.ts'

/** Well below the drain time of the default lab. */
const HALF_SAID_MS = 120
/** They come around within a second: a director knows each of them from its reign before. No multiple of the realservers. */
const USED_PORTS = 17

scenario('planned switchover: no request fails, none waits a second', async () => {
  await whole()
  const { group, from, to } = await seats()
  const seen = await watched(async () => {
    await lasting(300)
    await sh(`lvsm switchover ${group} ${to}`)
    await until(async () => (await owner()) === to, 5000, `${to} owns ${group}`)
    await lasting(AFTERMATH_MS)
  })
  told(`${from} → ${to}`, seen)
  figure('longest request', `${seen.http.longestRequestMs} ms`)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  demand(seen.http.longestRequestMs < 1000, `the longest request took ${seen.http.longestRequestMs} ms`)
})

inSoak('switchovers there and back: requests that are half-said are answered', async () => {
  await whole()
  const { group, from, to } = await seats()
  const seen = await watched(
    async () => {
      for (const director of [to, from, to, from, to]) {
        await lasting(AFTERMATH_MS)
        await lab('api', '-', 'POST', '/v1/switchover', JSON.stringify({ group, to: director }))
        await until(async () => (await owner()) === director, 5000, `${director} owns ${group}`)
      }
      await lasting(AFTERMATH_MS)
    },
    { ...(await gatewaysToo()), http: ['--hold', HALF_SAID_MS, '--ports', USED_PORTS].map(String) },
  )
  told('five switchovers', seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
})

const restarts = async (node: string, name: string): Promise<number> => {
  const row = (await lab('pids', node)).split('\n').find((line) => line.split('\t')[1] === name)
  return Number.parseInt(row?.split('\t')[4] ?? '', 10)
}

inSoak("the owner's agent is killed and starts again: no move, no failed request", async () => {
  await whole()
  const before = await seats()
  const count = await restarts(before.from, 'agent')
  const table = await on(before.from, 'ipvsadm -Sn')
  const seen = await watched(async () => {
    await lab('crash', before.from, 'agent')
    await until(async () => (await restarts(before.from, 'agent')) > count, 10_000, 'the supervisor starts it again')
    await until(async () => (await status(before.from)).quorum, 20_000, 'the new agent answers')
    await seated(before.from, 10_000)
  })
  told('agent crash', seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  demandNoMove(seen)
  const after = await seats()
  demand(after.from === before.from && after.number === before.number, `lease ${after.number} of ${after.from}`)
  demand((await on(before.from, 'ipvsadm -Sn')) === table, 'the table is as it was')
})

inSoak('standby on moves the group without a failed request, and blocks; standby off ends that', async () => {
  await whole()
  const { group, from, to } = await seats()
  const seen = await watched(async () => {
    await sh(`lvsm standby on ${from}`)
    await until(async () => (await owner()) === to, 10_000, `${to} owns ${group}`)
    await lasting(AFTERMATH_MS)
  })
  told(`standby on ${from}`, seen)
  demandOneOwner(seen)
  demandNoneFailed(seen)
  // Not even when the only other director dies: it says who is missing, and nobody answers.
  await lab('stop', to, 'lease')
  await until(async () => (await status(from)).groups[0]?.owner === null, 10_000, 'nobody owns the group')
  await lasting(2500)
  demand((await status(from)).groups[0]?.owner === null, `${from} is on standby and takes nothing`)
  await sh(`lvsm --node ${from} standby off ${from}`)
  await until(async () => (await status(from)).groups[0]?.owner === from, 15_000, `${from} takes it now`)
  await served()
  await whole()
})
