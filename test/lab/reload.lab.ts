/** A changed configuration file at SIGHUP: taken over while requests run, refused whole when it has a fault. */
import { demand, on, PORT, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { inSoak, scenario } from './scenario.ts'
import { ipvsService } from './tables.ts'
import { demandNoMove, demandNoneFailed, demandOneOwner, seats, told, watched, whole } from './witness.ts'

const SETTLE_MS = 10_000

const scheduler = async (node: string): Promise<string | undefined> =>
  (await ipvsService(node, `${VIP}:${PORT}`))?.scheduler

/** Does the kernel have the service so? As ipvsadm would add it. */
const scheduledBy = async (node: string, options: string): Promise<boolean> =>
  (await on(node, 'ipvsadm -Sn')).split('\n').some((line) => line.trim() === `-A -t ${VIP}:${PORT} -s ${options}`)

scenario(
  'another scheduler and its flags at SIGHUP: in every table, no move, no failed request; and back',
  async () => {
    await whole()
    const { from, to, number } = await seats()
    const before = await scheduler(from)
    demand(before !== undefined && before !== 'sh', `the scheduler before: ${before}`)
    const seen = await watched(async () => {
      const undo = await rewrite((text) =>
        text
          .replace(`scheduler: ${before}\n`, 'scheduler: sh\n    scheduler-flags: [no-fallback, sh-port]\n')
          .replace('revision: 1', 'revision: 2'),
      )
      try {
        for (const node of [from, to])
          await until(() => scheduledBy(node, 'sh -b sh-port'), SETTLE_MS, `${node} schedules by sh, by ports`)
        // What no listing shows is found too, when somebody changes it by hand.
        await on(from, `ipvsadm -E -t ${VIP}:${PORT} -s sh -b sh-fallback`)
        await until(() => scheduledBy(from, 'sh -b sh-port'), SETTLE_MS, `${from} has its own flags back`)
        await until(async () => (await status()).revision === 2, SETTLE_MS, 'revision 2 is told')
      } finally {
        await undo()
      }
      for (const node of [from, to])
        await until(async () => (await scheduler(node)) === before, SETTLE_MS, `${node} schedules by ${before} again`)
    })
    told('two changes of the file', seen)
    demandOneOwner(seen)
    demandNoMove(seen)
    demandNoneFailed(seen)
    const after = await seats()
    demand(
      after.from === from && after.number === number,
      `lease ${number} of ${from} went on: ${after.number} of ${after.from}`,
    )
  },
)

inSoak('a file with a fault changes nothing, and the node says so until it is mended', async () => {
  await whole()
  const { from } = await seats()
  const before = await scheduler(from)
  const undo = await rewrite((text) => text.replace(`scheduler: ${before}`, 'scheduler: fastest'))
  const refused = async (): Promise<boolean> =>
    (await status(from)).troubles.some(({ node, code }) => node === from && code === 'configuration-refused')
  try {
    await until(refused, SETTLE_MS, 'the refusal is a trouble')
    demand((await scheduler(from)) === before, 'the table is as before')
  } finally {
    await undo()
  }
  await until(async () => !(await refused()), SETTLE_MS, 'the trouble is over')
})
