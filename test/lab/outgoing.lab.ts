// lab: topology=coordinated cluster=coordinated long=yes
/** Clients of a realserver that is drained or stopped, on a real kernel: how long they stay, who else comes, and where those with persistence go. */
import { agreed, backAgain, joined, lvsm, NEWCOMER, SERVICE, shownOn } from './coordinators.ts'
import { demand, figure, on, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { type Program, says, serverOn, session } from './sessions.ts'
import { ipvsService } from './tables.ts'
import { lasting, type Seats, seats, whole } from './witness.ts'

const SERVERS = ['rs1', NEWCOMER] as const
const PLAIN = 7020
const STICKY = 7021
const ACTS_MS = 30_000
const DEADLINE_MS = 45_000
/** Of whoever says so, and of the wall clocks between them. */
const EARLY_MS = 2000

const addressOf = async (server: string): Promise<string> =>
  (await status()).services.find(({ name }) => name === SERVICE)?.realservers.find(({ node }) => node === server)
    ?.address ?? ''
/** Where the owner's kernel sends the connection of this port of the client. */
async function sentTo(owner: string, port: string): Promise<string> {
  const lines = (await on(owner, 'ipvsadm -Lnc')).split('\n').map((line) => line.trim().split(/\s+/))
  const socket = lines.find(([, , , client = '']) => client.endsWith(`:${port}`))?.[5] ?? ''
  const address = socket.slice(0, socket.lastIndexOf(':'))
  for (const server of SERVERS) if ((await addressOf(server)) === address) return server
  return `nobody (${socket})`
}
const weightAt = async (owner: string, port: number, server: string): Promise<number | undefined> => {
  const key = `${await addressOf(server)}:${port}`
  return (await ipvsService(owner, `${VIP}:${port}`))?.destinations.find(({ address }) => address === key)?.weight
}

interface Story extends Seats {
  readonly service: string
  /** A client that is connected: where it went. */
  enter(): Promise<{ readonly one: Program; readonly server: string }>
}
/** A service with echo servers on both; all of it is gone afterwards. */
async function served(port: number, more: string, work: (story: Story) => Promise<void>): Promise<void> {
  await backAgain()
  await joined()
  await whole()
  const seated = await seats()
  const service = `out-${port}`
  const entries = await Promise.all(
    SERVERS.map(async (node) => `{ node: ${node}, address: ${await addressOf(node)}, forward: dr }`),
  )
  const programs = await Promise.all(SERVERS.map((node) => serverOn(node, port)))
  const words = `group=${seated.group} address=${VIP} port=${port} protocol=tcp scheduler=rr ${more}`
  try {
    await lvsm(seated.from, `service add ${service} ${words} 'realservers=[${entries.join(', ')}]' --yes`)
    for (const server of SERVERS)
      await until(async () => (await weightAt(seated.from, port, server)) === 1, ACTS_MS, `${server} is in the table`)
    await work({
      ...seated,
      service,
      async enter() {
        const one = session(port)
        programs.push(one)
        const [, local = ''] = (await one.line('connected ', ACTS_MS)).split(' ')
        await says(one)
        return { one, server: await sentTo(seated.from, local) }
      },
    })
  } finally {
    for (const one of programs) one.end()
    await lvsm(seated.from, `service remove ${service} --yes`)
  }
  await agreed()
  await whole()
}

scenario('a drain lets connections go on until its deadline, tells how many are left, and lets nobody new in', () =>
  served(PLAIN, '', async ({ from, to, service, enter }) => {
    const clients = [await enter(), await enter()]
    const [first, second] = SERVERS.map((server) => clients.find((one) => one.server === server))
    demand(first && second, `each has one of the two: ${clients.map(({ server }) => server).join(', ')}`)
    await lvsm(to, `drain rs1 --service ${service} --deadline ${DEADLINE_MS / 1000}s --yes`)
    const began = performance.now()
    await until(async () => (await weightAt(from, PLAIN, 'rs1')) === 0, ACTS_MS, 'rs1 has weight 0')
    const told = async () =>
      (await shownOn(to)).services.find(({ name }) => name === service)?.realservers.find(({ node }) => node === 'rs1')
    await until(async () => (await told())?.active === 1, ACTS_MS, 'status tells of the one that is left')
    demand((await told())?.state === 'draining', 'status says that it is being drained')
    for (let times = 0; times < 3; times++) {
      const { server } = await enter()
      demand(server === NEWCOMER, `a new client went to ${server}`)
    }
    while (performance.now() - began < DEADLINE_MS - EARLY_MS - 5000) {
      await says(first.one)
      await lasting(2000)
    }
    const since = first.one.lines.length
    const isOver = async (): Promise<boolean> => {
      first.one.tell('say')
      await lasting(500)
      return first.one.lines.slice(since).some((line) => /^(error|closed)/.test(line))
    }
    await until(isOver, 3 * ACTS_MS, 'it is cut off')
    const afterMs = performance.now() - began
    figure(`cut off, by a deadline of ${DEADLINE_MS / 1000} s, after`, `${(afterMs / 1000).toFixed(1)} s`)
    demand(afterMs > DEADLINE_MS - EARLY_MS, 'not before its deadline')
    await says(second.one)
    await lvsm(to, `enable rs1 --service ${service} --yes`)
    await until(async () => (await weightAt(from, PLAIN, 'rs1')) === 1, ACTS_MS, 'rs1 serves again')
  }),
)

scenario(
  'with persistence a client comes back to a realserver that is drained, and to another one when it is stopped',
  () =>
    served(STICKY, 'persistence=5m', async ({ from, to, service, enter }) => {
      const { server } = await enter()
      demand((await enter()).server === server, 'a second connection goes to the same one')
      await lvsm(to, `drain ${server} --service ${service} --yes`)
      await until(async () => (await weightAt(from, STICKY, server)) === 0, ACTS_MS, `${server} has weight 0`)
      const drained = await enter()
      demand(drained.server === server, `drained: the client comes back to ${server}, not to ${drained.server}`)
      await lvsm(to, `stop ${server} --service ${service} --deadline 60s --yes`)
      await until(async () => (await enter()).server !== server, ACTS_MS, `stopped: it goes elsewhere`)
      await says(drained.one)
      await lvsm(to, `enable ${server} --service ${service} --yes`)
    }),
)
