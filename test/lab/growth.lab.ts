// lab: topology=coordinated cluster=no long=yes
/** The lease's voters grow from one to three while the cluster serves: behind the coordinators, by themselves. */
import { agreed, GROWN } from './coordinators.ts'
import { demand, figure, lab, owner, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import { demandNoMove, demandNoneFailed, demandOneOwner, seats, served, successorOf, told, watched } from './witness.ts'

/** Two steps: the second waits for the longest lease that any cluster may have, 30 seconds. */
const GROWTH_MS = 120_000

const voters = async (): Promise<string[]> =>
  (await status()).nodes.filter(({ voter }) => voter).map(({ name }) => name)

scenario(
  'voters grow from one to three under load, and the lease goes on; then the first of them may die',
  async () => {
    if ((await lab('pids', 'dir1')).includes('lease')) throw new Error('a cluster that grew already grows no more')
    await lab('coordinated')
    const before = await seats()
    figure('voters at first', (await voters()).join(' '))
    const seen = await watched(async () => {
      await until(async () => (await voters()).length === GROWN, GROWTH_MS, `${GROWN} voters`)
      await agreed()
    })
    told('growth', seen)
    demandOneOwner(seen)
    demandNoMove(seen)
    demandNoneFailed(seen)
    const after = await seats()
    demand(after.from === before.from && after.number >= before.number, `lease ${before.number} is ${after.number}`)
    demand((await voters()).includes(before.from), 'the owner votes')
    await lab('power-cut', before.from)
    demand((await successorOf(before.from)) === before.to, `${before.to} takes it`)
    await served()
    await lab('heal')
    await until(async () => (await owner()) !== null, GROWTH_MS, 'it is owned')
  },
)
