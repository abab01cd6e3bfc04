// lab: long=yes
/** An owner whose clients are out of reach hands over to a ready director that reaches more ping nodes; else it stays. */
import { demand, figure, lab, owner, sh, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import {
  AFTERMATH_MS,
  BETTER_FOR_MS,
  demandNoMove,
  demandOneOwner,
  HANDED_OVER_MS,
  handedOver,
  lasting,
  seats,
  served,
  told,
  watched,
  whole,
} from './witness.ts'

/** Longer than it takes to miss a ping node and to hand over for it. */
const LONG_ENOUGH_MS = 9000
const ROUTER = 'client'

/** Does `node` reach the group's ping node, as `asked` sees it? */
async function reaches(node: string, asked?: string): Promise<boolean | null | undefined> {
  const [group] = (await status(asked)).groups
  return group?.pings[0]?.directors.find((one) => one.node === node)?.reached
}

scenario('every director reaches the ping node, and lvsm status shows it', async () => {
  await whole()
  const { from, to } = await seats()
  for (const node of [from, to]) await until(async () => (await reaches(node)) === true, 10_000, `${node} reaches it`)
  const text = await sh('lvsm status')
  figure('lvsm status', (/PING NODES\n.*\n.*/.exec(text)?.[0] ?? '').replaceAll('\n', ' | '))
  demand(/PING NODES\n.*\n +web +10\.11\.0\.100 +dir1, dir2 +- +-/.test(text), text)
})

scenario(
  'uplink dead behind a live carrier: the owner hands over, as planned, and not before three seconds',
  async () => {
    await whole()
    const { from, to, number } = await seats()
    let [tookMs, unreachedMs] = [0, 0]
    const seen = await watched(async () => {
      const began = performance.now()
      await lab('partition', from, ROUTER, 'outside')
      try {
        await until(async () => (await reaches(from, from)) === false, HANDED_OVER_MS, `${from} misses the ping node`)
        unreachedMs = performance.now() - began
        demand((await owner()) === from, 'a ping node that is missing moves nothing at once')
        const troubles = (await status()).troubles.filter(({ code }) => code === 'ping-unreached')
        figure('trouble', JSON.stringify(troubles))
        demand(troubles.length === 1 && troubles[0]?.node === from, `troubles: ${JSON.stringify(troubles)}`)
        await until(async () => (await owner()) === to, HANDED_OVER_MS, `${to} owns the group`)
        tookMs = performance.now() - began
        await served()
        await lasting(AFTERMATH_MS)
      } finally {
        await lab('rejoin')
      }
    })
    figure('ping node missing, group handed over after', `${unreachedMs.toFixed(0)} ms, ${tookMs.toFixed(0)} ms`)
    told('uplink dead', seen)
    demandOneOwner(seen)
    const waitedMs = await handedOver(from, number, /reaches 0 ping nodes, \w+ reaches 1/, /ping node .* not answered/)
    figure('offered after it was told', `${waitedMs} ms`)
    demand(waitedMs >= BETTER_FOR_MS - 50, `offered ${waitedMs} ms after it was told`)
    await until(async () => (await reaches(from, from)) === true, 10_000, `${from} reaches it again`)
    await lasting(BETTER_FOR_MS)
    demand((await owner()) === to, 'nothing moves back for that')
  },
)

scenario('both directors lose the ping node: nothing moves', async () => {
  await whole()
  const { from, to, number } = await seats()
  const seen = await watched(async () => {
    await lab('partition', `${from},${to}`, ROUTER, 'outside')
    try {
      for (const node of [from, to])
        await until(async () => (await reaches(node, node)) === false, HANDED_OVER_MS, `${node} misses the ping node`)
      await lasting(LONG_ENOUGH_MS)
      const missing = (await status()).troubles.filter(({ code }) => code === 'ping-unreached').map(({ node }) => node)
      demand(missing.toSorted().join() === [from, to].toSorted().join(), `troubles of ${missing.join()}`)
    } finally {
      await lab('rejoin')
    }
  })
  told('ping node dead', seen)
  demandOneOwner(seen)
  demandNoMove(seen)
  const after = await seats()
  demand(after.from === from && after.number === number, `lease ${after.number} of ${after.from}`)
})
