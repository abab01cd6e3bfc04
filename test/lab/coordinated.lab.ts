// lab: topology=coordinated cluster=coordinated long=yes
/** A cluster with coordinators: a machine joins, a change is used by all, and nothing that serves needs a coordinator. */
import {
  agreed,
  backAgain,
  changed,
  COORDINATORS,
  coordinatorAt,
  emptied,
  joined,
  joinedUnnoticed,
  SERVICE,
  socketOf,
  weightOn,
} from './coordinators.ts'
import { ask } from '../../packages/cli/src/config/ask.ts'
import { demand, figure, lab, on, owner, PORT, status, until, VIP } from './harness.ts'
import { inSoak, scenario } from './scenario.ts'
import { demandOneOwner, type Seats, seats, served, successorOf, told, watched, whole } from './witness.ts'

const ACTS_MS = 15_000

/** A step of the voters' epoch may raise the number of a lease that goes on (packages/lease/PROTOCOL.md, 8.8), moments after the voters are there. */
const demandSame = (before: Seats, after: Seats): void =>
  demand(
    after.from === before.from && after.number >= before.number,
    `lease ${before.number} of ${before.from} went on, and is not ${after.number} of ${after.from}`,
  )

scenario(
  'an empty machine joins, and answers requests through the VIP; those that ask meanwhile notice nothing',
  async () => {
    await backAgain()
    await emptied()
    // Voters that grow bring numbers of their epoch.
    await agreed()
    await whole()
    const before = await seats()
    await joinedUnnoticed()
    demandSame(before, await seats())
  },
)

inSoak('a change that is made on one node is used by all', async () => {
  await joined()
  await whole()
  const before = await seats()
  const { from, to } = before
  await changed(to, 'rs1', [from, to])
  await changed(from, 'rs1', [from, to])
  demandSame(before, await seats())
  const histories = await Promise.all(COORDINATORS.map(coordinatorAt))
  figure('revision', histories.map(({ revision }) => revision).join(' '))
})

scenario('every coordinator tells what the owner forwards, and what each realserver serves of it', async () => {
  await whole()
  const { from } = await seats()
  const asking = on('client', `for i in $(seq 300); do busybox wget -q -O /dev/null -T 5 http://${VIP}:${PORT}/; done`)
  const ratesAt = (node: string) => ask([socketOf(node)], { route: 'rates', body: null })
  for (const node of COORDINATORS)
    await until(
      async () => {
        const { nodes, services } = await ratesAt(node)
        const service = services.find(({ name }) => name === SERVICE)
        const own = nodes.find(({ name }) => name === from)?.directs?.connections ?? 0
        const serves = nodes.reduce((sum, one) => sum + (one.serves?.connections ?? 0), 0)
        const all = service?.rates?.connections ?? 0
        return service?.owner === from && all > 0 && own >= all / 2 && serves >= all / 2 && serves <= 2 * own
      },
      ACTS_MS * 2,
      `the coordinator of ${node} tells the rates`,
    )
  await asking
  figure('rates', JSON.stringify((await ratesAt(from)).services))
})

/** Once more than at its start; by the supervisor's own count it is another process. */
async function restarted(node: string): Promise<void> {
  await lab('kill', node, 'agent')
  await lab('start', node, 'agent')
  await until(async () => (await status(node)).quorum, 2 * ACTS_MS, `the new agent of ${node} answers`)
}

scenario(
  'every coordinator is killed: the owner fails over, an agent that starts anew works from what it kept; they come back',
  async () => {
    await joined()
    await whole()
    const revision = await agreed()
    const { group } = await seats()
    // The voter of a cluster that has one is its first director: it is the other that dies.
    const [heir = '', victim = ''] = COORDINATORS
    if ((await owner()) !== victim)
      await lab('api', '-', 'POST', '/v1/switchover', JSON.stringify({ group, to: victim }))
    await until(async () => (await owner()) === victim, ACTS_MS, `${victim} owns ${group}`)
    for (const node of COORDINATORS) await lab('kill', node, 'coordinator')
    await restarted(heir)
    demand((await status(heir)).revision === revision, `revision ${revision} was kept`)
    const seen = await watched(async () => {
      await lab('power-cut', victim)
      demand((await successorOf(victim)) === heir, `${heir} takes it`)
      await served()
    })
    told(`power cut of ${victim}, no coordinator there`, seen)
    demandOneOwner(seen)
    // The new agent checks the realservers, too.
    await lab('kill', 'rs1', 'service')
    await until(async () => !(await weightOn(heir, 'rs1')), 2 * ACTS_MS, 'rs1 gets no connections')
    await lab('start', 'rs1', 'service')
    await lab('heal')
    await backAgain()
    await whole()
    await agreed()
    await changed(heir, 'rs1', [heir, victim])
  },
)
