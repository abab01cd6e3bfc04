// lab: topology=small cluster=coordinated
/** A cluster that `lvsm init` and `lvsm join` made serves with one director; a machine that comes later serves too. */
import { agreed, answer, changed, emptied, joined, NEWCOMER } from './coordinators.ts'
import { demand, owner, status, until } from './harness.ts'
import { scenario } from './scenario.ts'
import {
  AFTERMATH_MS,
  demandNoMove,
  demandNoneFailed,
  demandOneOwner,
  lasting,
  told,
  watched,
  whole,
} from './witness.ts'

const ACTS_MS = 15_000
const DIRECTOR = 'dir1'

scenario(
  'an empty machine joins, and answers requests through the VIP; those that ask meanwhile notice nothing',
  async () => {
    await emptied()
    await agreed()
    await whole()
    const number = (await status()).groups[0]?.number
    const seen = await watched(async () => {
      await joined()
      await until(async () => (await answer()) === NEWCOMER, ACTS_MS, `${NEWCOMER} answers`)
      await lasting(AFTERMATH_MS)
    })
    told(`${NEWCOMER} joins`, seen)
    demandOneOwner(seen)
    demandNoMove(seen)
    demandNoneFailed(seen)
    demand((await owner()) === DIRECTOR && (await status()).groups[0]?.number === number, `lease ${number} went on`)
  },
)

scenario('a change that is made on a node without a coordinator is in the kernel of the director', async () => {
  await joined()
  await whole()
  await changed('rs1', NEWCOMER, [DIRECTOR])
})
