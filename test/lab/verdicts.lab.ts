// lab: topology=default long=yes
/**
 * How soon a realserver that is dead, or hangs, is out of the table, beside keepalived's checkers with the same settings at the same moment
 * of the same boot; and what each of both takes out that only loses frames. keepalived has a table of its own, in the client's namespace.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { spread } from '../../scripts/bench/figures.ts'
import { demand, figure, lab, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { seats, whole } from './witness.ts'

const RUNS = 5
/** As a service has them of which nothing is said: packages/model/src/config.ts. */
const [INTERVAL_MS, TIMEOUT_MS, FALL, FAST_MS] = [1000, 500, 3, 500] as const
const HUNG_MS = FALL * INTERVAL_MS + TIMEOUT_MS
const LONGEST_MS = 60_000
const POLL_MS = 10
const LOSS_PERCENT = 30
const LOSS_LASTS_MS = 60_000
const VICTIM = 'rs2'
/** Those that both systems know. */
const SERVERS: Readonly<Record<string, string>> = { rs1: '10.11.0.11', rs2: '10.11.0.12' }

const CONF = '/tmp/keepalived-checks.conf'
const PID = '/tmp/keepalived-checks.pid'
const seconds = (ms: number): string => String(ms / 1000)
const conf = (): string =>
  `virtual_server 10.11.0.200 80 {
  delay_loop ${seconds(INTERVAL_MS)}
  lb_algo wrr
  lb_kind DR
  protocol TCP
${Object.values(SERVERS)
  .map(
    (address) => `  real_server ${address} 80 {
    weight 1
    HTTP_GET {
      url {
        path /
        status_code 200
      }
      connect_timeout ${seconds(TIMEOUT_MS)}
      retry ${FALL - 1}
      delay_before_retry ${seconds(FAST_MS)}
      warmup 0
    }
  }
`,
  )
  .join('')}}
`

/** Addresses of a table that take new connections; /proc/net/ip_vs has them in hexadecimal. */
function taking(pid: string): ReadonlySet<string> {
  const found = readFileSync(`/proc/${pid}/net/ip_vs`, 'utf8').matchAll(/-> ([0-9A-F]{8}):\S+ +\S+ +(\d+)/g)
  return new Set(
    [...found].flatMap(([, hex = '', weight]) =>
      Number(weight) > 0 ? [(hex.match(/../g) ?? []).map((octet) => Number.parseInt(octet, 16)).join('.')] : [],
    ),
  )
}
/** `pid`: of a process that has this table. */
interface System {
  readonly name: string
  readonly pid: string
}
const takes = ({ pid }: System, server: string): boolean => taking(pid).has(SERVERS[server] ?? '')

let systems: readonly System[] = []
let child: ChildProcess | undefined
let undo: () => Promise<void> = () => Promise.resolve()

scenario('both check by HTTP, with the same interval, time-out and number of failures', async () => {
  await whole()
  undo = await rewrite((text) =>
    text
      .replaceAll('type: tcp', 'type: http')
      .replaceAll(/interval: \d+ms/g, `interval: ${INTERVAL_MS}ms`)
      .replaceAll(/timeout: \d+ms/g, `timeout: ${TIMEOUT_MS}ms`)
      .replaceAll(/fall: \d+/g, `fall: ${FALL}`),
  )
  writeFileSync(CONF, conf())
  const words = ['-n', '-l', '-C', '-f', CONF, '-p', PID, '-c', '/tmp/keepalived-checkers.pid']
  child = spawn('ip', ['netns', 'exec', 'client', 'keepalived', ...words], { stdio: 'ignore' })
  const { from } = await seats()
  const agent = (await lab('pids', from)).split('\n').find((line) => line.split('\t')[1] === 'agent')
  systems = [
    { name: 'lvsm', pid: agent?.split('\t')[2] ?? '' },
    { name: 'keepalived', pid: String(child.pid) },
  ]
  await allTake()
})

const allTake = (): Promise<unknown> =>
  until(
    () => systems.every((one) => Object.keys(SERVERS).every((server) => takes(one, server))),
    LONGEST_MS,
    'both give connections to all',
  )

/** Milliseconds from the same moment until it is out, of each system. */
async function outAfter(plant: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  const began = performance.now()
  await plant()
  const out = new Map<string, number>()
  while (out.size < systems.length) {
    demand(performance.now() - began < LONGEST_MS, `${VICTIM} is out of ${[...out.keys()].join()} alone`)
    for (const one of systems)
      if (!out.has(one.name) && !takes(one, VICTIM)) out.set(one.name, performance.now() - began)
    await sleep(POLL_MS)
  }
  return out
}

async function measured(what: string, plant: () => Promise<unknown>, mend: () => Promise<unknown>) {
  const all = new Map<string, number[]>()
  for (let run = 0; run < RUNS; run++) {
    await allTake()
    // Checks are not to fall on the same moment each time.
    await sleep(Math.random() * INTERVAL_MS)
    for (const [name, ms] of await outAfter(plant)) all.set(name, [...(all.get(name) ?? []), ms])
    await mend()
  }
  await allTake()
  const medians = systems.map(({ name }) => {
    const { median = 0, worst = 0, runs = 0 } = spread(all.get(name) ?? []) ?? {}
    figure(
      `${what} is out of the table of ${name} after`,
      `median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms (${runs})`,
    )
    return { median, worst }
  })
  return { own: medians[0] ?? { median: 0, worst: 0 }, peer: medians[1] ?? { median: 0, worst: 0 } }
}

scenario(`a dead web server: out sooner than with keepalived, ${RUNS} times`, async () => {
  const { own, peer } = await measured(
    'a dead web server',
    () => lab('kill', VICTIM, 'web'),
    () => lab('start', VICTIM, 'web'),
  )
  demand(own.median <= peer.median, `${own.median.toFixed(0)} ms beside ${peer.median.toFixed(0)} ms`)
})

scenario(`a hung web server: out within ${HUNG_MS} ms, ${RUNS} times`, async () => {
  const { own } = await measured(
    'a hung web server',
    () => lab('freeze', VICTIM, 'service'),
    () => lab('thaw', VICTIM, 'service'),
  )
  demand(own.worst <= HUNG_MS, `${own.worst.toFixed(0)} ms`)
})

scenario(`${LOSS_PERCENT} % of all frames of realservers lost: the last living one stays`, async () => {
  await allTake()
  const counts = new Map(systems.map(({ name }) => [name, { out: 0, empty: 0 }]))
  const before = new Map(systems.map((one) => [one.name, taking(one.pid)]))
  await lab('loss', String(LOSS_PERCENT), Object.keys(SERVERS).join(','))
  try {
    const began = performance.now()
    while (performance.now() - began < LOSS_LASTS_MS) {
      for (const one of systems) {
        const [now, count] = [taking(one.pid), counts.get(one.name)]
        if (!count) continue
        count.out += Object.values(SERVERS).filter(
          (address) => before.get(one.name)?.has(address) && !now.has(address),
        ).length
        if (now.size === 0) count.empty += 1
        before.set(one.name, now)
      }
      await sleep(POLL_MS)
    }
  } finally {
    await lab('heal')
  }
  for (const [name, { out, empty }] of counts)
    figure(
      `${name}: living realservers taken out in ${LOSS_LASTS_MS / 1000} s, and looks at an empty table`,
      `${out}, ${empty}`,
    )
  demand(counts.get('lvsm')?.empty === 0, 'the table of lvsm was empty')
  await allTake()
})

scenario('all is as it was', async () => {
  child?.kill('SIGTERM')
  await undo()
  await whole()
})
