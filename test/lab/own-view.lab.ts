// lab: long=yes
/**
 * What realservers' own agents see, on real kernels: a check of the host alone, each ten seconds, finds out nothing of all this; own agents do.
 */
import { demand, figure, lab, NODES, on, status, until } from './harness.ts'
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
