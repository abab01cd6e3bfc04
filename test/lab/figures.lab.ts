// lab: topology=coordinated cluster=coordinated long=yes
/** What a change costs from its commit to the kernel of the owner, with 200 services of 10 realservers; and a feed that was cut. */
import { readFileSync, writeFileSync } from 'node:fs'
import { MODEL_VERSION } from '@lvsm/changes'
import { parse, stringify } from 'yaml'
import { NOT_KNOWN_IF } from '../../coordinator/api/writes.ts'
import { CALLER_OPTIONS } from '../../agent/node/adapters/feed/caller.ts'
import { tryAsk } from '../../packages/cli/src/config/ask.ts'
import { spread } from '../../scripts/bench/figures.ts'
import { agreed, backAgain, COORDINATORS, historyOf, joined, lvsm, NEWCOMER, socketOf } from './coordinators.ts'
import { demand, figure, lab, sh, status, until, VIP } from './harness.ts'
import { scenario } from './scenario.ts'
import { lasting, seats, whole } from './witness.ts'

const SERVICES = 200
const SERVERS = 10
const RUNS = 11
const LARGE_MS = 120_000
const CHANGE_MS = 20_000
const FIRST_PORT = 2000
/** A change may cost as much as so many bare edits, and the way of the feed. */
const BARE = 5
const CUT_MS = 60_000
const { probeMs: PROBE_MS } = CALLER_OPTIONS

const addressOf = (at: number): string => `10.11.0.${101 + at}`
const hex = (address: string): string =>
  address
    .split('.')
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()

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

/** Of a node's own network namespace, without a process for each look. */
async function tableOf(node: string): Promise<() => string[]> {
  const row = (await lab('pids', node)).split('\n').map((line) => line.split('\t'))
  const pid = row.find(([, name]) => name === 'agent')?.[2] ?? ''
  return () =>
    readFileSync(`/proc/${pid}/net/ip_vs`, 'utf8')
      .split('\n')
      .filter((line) => line.includes('->'))
}

/** Gives when it was acknowledged. */
async function set(
  node: string,
  values: Readonly<Record<string, unknown>>,
  which: Readonly<Record<string, string>>,
  noun: 'node' | 'server',
) {
  const command = { verb: 'set', noun, which, values, model: MODEL_VERSION } as const
  const told = await tryAsk([socketOf(node)], {
    route: 'change',
    body: { change: { command }, comment: 'a figure', base: null },
  })
  if (told.kind === 'refused' || told.value.outcome === 'unknown') throw new Error(JSON.stringify(told))
  return { at: performance.now(), revision: told.value.revision ?? 0 }
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
async function changeOne(from: string, run: number, look: () => string[]): Promise<number> {
  const before = look()
  const weight = 1000 + run
  const server = run % SERVERS
  const { at } = await set(from, { weight }, { service: `s${run * 17}`, server: `r${server}` }, 'server')
  const isThere = (line: string): boolean =>
    new RegExp(`${hex(addressOf(server))}:[0-9A-F]+ +Route +${weight} `).test(line)
  const deadline = at + CHANGE_MS
  while (!look().some(isThere))
    if (performance.now() > deadline) throw new Error(`weight ${weight} is not in the kernel`)
  const took = performance.now() - at
  const after = look()
  const others = after.filter((line, index) => line !== before[index])
  demand(
    after.length === before.length && others.length === 1,
    `one entry of ${before.length} is another, and not ${others.length}`,
  )
  return took
}

scenario('one realserver of 200 × 10 is changed: from the commit to the kernel of the owner, one entry', async () => {
  await backAgain()
  await joined()
  await whole()
  await agreed()
  const { from } = await seats()
  const [first = ''] = COORDINATORS
  const revision = (await historyOf(first)).at(-1)?.number ?? 0
  writeFileSync('/tmp/large.yaml', enlarged(await lvsm(from, 'config export')))
  try {
    await applied(from, '/tmp/large.yaml')
    const look = await tableOf(from)
    await until(() => look().length > SERVICES * SERVERS, LARGE_MS, 'the whole table')
    await lasting(5000)
    const changes: number[] = []
    for (let run = 1; run <= RUNS; run++) {
      changes.push(await changeOne(from, run, look))
      await lasting(500)
    }
    const bare: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const began = performance.now()
      await sh(`ip netns exec ${from} ipvsadm -e -t ${VIP}:${FIRST_PORT} -r ${addressOf(1)}:${FIRST_PORT} -g -w 1`)
      bare.push(performance.now() - began)
    }
    const feed: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const { at, revision: made } = await set(from, { coordinator: run % 2 === 0 }, { node: 'r9' }, 'node')
      await until(async () => (await status(from)).revision >= made, CHANGE_MS, `revision ${made}`)
      feed.push(performance.now() - at)
    }
    const took = measured('commit → kernel', changes)
    const most = BARE * measured('bare ipvsadm -e', bare) + measured('commit → the agent says so', feed)
    demand(took <= most, `${took.toFixed(0)} ms and not more than ${most.toFixed(0)} ms`)
  } finally {
    await lvsm(first, `config rollback ${revision} --yes --no-wait`)
  }
  await agreed()
})

scenario('a feed that was cut for a minute has the newest revision within two probes of its link', async () => {
  await backAgain()
  await joined()
  await whole()
  const { from } = await seats()
  await lab('partition', NEWCOMER, 'others')
  await lasting(CUT_MS)
  const { revision } = await set(from, { weight: 7 }, { service: 'http', server: 'rs1' }, 'server')
  demand((await status(NEWCOMER)).revision < revision, 'it was cut off')
  await lab('heal')
  const healed = performance.now()
  await until(
    async () => (await status(NEWCOMER)).revision >= revision,
    LARGE_MS,
    `revision ${revision} on ${NEWCOMER}`,
  )
  const took = performance.now() - healed
  figure('newest revision after the cut', `${took.toFixed(0)} ms`)
  demand(took <= 2 * PROBE_MS, `within two probes of ${PROBE_MS} ms, and not ${took.toFixed(0)} ms`)
  await whole()
})
