// lab: long=yes
/**
 * What realservers' own agents see, on real kernels: a check of the host alone, each ten seconds, finds out nothing of all this; own agents do.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { spread } from '../../scripts/bench/figures.ts'
import { demand, figure, lab, NODES, on, owner, PACE, PORT, status, until } from './harness.ts'
import { rewrite } from './rewriting.ts'
import { scenario } from './scenario.ts'
import { whole } from './witness.ts'

const VICTIM = 'rs2'
const LONGEST_MS = 20_000
let undo: () => Promise<void> = () => Promise.resolve()

interface Seen {
  readonly healthy: boolean | null
  readonly weight: number
  readonly reason: string
}
/** As the owner says it. */
async function victim(): Promise<Seen> {
  const { services } = await status()
  const found = services.flatMap(({ realservers }) => realservers).find(({ node }) => node === VICTIM)
  demand(found, `${VICTIM} is in a service`)
  return { healthy: found.healthy, weight: found.weight ?? 0, reason: found.reason }
}
const serves = async (): Promise<boolean> => {
  const { healthy, weight } = await victim()
  return healthy === true && weight > 0
}
async function outAfter(plant: () => Promise<unknown>, why: RegExp): Promise<void> {
  await until(serves, LONGEST_MS, `${VICTIM} serves`)
  const began = performance.now()
  await plant()
  await until(async () => (await victim()).weight === 0, LONGEST_MS, `${VICTIM} is out`)
  figure(`${VICTIM} is out after`, `${(performance.now() - began).toFixed(0)} ms, the way of the status included`)
  const { healthy, reason } = await victim()
  demand(healthy === false && why.test(reason), reason)
}

scenario('a check that asks the host alone finds all of them well, and their own agents see who listens', async () => {
  await whole()
  for (const node of NODES) await on(node, 'sysctl -qw net.ipv4.ping_group_range="0 2147483647"')
  undo = await rewrite((text) =>
    text
      .replaceAll(/^( *)type: tcp$/gm, '$1type: icmp\n$1own-view: true')
      .replaceAll('{ type: tcp,', '{ type: icmp, own-view: true,')
      .replaceAll(/interval: \d+ms/g, 'interval: 10s')
      .replaceAll(/timeout: \d+ms/g, 'timeout: 5s'),
  )
  await until(
    async () => (await victim()).reason.startsWith('answers in'),
    LONGEST_MS,
    'the host answers, and its agent speaks',
  )
  demand(!(await victim()).reason.includes('its own agent'), (await victim()).reason)
})

scenario('a web server that ended is out by the word of its own machine, and in again when it is back', async () => {
  await outAfter(() => lab('kill', VICTIM, 'web'), /^its own agent says: nobody listens there \(its check: answers/)
  await lab('start', VICTIM, 'web')
  await until(serves, LONGEST_MS, `${VICTIM} serves again`)
})

/** One of the operator's own, in place of the web server: it accepts nobody, and two may wait. */
function stubborn(): ChildProcess {
  const text = `import socket, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('', ${PORT})); s.listen(2); time.sleep(600)`
  return spawn('ip', ['netns', 'exec', VICTIM, 'python3', '-c', text], { stdio: 'ignore' })
}
const hex = (address: string): string =>
  address
    .split('.')
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
    .join('')
/** Of the owner's kernel, read without a process. */
async function tableOfOwner(): Promise<() => string> {
  const node = (await owner()) ?? ''
  const line = (await lab('pids', node)).split('\n').find((one) => one.split('\t')[1] === 'agent')
  const pid = line?.split('\t')[2] ?? ''
  return () => readFileSync(`/proc/${pid}/net/ip_vs`, 'utf8')
}
async function entryOf(): Promise<RegExp> {
  const { services } = await status()
  const found = services.flatMap(({ realservers }) => realservers).find(({ node }) => node === VICTIM)
  demand(found, `${VICTIM} is in a service`)
  return new RegExp(`-> +${hex(found.address)}:[0-9A-F]{4} +\\w+ +[1-9]`)
}
/** Milliseconds from now until it gets no connection any more. */
async function goneIn(table: () => string, entry: RegExp): Promise<number> {
  const began = performance.now()
  while (entry.test(table())) {
    demand(performance.now() - began < LONGEST_MS, `${VICTIM} is out`)
    await sleep(10)
  }
  return performance.now() - began
}
/** Demanded of a machine with nothing else to do. */
const SOON_MS = 1000

scenario('a server that ends, and one that accepts nobody, is out of the owner’s table within a second', async () => {
  await lab('kill', VICTIM, 'web')
  const [table, entry] = [await tableOfOwner(), await entryOf()]
  const times: Record<'ended' | 'full', number[]> = { ended: [], full: [] }
  let server = stubborn()
  try {
    for (let round = 0; round < 3; round++) {
      await until(() => entry.test(table()), LONGEST_MS, `${VICTIM} is in`)
      const vip = (await status()).groups[0]?.addresses[0] ?? ''
      const many = `import socket, time
all = []
for _ in range(60):
  one = socket.socket(); one.setblocking(False); one.connect_ex(('${vip}', ${PORT})); all.append(one)
time.sleep(15)`
      const clients = spawn('ip', ['netns', 'exec', 'client', 'python3', '-c', many], { stdio: 'ignore' })
      const isFull = async (): Promise<boolean> => /\s[3-9]\s+2\s/.test(await on(VICTIM, `ss -Hltn sport = :${PORT}`))
      await until(isFull, LONGEST_MS, 'its queue is full')
      times.full.push(await goneIn(table, entry))
      demand(/nobody accepts: 3 connections wait, and 2 may/.test((await victim()).reason), (await victim()).reason)
      clients.kill('SIGKILL')
      server.kill('SIGKILL')
      server = stubborn()
      await until(() => entry.test(table()), LONGEST_MS, `${VICTIM} is in again`)
      server.kill('SIGKILL')
      times.ended.push(await goneIn(table, entry))
      server = stubborn()
    }
  } finally {
    server.kill('SIGKILL')
    await lab('start', VICTIM, 'web')
  }
  for (const [what, all] of Object.entries(times)) {
    figure(`${what}: out of the owner's table after`, all.map((ms) => `${ms.toFixed(0)} ms`).join(', '))
    demand(
      (spread(all)?.median ?? Number.POSITIVE_INFINITY) <= SOON_MS * PACE,
      `${what}: within ${SOON_MS * PACE} ms: ${all.join(', ')}`,
    )
  }
  await until(serves, LONGEST_MS, `${VICTIM} serves again`)
})

scenario('one whose queue is full, because it hangs, is out', async () => {
  await lab('freeze', VICTIM, 'service')
  try {
    // More than its queue holds: each client waits for an answer that does not come.
    const many = `import socket, time
all = []
for _ in range(120):
  one = socket.socket(); one.setblocking(False); one.connect_ex(('VIP', 80)); all.append(one)
time.sleep(20)`
    await outAfter(async () => {
      const vip = (await status()).groups[0]?.addresses[0] ?? ''
      void on('client', `timeout 25 python3 -c "${many.replace('VIP', vip)}"`).catch(() => undefined)
    }, /^its own agent says: nobody accepts: \d+ connections wait, and \d+ may/)
  } finally {
    await lab('thaw', VICTIM, 'service')
  }
  await until(serves, LONGEST_MS, `${VICTIM} serves again`)
})

scenario('all is as it was', async () => {
  await undo()
  await whole()
})
