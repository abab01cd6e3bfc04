/** Web servers that die and come back, as the owner's IPVS table shows it. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { demand, figure, lab, PORT, status, until, VIP } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { inSoak, scenario } from './scenario.ts'
import { now } from './observers/stamp.ts'
import { ipvsService, type Destination } from './tables.ts'
import { demandOneOwner, seats, served, watched } from './witness.ts'

const SERVICE = `${VIP}:${PORT}`
const SERVERS = ['rs1', 'rs2', 'rs3'] as const
/** Two observers and all nodes share one emulated processor or two: checks take their time. */
const FALL_MS = 15_000

interface Written {
  readonly services: readonly {
    readonly port: number
    readonly scheduler: string
    readonly realservers: readonly {
      readonly node: string
      readonly address: string
      readonly port?: number
      readonly forward: 'dr' | 'nat'
      readonly weight: number
    }[]
  }[]
}

/** The first service as the owner's file asks for it: node → what ipvsadm shall print. */
function written(owner: string): { scheduler: string; byNode: Map<string, Destination> } {
  const [service] = (parse(readFileSync(`/etc/lvsm/${owner}.yaml`, 'utf8')) as Written).services
  demand(service, 'a service in the file')
  const rows = service.realservers.map(({ node, address, port, forward, weight }): [string, Destination] => [
    node,
    { address: `${address}:${port ?? service.port}`, forward: forward === 'dr' ? 'Route' : 'Masq', weight },
  ])
  return { scheduler: service.scheduler, byNode: new Map(rows) }
}

/** Nodes in the owner's table that take new connections. */
async function taking(owner: string): Promise<string[]> {
  const there = (await ipvsService(owner, SERVICE))?.destinations ?? []
  return [...written(owner).byNode].flatMap(([node, { address }]) =>
    there.some((one) => one.address === address && one.weight > 0) ? [node] : [],
  )
}
const allTaking = (owner: string): Promise<unknown> =>
  until(async () => (await taking(owner)).length === SERVERS.length, FALL_MS, 'every realserver takes requests')

scenario('the table is what the file says: scheduler, forwarding, weight', async () => {
  const { from: owner } = await seats()
  await allTaking(owner)
  const { scheduler, byNode } = written(owner)
  const service = await ipvsService(owner, SERVICE)
  demand(service?.scheduler === scheduler, `scheduler ${service?.scheduler}`)
  const sorted = (rows: Iterable<Destination>): string =>
    JSON.stringify([...rows].toSorted((a, b) => a.address.localeCompare(b.address)))
  demand(sorted(service.destinations) === sorted(byNode.values()), `the table: ${JSON.stringify(service.destinations)}`)
})

scenario('a web server that is killed leaves the table, the others answer, and it returns', async () => {
  const { from: owner, number } = await seats()
  for (const victim of ['rs2', 'rs3'] as const) {
    let [killed, out] = [0, 0]
    const seen = await watched(async () => {
      await lab('kill', victim, 'web')
      killed = now()
      await until(async () => !(await taking(owner)).includes(victim), FALL_MS, `${victim} takes no connections`)
      out = now()
      figure(`${victim} out of the table after`, `${(now() - killed).toFixed(0)} ms`)
      demand((await taking(owner)).length === 2, 'the others stay')
      await served()
      await lab('start', victim, 'web')
      await until(async () => (await taking(owner)).includes(victim), FALL_MS, `${victim} is back`)
    })
    demandOneOwner(seen)
    // What it was answering died with it, and it is sent more until the table says otherwise; nobody who came later may notice.
    const later = seen.http.failures.filter((failure) => failure.began > out)
    demand(later.length === 0, `requests failed that began when ${victim} was out: ${JSON.stringify(later)}`)
    const between = seen.http.failures.filter((failure) => failure.began > killed)
    figure(`requests to ${victim} that failed until then`, between.length)
    demand(
      SERVERS.every((name) => (seen.http.servers[name] ?? 0) > 0),
      `answers: ${JSON.stringify(seen.http.servers)}`,
    )
  }
  const after = await seats()
  demand(after.from === owner && after.number === number, 'the owner did not change for that')
})

scenario('a web server that hangs leaves the table by its http check, the others answer, and it returns', async () => {
  const { from: owner } = await seats()
  const undo = await rewrite((text) =>
    text.replaceAll('type: tcp', 'type: http').replaceAll('timeout: 300ms', 'timeout: 500ms'),
  )
  try {
    const asked = ({ reason }: { readonly reason: string }): boolean => reason === 'answers with status 200'
    const all = async (): Promise<boolean> =>
      (await status(owner)).services.every(({ realservers }) => realservers.every(asked))
    await until(all, FALL_MS, 'every realserver answers requests of HTTP')
    let out = 0
    const seen = await watched(async () => {
      await lab('freeze', 'rs2', 'service')
      const frozen = now()
      await until(async () => !(await taking(owner)).includes('rs2'), FALL_MS, 'rs2 takes no connections')
      out = now()
      figure('a hung web server out of the table after', `${(out - frozen).toFixed(0)} ms`)
      const told = (await status(owner)).services.flatMap(({ realservers }) => realservers)
      const why = told.find(({ node }) => node === 'rs2')?.reason ?? ''
      demand(/does not answer the request within 500 ms/.test(why), `why: ${why}`)
      await served()
      await lab('thaw', 'rs2', 'service')
      await allTaking(owner)
    })
    const later = seen.http.failures.filter((failure) => failure.began > out)
    demand(later.length === 0, `requests failed that began after rs2 was out: ${JSON.stringify(later)}`)
  } finally {
    await undo()
  }
})

inSoak('every web server killed at once: the last living ones stay in the table, and all return', async () => {
  const { from: owner, number } = await seats()
  await Promise.all(SERVERS.map((name) => lab('kill', name, 'web')))
  const kept = await until(
    async () => {
      const { services } = await status(owner)
      const still = await taking(owner)
      demand(still.length > 0, 'the table is never empty')
      return services.every(({ realservers }) => realservers.every(({ healthy }) => healthy === false)) && still
    },
    FALL_MS,
    'every check has failed',
  )
  figure('kept', kept.join(', '))
  demand((await taking(owner)).join() === kept.join(), 'it stays so')
  demand((await seats()).from === owner, 'dead realservers move no address')
  await Promise.all(SERVERS.map((name) => lab('start', name, 'web')))
  await allTaking(owner)
  await served()
  demand((await seats()).number === number, 'the lease is the same')
})
