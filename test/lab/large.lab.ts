// lab: topology=small cluster=coordinated long=yes
/**
 * What a change costs from its commit to the kernel of the owner, with 200 services of 10 realservers. One coordinator: two processors stand for
 * all machines here, and what three of them cost each other is measured elsewhere (`npm run bench -- config`).
 */
import { writeFileSync } from 'node:fs'
import { parse, stringify } from 'yaml'
import { NOT_KNOWN_IF } from '../../coordinator/api/writes.ts'
import { ask } from '../../packages/cli/src/config/ask.ts'
import { spread } from '../../scripts/bench/figures.ts'
import { set } from './change.ts'
import { agreed, coordinatorAt, COORDINATORS, historyOf, lvsm, socketOf } from './coordinators.ts'
import { demand, figure, on, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { lasting } from './witness.ts'

const SERVICES = Number(process.env['LAB_SERVICES'] ?? 200)
const SERVERS = 10
const RUNS = 7
const LARGE_MS = 120_000
const CHANGE_MS = 60_000
const FIRST_PORT = 2000
/** A change may cost as much as so many bare edits, and the way of the feed. */
const BARE = 5

const addressOf = (at: number): string => `10.11.0.${101 + at}`
/** Realservers that nobody checks, and that have no agent: only the table counts. */
function enlarged(text: string): string {
  const file = parse(text) as { nodes: object[]; services: object[] }
  const names = Array.from({ length: SERVERS }, (_, at) => `r${at}`)
  const nodes = names.map((name, at) => ({
    name,
    roles: ['realserver'],
    links: [{ name: 'heartbeat', address: addressOf(at).replace('10.11', '10.12') }],
  }))
  const services = Array.from({ length: SERVICES }, (_, at) => ({
    ...{ name: `s${at}`, group: 'web', address: VIP, port: FIRST_PORT + at, protocol: 'tcp', scheduler: 'wrr' },
    check: { type: 'none' },
    realservers: names.map((node, server) => ({ node, address: addressOf(server), forward: 'dr', weight: 1 })),
  }))
  return stringify({ ...file, nodes: [...file.nodes, ...nodes], services: [...file.services, ...services] })
}

/** Every destination of a node's table. By netlink: /proc/net/ip_vs leaves out some where two network namespaces have services. */
const entriesOf = async (node: string): Promise<string[]> =>
  (await on(node, 'ipvsadm -Sn')).split('\n').filter((line) => line.startsWith('-a '))

/** One leader is followed by all. Nothing is asked that grows with the document: in a guest that alone keeps it busy. */
const led = (): Promise<unknown> =>
  until(
    async () => {
      const said = await Promise.all(COORDINATORS.map(coordinatorAt))
      const [{ leader = null } = {}] = said
      return leader !== null && said.every((one) => one.leader === leader && one.disk === 'ok')
    },
    LARGE_MS,
    'one leader',
  )
/** What an agent said of itself to the coordinators. */
async function usedOn(node: string): Promise<number> {
  const { nodes } = await ask([socketOf(node)], { route: 'nodes', body: null })
  return nodes.find(({ name }) => name === node)?.revision ?? 0
}
/** So many that were acknowledged; what was not counts for nothing, and is told. */
async function acknowledged(
  from: string,
  runs: number,
  once: (run: number) => Promise<number | null>,
): Promise<number[]> {
  const all: number[] = []
  let lost = 0
  for (let run = 1; all.length < runs; run++) {
    const took = await once(run)
    if (took !== null) all.push(took)
    else {
      demand(++lost <= 2 * runs, `${lost} changes were not acknowledged in time, ${all.length} were`)
      await led()
      // What was not acknowledged may have been taken all the same: it is no part of the next one.
      await until(
        async () => (await usedOn(from)) === (await newest(from)),
        CHANGE_MS,
        'the owner has the newest revision',
      )
    }
    await lasting(500)
  }
  if (lost > 0) figure('changes that were not acknowledged in time', lost)
  return all
}
/** Says them, and gives their median. */
function measured(name: string, all: readonly number[]): number {
  const { median = 0, worst = 0 } = spread(all) ?? {}
  figure(name, `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`)
  return median
}

/** A guest is slow at a document of this size: where nobody knows in time whether it was taken, the history does later. */
async function applied(from: string, path: string): Promise<void> {
  const before = await newest(from)
  await lvsm(from, `config apply ${path} --yes --no-wait -m large`).catch((error: Error) => {
    if (!error.message.includes(NOT_KNOWN_IF)) throw error
  })
  await until(async () => (await newest(from)) > before, LARGE_MS, 'the large document is a revision')
}
const newest = async (from: string): Promise<number> => (await historyOf(from)).at(-1)?.number ?? 0

/** It has the change, and nothing else of the table is another. */
async function changeOne(from: string, run: number): Promise<number | null> {
  const before = await entriesOf(from)
  const weight = 1000 + run
  const at = (run * 5) % SERVICES
  const [server, port] = [run % SERVERS, FIRST_PORT + at]
  const made = await set(from, { weight }, { service: `s${at}`, server: `r${server}` }, 'server')
  if (made === null) return null
  const isThere = new RegExp(`-> ${addressOf(server)}:${port} +Route +${weight} `)
  const deadline = made.at + CHANGE_MS
  while (!isThere.test(await on(from, `ipvsadm -Ln -t ${VIP}:${port}`)))
    if (performance.now() > deadline) throw new Error(`weight ${weight} is not in the kernel`)
  const took = performance.now() - made.at
  const after = await entriesOf(from)
  const others = after.filter((line, index) => line !== before[index])
  demand(
    after.length === before.length && others.length === 1,
    `one entry of ${before.length} is another, and not ${others.length}`,
  )
  return took
}

scenario(
  `one realserver of ${SERVICES} × ${SERVERS} is changed: from the commit to the kernel of the owner, one entry`,
  async () => {
    await agreed()
    const [from = ''] = COORDINATORS
    const revision = (await historyOf(from)).at(-1)?.number ?? 0
    writeFileSync('/tmp/large.yaml', enlarged(await lvsm(from, 'config export')))
    try {
      await applied(from, '/tmp/large.yaml')
      await until(async () => (await entriesOf(from)).length > SERVICES * SERVERS, LARGE_MS, 'the whole table')
      await led()
      const changes = await acknowledged(from, RUNS, (run) => changeOne(from, run))
      const bare: number[] = []
      for (let run = 0; run < RUNS; run++) {
        const began = performance.now()
        await on(from, `ipvsadm -e -t ${VIP}:${FIRST_PORT} -r ${addressOf(1)}:${FIRST_PORT} -g -w 1`)
        bare.push(performance.now() - began)
      }
      const feed = await acknowledged(from, RUNS, async (run) => {
        const made = await set(from, { coordinator: run % 2 === 0 }, { node: 'r9' }, 'node')
        if (made === null) return null
        await until(async () => (await usedOn(from)) >= made.revision, CHANGE_MS, `revision ${made.revision}`)
        return performance.now() - made.at
      })
      const took = measured('commit → kernel', changes)
      const most = BARE * measured('bare ipvsadm -e', bare) + measured('commit → the agent says so', feed)
      demand(took <= most, `${took.toFixed(0)} ms and not more than ${most.toFixed(0)} ms`)
    } finally {
      await lvsm(from, `config rollback ${revision} --yes --no-wait`)
    }
    await agreed()
  },
)
