// lab: topology=coordinated cluster=coordinated long=yes
/** What operators want for a while, said with `lvsm` on one node, on a real kernel: drain, stop, standby, with connections. */
import { agreed, backAgain, joined, lvsm, SERVICE, shownOn, weightOn } from './coordinators.ts'
import { demand, lab, owner, sh, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { addresses } from './tables.ts'
import {
  AFTERMATH_MS,
  demandNoneFailed,
  demandOneOwner,
  lasting,
  type Seats,
  seats,
  served,
  told,
  watched,
  whole,
} from './witness.ts'

const ACTS_MS = 10_000
const MOVES_MS = 30_000
/** Longer than a lease of the topology and than its taking: nobody takes what nobody is to own. */
const NOBODY_MS = 7000
const SERVER = 'rs1'

/** A cluster that serves, of which nothing is wanted before and after. */
async function wanted(end: string, work: (seated: Seats) => Promise<void>): Promise<void> {
  await backAgain()
  await joined()
  await whole()
  const seated = await seats()
  try {
    await work(seated)
  } finally {
    await lvsm(seated.from, end)
  }
  await whole()
  await agreed()
}

scenario('a drained realserver has weight 0 on both directors, a stopped one is in no table; no request fails', () =>
  wanted(`enable ${SERVER} --yes`, async ({ from, to }) => {
    const weight = await weightOn(from, SERVER)
    const both = (expected: number | undefined) => async (): Promise<boolean> =>
      (await Promise.all([from, to].map((node) => weightOn(node, SERVER)))).every((one) => one === expected)
    const shown = async (): Promise<string | undefined> =>
      (await shownOn(to)).services.find(({ name }) => name === SERVICE)?.realservers.find(({ node }) => node === SERVER)
        ?.state
    const seen = await watched(async () => {
      await lvsm(to, `drain ${SERVER} --service ${SERVICE} --yes`)
      await until(both(0), ACTS_MS, `weight 0 for ${SERVER} on both`)
      await until(async () => (await shown()) === 'drained', 4 * ACTS_MS, 'it is shown as drained')
      await lvsm(from, `enable ${SERVER} --service ${SERVICE} --yes`)
      await until(both(weight), ACTS_MS, `weight ${weight} again`)
      await lasting(AFTERMATH_MS)
    })
    told('a drain, and its end', seen)
    demandOneOwner(seen)
    demandNoneFailed(seen)
    await lvsm(to, `stop ${SERVER} --yes`)
    await until(both(undefined), ACTS_MS, `${SERVER} is in no table`)
    demand((await sh('lvsm status')).includes('MAINTENANCE'), 'status tells of it')
    await lvsm(to, `enable ${SERVER} --yes`)
    await until(both(weight), ACTS_MS, `${SERVER} is back`)
    await served()
  }),
)

scenario(
  'a stopped group is owned by nobody, also after its directors start anew; then it is served again',
  async () => {
    const { group } = await seats()
    await wanted(`group enable ${group} --yes`, async ({ from, to }) => {
      const standing = async (): Promise<boolean> =>
        (await Promise.all([from, to].map(addresses))).flat().some(({ local }) => local === VIP)
      await lvsm(to, `group stop ${group} --yes -m 'the lab'`)
      await until(async () => !(await standing()), ACTS_MS, `${VIP} stands on no director`)
      const state = async () => (await shownOn(to)).groups.find(({ name }) => name === group)?.state
      await until(async () => (await state()) === 'stopped', ACTS_MS, 'status says that it is stopped')
      for (const node of [from, to]) {
        await lab('kill', node, 'lease')
        await lab('start', node, 'lease')
      }
      await until(async () => (await status(from)).quorum, MOVES_MS, 'the directors hear the voters again')
      await lasting(NOBODY_MS)
      demand(!(await standing()), 'nobody has taken it')
      await lvsm(to, `group enable ${group} --yes`)
      await until(async () => (await owner()) !== null, MOVES_MS, 'somebody owns it again')
      await served()
    })
  },
)

scenario(
  'standby that operators want moves the group without a failed request, and ends with the word of it',
  async () => {
    const { from: owning } = await seats()
    await wanted(`node enable ${owning} --yes`, async ({ from, to }) => {
      const seen = await watched(async () => {
        await lvsm(to, `node standby ${from} --yes`)
        await until(async () => (await owner()) === to, MOVES_MS, `${to} owns it`)
        await lasting(AFTERMATH_MS)
      })
      told(`standby of ${from}`, seen)
      demandOneOwner(seen)
      demandNoneFailed(seen)
      const standby = async () => (await status()).nodes.find(({ name }) => name === from)?.standby
      await until(standby, ACTS_MS, 'it is shown')
      await lvsm(to, `node enable ${from} --yes`)
      await until(async () => (await standby()) === false, ACTS_MS, 'it is over')
    })
  },
)
